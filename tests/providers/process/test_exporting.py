"""From an exporter to a Process beside each instance, and back to facts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.process import PROCESS, ProcessSpec
from dbaas.api.resource import LABEL_INSTANCE, Resource, build_resource
from dbaas.contracts.exporting import Exporter, ExporterFacts, exporter_login
from dbaas.contracts.provider import ClusterFacts, Instance, InstanceFacts, Port, SecretKey, ServerImage, Workload
from dbaas.providers.process.exporting import find_exporter, render_exporters
from dbaas.providers.process.provider import ProcessProvider

EXPORTER = Exporter(
    ServerImage("registry.test/exporter:1", 1, 1), 9187, exporter_login("main"), {"username": "looker"},
    ("--listen=$(METRICS_HOST):$(METRICS_PORT)",), {"FROM": "127.0.0.1:$(PORT_SQL)", "FILE": "$(PASSWORD_FILE)"},
    ("look", "old-look"), "install look",
)  # fmt: skip
SERVERS = tuple(Instance(name, ("serve",), ports=(Port("sql", 5432),)) for name in ("main", "main-2"))
WORKLOAD = Workload("engine", "18", SERVERS, SecretKey("main", "password"), "admin", exporter=EXPORTER)
PROGRAM = Path("/opt/look/bin/old-look")
KNOWN = ClusterFacts(tuple(InstanceFacts(n, True, ports={"sql": p}) for n, p in (("main", 5432), ("main-2", 5433))))


def cluster() -> Resource:
    metadata = {"name": "main", "namespace": "shop", "uid": "u-1"}
    spec = {"engine": {"type": "engine", "version": "18"}, "clusterSize": 2}
    return build_resource(DATABASE_CLUSTER, {"metadata": metadata, "spec": spec})


def render(
    facts: ClusterFacts = KNOWN, workload: Workload = WORKLOAD, program: Path | None = PROGRAM, *, stopped: bool = False
) -> list[dict[str, Any]]:
    return [*render_exporters(cluster(), workload, facts, program, stopped=stopped)]


def test_each_instance_has_one_that_logs_in_there_with_a_password_that_is_in_a_file_alone() -> None:
    rendered = render()
    assert [each["metadata"]["name"] for each in rendered] == ["main-exporter", "main-2-exporter"]
    for process, port in zip(rendered, (5432, 5433), strict=True):
        spec = ProcessSpec.model_validate(process["spec"])
        assert (spec.programs, spec.command) == ("/opt/look/bin", ["old-look", "--listen=$(HOST):$(PORT_METRICS)"])
        assert {each.name: each.value for each in spec.env} == {
            "FILE": "$(DIRECTORY)/password", "FROM": f"127.0.0.1:{port}",
        }  # fmt: skip
        (file,) = spec.files
        assert (file.path, file.content, file.on_change) == ("password", None, "restart")
        assert file.secret_key_ref is not None and file.secret_key_ref.name == "main-exporter"
        assert [(each.name, each.preferred) for each in spec.ports] == [("metrics", 9187)]
        assert spec.data_policy == "Delete"
        assert LABEL_INSTANCE not in process["metadata"]["labels"]
        assert process["metadata"]["labels"]["app.kubernetes.io/component"] == "metrics"


def test_one_waits_until_its_instance_has_a_port() -> None:
    first, second = KNOWN.instances
    assert [each["metadata"]["name"] for each in render(ClusterFacts((replace(first, ports={}), second)))] == [
        "main-2-exporter"
    ]


def test_there_is_none_where_none_is_asked_for_or_none_runs_without_containers() -> None:
    assert render(workload=replace(WORKLOAD, exporter=None)) == []
    assert render(workload=replace(WORKLOAD, exporter=replace(EXPORTER, programs=()))) == []


def test_it_is_stopped_with_the_cluster() -> None:
    assert {each["spec"]["stopped"] for each in render(stopped=True)} == {True}


def test_where_it_is_not_installed_its_process_asks_for_the_program_that_is_best() -> None:
    assert [each["spec"]["command"][0] for each in render(program=None)] == ["look", "look"]


def test_it_is_found_by_the_first_of_its_names_that_is_installed() -> None:
    found = find_exporter(replace(EXPORTER, programs=("no-such-exporter", "sh", "ls")))
    assert found is not None and found.name == "sh"
    assert find_exporter(replace(EXPORTER, programs=("no-such-exporter",))) is None


def seen(name: str, port: str, reason: str = "Serving") -> Resource:
    is_instance = port == "sql"
    condition = {
        "type": "Ready", "status": str(reason == "Serving"), "reason": reason, "message": f"{name} tells",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    labels = {LABEL_INSTANCE: name} if is_instance else {}
    status = {"host": "127.0.0.1", "ports": {port: 9000}, "conditions": [condition], "observedGeneration": 1}
    return build_resource(
        PROCESS,
        {
            "metadata": {"name": name, "namespace": "shop", "labels": labels, "generation": 1},
            "spec": {"programs": "/bin", "command": ["x"], "ports": [{"name": port, "preferred": 9000}]},
            "status": status,
        },
    )


@pytest.mark.parametrize(
    ("reason", "is_ready", "is_missing"),
    [("Serving", True, False), ("CrashBackOff", False, False), ("ProgramMissing", False, True)],
)
def test_how_it_is_is_told_by_its_instance(reason: str, is_ready: bool, is_missing: bool) -> None:
    facts = ProcessProvider().observe(cluster(), [seen("main", "sql"), seen("main-exporter", "metrics", reason)])
    assert [one.name for one in facts.instances] == ["main"]
    told = ExporterFacts("main", is_ready, "127.0.0.1:9000", "main-exporter tells", is_missing)
    assert facts.exporters == (told,)


def test_of_instances_without_one_nothing_is_told() -> None:
    assert ProcessProvider().observe(cluster(), [seen("main", "sql")]).exporters == ()
