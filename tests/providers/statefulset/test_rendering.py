"""Rendered children: whole ones in golden files, and what a change of the cluster changes in them.

DBAAS_WRITE_GOLDEN=1 writes the files anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.provider import MEMBER_WORKLOAD, SERVER_INSTANCE, SERVER_WORKLOAD, InstalledServer, declare
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.monitoring import MonitoringConfigSpec
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.exporting import Exporter
from dbaas.contracts.provider import File, Init, NotProvided, SecretKey, ServerImage, Workload
from dbaas.contracts.registry import find_registry
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.providers.statefulset.provider import StatefulSetProvider
from dbaas.providers.statefulset.rendering import CHECKSUM, RESTARTED_AT

ROOT = Path(__file__).parents[3]
GOLDEN = ROOT / "tests" / "golden" / "statefulset"
SAMPLES = [*sorted((ROOT / "samples").glob("*/*.yaml")), *sorted(Path(__file__).parent.glob("manifests/*.yaml"))]


class _Texts(yaml.SafeDumper):
    """Texts of several lines as blocks, so that scripts can be read; nothing is an anchor."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Texts.add_representer(str, _write_text)


def clusters() -> dict[str, Resource]:
    """Every cluster of the samples and of the manifests beside this file, by the name of its golden file."""
    found = {}
    for sample in SAMPLES:
        for body in yaml.safe_load_all(sample.read_text()):
            if body and body["kind"] == DATABASE_CLUSTER.kind and body["apiVersion"] == DATABASE_CLUSTER.api_version:
                body["metadata"] |= {"namespace": "default", "uid": "uid-of-the-cluster"}
                name = f"{sample.parent.name}-{sample.stem}-{body['metadata']['name']}"
                found[name] = build_resource(DATABASE_CLUSTER, body)
    return found


CLUSTERS = clusters()
WITH_MEMBERS = {
    "type": "postgres", "provider": "statefulset", "supportedVersions": ["18"],
    "images": [{"version": "18", "image": "registry.test/postgres-with-patroni:18"}],
}  # fmt: skip
"""Of a DatabaseEngine: for several instances nobody knows an image by himself."""


@pytest.mark.parametrize("name", CLUSTERS)
def test_the_children_of_every_sample_are_as_written_down(name: str) -> None:
    entry = WITH_MEMBERS if CLUSTERS[name].spec["clusterSize"] > 1 else {}
    cluster = read_cluster(CLUSTERS[name], find_registry("kubernetes"), entry)
    bodies = cluster.provider.children(cluster.resource, cluster.workload, cluster.server)
    rendered = yaml.dump_all([dict(body) for body in bodies], Dumper=_Texts, sort_keys=False, width=120)
    file = GOLDEN / f"{name}.yaml"
    if os.environ.get("DBAAS_WRITE_GOLDEN"):
        file.write_text(rendered)
    assert rendered == file.read_text()


def test_every_golden_file_has_its_sample() -> None:
    assert {file.stem for file in GOLDEN.iterdir()} == set(CLUSTERS)


def stateful_set(workload: Workload = SERVER_WORKLOAD, **spec: Any) -> dict[str, Any]:
    bodies = StatefulSetProvider().children(declare(**spec), workload, InstalledServer())
    (found,) = [dict(body) for body in bodies if body["kind"] == "StatefulSet"]
    return found


def checksum(workload: Workload = SERVER_WORKLOAD) -> object:
    return stateful_set(workload)["spec"]["template"]["metadata"]["annotations"][CHECKSUM]


def with_file(path: str, content: str) -> Workload:
    files = tuple(
        File(path, content, on_change=file.on_change) if file.path == path else file for file in SERVER_INSTANCE.files
    )
    return replace(SERVER_WORKLOAD, instances=(replace(SERVER_INSTANCE, files=files),))


def test_only_what_a_server_cannot_read_again_replaces_its_pod() -> None:
    assert checksum(with_file("quick.conf", "b = 2\n")) == checksum()
    assert checksum(with_file("slow.conf", "a = 2\n")) != checksum()


def test_another_command_replaces_the_pod() -> None:
    other = replace(SERVER_WORKLOAD, instances=(replace(SERVER_INSTANCE, command=("serve", "otherwise")),))
    assert checksum(other) != checksum()


def test_a_restart_that_was_asked_for_replaces_the_pod() -> None:
    asked = stateful_set(restartedAt="2026-01-01T00:00:00Z")["spec"]["template"]["metadata"]["annotations"]
    before = stateful_set()["spec"]["template"]["metadata"]["annotations"]
    assert asked == {**before, RESTARTED_AT: "2026-01-01T00:00:00Z"}


def test_a_stopped_cluster_has_no_pod() -> None:
    assert stateful_set(stopped=True)["spec"]["replicas"] == 0
    assert stateful_set()["spec"]["replicas"] == 1


@pytest.mark.parametrize(("policy", "owned"), [("Retain", False), ("Delete", True)])
def test_a_claim_belongs_to_the_cluster_only_where_it_goes_with_it(policy: str, owned: bool) -> None:
    bodies = StatefulSetProvider().children(declare(deletionPolicy=policy), SERVER_WORKLOAD, InstalledServer())
    (claim,) = [body for body in bodies if body["kind"] == "PersistentVolumeClaim"]
    assert ("ownerReferences" in claim["metadata"]) is owned


def test_a_larger_volume_changes_nothing_but_its_claim() -> None:
    before = StatefulSetProvider().children(declare(), SERVER_WORKLOAD, InstalledServer())
    after = StatefulSetProvider().children(declare(storage={"size": "99Gi"}), SERVER_WORKLOAD, InstalledServer())
    changed = [b["kind"] for a, b in zip(before, after, strict=True) if a != b]
    assert changed == ["PersistentVolumeClaim"]


