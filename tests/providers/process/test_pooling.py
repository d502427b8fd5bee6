"""From a pooler to a Process, and back to facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.process import PROCESS, ProcessSpec
from dbaas.api.resource import LABEL_INSTANCE, Resource, build_resource
from dbaas.contracts.pooling import SERVER_HOST, SERVER_PORT, Pooler, PoolerFacts, pooler_login
from dbaas.contracts.provider import ClusterFacts, File, Instance, Port, SecretKey, ServerImage, Workload
from dbaas.providers.process.pooling import describe_pooler, render_pooler
from dbaas.providers.process.provider import ProcessProvider

FILE = File("pool.conf", content=f"{SERVER_HOST}:{SERVER_PORT}", on_change="reload")
INSTANCE = Instance("main-pooler", ("/bin/sh", "-c", "exec pool"), files=(FILE,), ports=(Port("pool", 6432),))
POOLER = Pooler(INSTANCE, "pool", pooler_login("main"), {"username": "pool"}, ServerImage("registry.test/pool:1", 1, 1))
ONE = (Instance("main", ("serve",), ports=(Port("sql", 5432),)),)
WORKLOAD = Workload("engine", "18", ONE, SecretKey("main", "password"), "admin", pooler=POOLER)
PROGRAM = Path("/opt/pool/bin/pool")


def cluster(endpoint: str = "") -> Resource:
    metadata = {"name": "main", "namespace": "shop", "uid": "u-1"}
    spec = {"engine": {"type": "engine", "version": "18"}, "clusterSize": 1}
    body = {"metadata": metadata, "spec": spec, "status": {"endpoint": endpoint} if endpoint else {}}
    return build_resource(DATABASE_CLUSTER, body)


NOTHING = ClusterFacts()


def render(
    facts: ClusterFacts = NOTHING, endpoint: str = "", program: Path | None = PROGRAM, *, stopped: bool = False
) -> list[dict[str, Any]]:
    return [*render_pooler(cluster(endpoint), WORKLOAD, facts, program, stopped=stopped)]


@pytest.mark.parametrize(
    ("facts", "endpoint", "leads_to"),
    [
        (ClusterFacts(host="127.0.0.1", port=5432), "", "127.0.0.1:5432"),
        (ClusterFacts(), "127.0.0.1:7432", "127.0.0.1:7432"),
        (ClusterFacts(host="127.0.0.1", port=5433), "127.0.0.1:7432", "127.0.0.1:5433"),
    ],
    ids=["known by its instance", "known from before", "moved"],
)
def test_it_leads_to_the_one_that_takes_writes(facts: ClusterFacts, endpoint: str, leads_to: str) -> None:
    (process,) = render(facts, endpoint)
    spec = ProcessSpec.model_validate(process["spec"])
    assert process["metadata"]["name"] == "main-pooler"
    assert LABEL_INSTANCE not in process["metadata"]["labels"]
    assert [(file.content, file.on_change) for file in spec.files] == [(leads_to, "reload")]
    assert spec.programs == "/opt/pool/bin"


def test_it_does_not_run_before_there_is_anything_to_lead_to_nor_while_the_cluster_is_stopped() -> None:
    assert render() == []
    (process,) = render(endpoint="127.0.0.1:7432", stopped=True)
    assert process["spec"]["stopped"]


def test_where_its_program_is_not_installed_its_own_command_is_to_say_so() -> None:
    (process,) = render(endpoint="127.0.0.1:7432", program=None)
    assert process["spec"]["command"] == list(INSTANCE.command)
    assert process["spec"]["programs"] == "/usr/sbin"


def seen(name: str, *, ready: bool, instance: bool = False) -> Resource:
    labels = {LABEL_INSTANCE: name} if instance else {}
    condition = {
        "type": "Ready",
        "status": str(ready),
        "reason": "Told",
        "message": f"{name} tells",
        "lastTransitionTime": "2026-01-01T00:00:00Z",
    }
    status = {
        "host": "127.0.0.1",
        "ports": {"pool": 6432, "sql": 5432},
        "conditions": [condition],
        "observedGeneration": 1,
    }
    ports = [{"name": "sql" if instance else "pool", "preferred": 5432}]
    return build_resource(
        PROCESS,
        {
            "metadata": {"name": name, "namespace": "shop", "labels": labels, "generation": 1},
            "spec": {"programs": "/bin", "command": ["x"], "ports": ports},
            "status": status,
        },
    )


@pytest.mark.parametrize("ready", [True, False])
def test_how_it_is_is_told_apart_from_how_the_instances_are(ready: bool) -> None:
    facts = ProcessProvider().observe(
        cluster(), [seen("main", ready=True, instance=True), seen("main-pooler", ready=ready)]
    )
    assert [one.name for one in facts.instances] == ["main"]
    assert (facts.host, facts.port) == ("127.0.0.1", 5432)
    assert facts.pooler == PoolerFacts(1, int(ready), "127.0.0.1:6432", "main-pooler tells")


def test_one_that_is_not_there_is_told_as_nothing() -> None:
    assert describe_pooler(None) is None
