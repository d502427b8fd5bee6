"""Several instances are upgraded one stage after another, and each stage follows from what runs and what was noted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import LABEL_INSTANCE, Resource, build_resource
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.cluster.stages import FIELD, Stage, find_stage, keep_note
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from fixtures.registries import RUNNER, GraniteServer, RunnerProvider, granite_registry, granite_spec


class Installed(GraniteServer):
    """Both versions."""

    def programs(self, version: str, *, encrypted: bool = False) -> str | None:
        return "/opt/granite"


class Labelled(RunnerProvider):
    """Its Runners say which instance they are, as those of real providers do."""

    def children(self, cluster: Any, workload: Any, server: Any) -> Any:
        found = super().children(cluster, workload, server)
        return [{**each, "metadata": _with_label(each["metadata"])} for each in found]


def _with_label(metadata: dict[str, Any]) -> dict[str, Any]:
    return {**metadata, "labels": {**metadata["labels"], LABEL_INSTANCE: metadata["name"]}}


def cluster(version: str = "2", size: int = 2, **status: Any) -> Cluster:
    body = {
        "metadata": {"name": "main", "namespace": "default", "uid": "1"},
        "spec": granite_spec(engine={"type": "granite", "version": version}, clusterSize=size),
        "status": status,
    }
    found = read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())
    return replace(found, server=Installed(), provider=Labelled())


def runner(name: str, *, ready: bool = True, shoes: str = "") -> Resource:
    metadata = {"name": name, "namespace": "default"}
    return build_resource(RUNNER, {"metadata": metadata, "spec": {"shoes": shoes}, "status": {"ready": ready}})


def stage(of: Cluster, *children: Resource) -> tuple[int, str, str]:
    """Instances and version that are wanted now, and what is noted."""
    found = find_stage(of, children)
    return len(found.cluster.workload.instances), found.cluster.workload.version, found.begins


@pytest.mark.parametrize(
    "of",
    [cluster(), cluster(currentVersion="2.3"), cluster(size=1, currentVersion="1.9"), cluster("1", currentVersion="2")],
    ids=["new", "served", "single", "older"],
)
def test_what_is_no_upgrade_of_several_has_one_stage(of: Cluster) -> None:
    assert find_stage(of, ()) == Stage(of)


@pytest.mark.parametrize(
    ("children", "begins"),
    [
        ((), ""),
        ((runner("main-0"), runner("main-1")), ""),
        ((runner("main-0", ready=False),), ""),
        ((runner("main-0", shoes="other"),), ""),
        ((runner("main-0"),), "2"),
    ],
    ids=["none", "several", "not ready", "other", "alone"],
)
def test_first_one_instance_of_the_old_version_is_left_and_then_the_upgrade_is_noted(
    children: tuple[Resource, ...], begins: str
) -> None:
    assert stage(cluster(currentVersion="1.9"), *children) == (1, "1", begins)


def test_what_is_noted_is_done_whatever_runs_until_the_new_version_has_served() -> None:
    noted = {FIELD: "2", "currentVersion": "1.9"}
    assert stage(cluster(**noted), runner("main-0", shoes="other")) == (1, "2", "")
    assert stage(cluster(**noted | {"currentVersion": "2.0"})) == (2, "2", "")
    assert keep_note(find_stage(cluster(**noted), ()).cluster) == {FIELD: "2"}
    assert keep_note(cluster(**noted | {"currentVersion": "2.0"})) == {}


def test_whoever_wants_the_old_version_back_gets_all_instances_and_no_note() -> None:
    back = cluster("1", **{FIELD: "2", "currentVersion": "1.9"})
    assert stage(back) == (2, "1", "")
    assert keep_note(back) == {}


def test_the_cluster_is_not_ready_before_the_last_stage_is_over() -> None:
    ready = Outcome((Condition("Ready", "True", "Ready", "the cluster serves"),), {"a": 1}, "Ready")
    told = find_stage(cluster(currentVersion="1.9"), (runner("main-0"),)).tell(ready)
    assert (told.phase, told.conditions[0].status, told.conditions[0].reason) == ("Upgrading", "False", "Upgrading")
    assert (told.status, told.requeue_after is not None) == ({"a": 1, FIELD: "2"}, True)
    upgraded = find_stage(cluster(**{FIELD: "2", "currentVersion": "1.9"}), ())
    pauses = {version: upgraded.tell(replace(ready, status={"currentVersion": version})) for version in ("1.9", "2.0")}
    assert [version for version, each in pauses.items() if each.requeue_after is not None] == ["2.0"]
    assert find_stage(cluster(), ()).tell(ready) == ready
    failing = Outcome((Condition("Ready", "False", "CrashLoop", "it crashed"),))
    (condition,) = find_stage(cluster(currentVersion="1.9"), ()).tell(failing).conditions
    assert (condition.reason, condition.message.partition(";")[0]) == ("CrashLoop", "it crashed")