def watched(**config: Any) -> Workload:
    """With an exporter, and an agent where there is a config."""
    exporter = Exporter(ServerImage("registry.test/exporter:1", 1, 1), 9000, SecretKey("x", "password"), {})
    told = MonitoringConfigSpec.model_validate(config) if config else None
    return replace(SERVER_WORKLOAD, exporter=exporter, monitoring=told)


def metrics_services(workload: Workload) -> list[dict[str, Any]]:
    bodies = StatefulSetProvider().children(declare(), workload, InstalledServer())
    return [dict(body) for body in bodies if body["metadata"]["name"] == "main-metrics"]


@pytest.mark.parametrize(
    "config",
    [
        {"type": "prometheus"},
        {"type": "prometheus", "prometheus": {"serviceMonitorEnabled": False, "additionalLabels": {"a": "b"}}},
        {"type": "datadog", "datadog": {"tags": ["env:prod"]}},
        {"type": "newrelic", "newrelic": {"tags": ["env:prod"]}},
    ],
    ids=str,
)
def test_what_an_agent_that_scrapes_is_told_replaces_no_pod(config: dict[str, Any]) -> None:
    (service,) = metrics_services(watched(**config))
    assert service["spec"]["ports"][0]["targetPort"] == "metrics"
    assert stateful_set(watched(**config)) == stateful_set(watched())
    assert metrics_services(watched()) == []


def test_a_client_of_pmm_runs_beside_the_server_with_room_of_its_own() -> None:
    workload = watched(type="pmm", pmm={"serverHost": "pmm.test"})
    pod = stateful_set(workload)["spec"]["template"]["spec"]
    assert [each["name"] for each in pod["containers"]] == ["server", "exporter", "pmm-client"]
    (mount,) = pod["containers"][-1]["volumeMounts"]
    assert mount["name"] in {volume["name"] for volume in pod["volumes"]}
    assert metrics_services(workload) == []


def test_without_an_exporter_no_agent_is_told_anything() -> None:
    for config in ({"type": "pmm", "pmm": {"serverHost": "pmm.test"}}, {"type": "datadog"}):
        alone = replace(watched(**config), exporter=None)
        assert stateful_set(alone) == stateful_set()
        assert metrics_services(alone) == []


def members(**told: Any) -> dict[tuple[str, str], dict[str, Any]]:
    body = declare(clusterSize=3).body()
    cluster = build_resource(DATABASE_CLUSTER, {**body, "status": told})
    bodies = StatefulSetProvider().children(cluster, MEMBER_WORKLOAD, InstalledServer())
    return {(body["kind"], body["metadata"]["name"]): dict(body) for body in bodies}


def test_only_a_single_instance_is_told_what_it_is() -> None:
    template = stateful_set()["spec"]["template"]["metadata"]["labels"]
    assert template["dbaas.io/role"] == "primary"
    for name in ("main", "main-2", "main-3"):
        labels = members()["StatefulSet", name]["spec"]["template"]["metadata"]["labels"]
        assert "dbaas.io/role" not in labels


def test_several_have_rights_and_a_budget_and_their_clients_see_no_private_port() -> None:
    made = members()
    assert {("ServiceAccount", "main-members"), ("Role", "main-members"), ("RoleBinding", "main-members")} <= set(made)
    assert ("PodDisruptionBudget", "main") in made
    for which, ports in (("rw", ["main"]), ("ro", ["main"]), ("r", ["main"]), ("pods", ["main", "control"])):
        assert [port["name"] for port in made["Service", f"main-{which}"]["spec"]["ports"]] == ports


def test_that_an_instance_is_no_newcomer_any_more_replaces_no_pod() -> None:
    one = {"database": {"instances": 1, "roles": {"main": "primary"}}}
    before, after = members(**one), members()
    assert ".left-" in before["ConfigMap", "main-2-files"]["data"]["init"]
    assert ".left-" not in after["ConfigMap", "main-2-files"]["data"]["init"]
    assert ".left-" not in before["ConfigMap", "main-files"]["data"]["init"]
    for name in ("main", "main-2"):
        assert before["StatefulSet", name] == after["StatefulSet", name]


@pytest.mark.parametrize(
    ("identity", "annotations", "is_kept"),
    [("", {}, False), ("7412", {}, True), ("7412", {"dbaas.io/allow-destructive": "true"}, False)],
)
def test_what_a_single_server_has_served_is_not_made_anew_unless_that_is_allowed(
    identity: str, annotations: dict[str, str], is_kept: bool
) -> None:
    step = Init(("make", "$(CREATES)"), "data", once=True)
    workload = replace(SERVER_WORKLOAD, instances=(replace(SERVER_INSTANCE, init=(step,)),))
    body = declare().body()
    body = {**body, "metadata": {**body["metadata"], "annotations": annotations}, "status": {"identity": identity}}
    cluster = build_resource(DATABASE_CLUSTER, body)
    made = {each["kind"]: dict(each) for each in StatefulSetProvider().children(cluster, workload, InstalledServer())}
    assert ("DataMissing" in made["ConfigMap"]["data"]["init"]) is is_kept
    assert made["StatefulSet"] == stateful_set(workload), "a server must not be started anew for it"


def test_without_an_image_it_is_said_what_must_be_in_it() -> None:
    for workload, needed in ((SERVER_WORKLOAD, "engine 18: name"), (MEMBER_WORKLOAD, "engine 18 with member in it")):
        with pytest.raises(NotProvided, match=needed):
            StatefulSetProvider().children(declare(), replace(workload, image=None), InstalledServer())
