"""Several instances are upgraded one stage after another, and each stage follows from what runs and what was noted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.resource import LABEL_INSTANCE, Resource, build_resource
from dbaas.contracts.provider import InstanceFacts
from dbaas.contracts.reconcile import Condition, Outcome, Refused
from dbaas.controllers.cluster.stages import (
    FAILED_FIELD,
    FIELD,
    Stage,
    find_failure,
    find_stage,
    hinder,
    keep_note,
    note_failure,
)
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from dbaas.core.clock import EPOCH
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


WINDOW = {"windows": [{"dayOfWeek": 0, "startTime": "12:00", "duration": "1h"}]}  # not on the day of EPOCH


def cluster(
    version: str = "2", size: int = 2, maintenance: dict[str, Any] | None = None, generation: int = 1, **status: Any
) -> Cluster:
    more = {"maintenance": maintenance} if maintenance else {}
    body = {
        "metadata": {"name": "main", "namespace": "default", "uid": "1", "generation": generation},
        "spec": granite_spec(engine={"type": "granite", "version": version}, clusterSize=size, **more),
        "status": status,
    }
    found = read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())
    return replace(found, server=Installed(), provider=Labelled())


def runner(name: str, *, ready: bool = True, shoes: str = "") -> Resource:
    metadata = {"name": name, "namespace": "default"}
    return build_resource(RUNNER, {"metadata": metadata, "spec": {"shoes": shoes}, "status": {"ready": ready}})


def stage(of: Cluster, *children: Resource) -> tuple[int, str, str]:
    """Instances and version that are wanted now, and what is noted."""
    found = find_stage(of, children, EPOCH)
    return len(found.cluster.workload.instances), found.cluster.workload.version, found.begins


@pytest.mark.parametrize(
    "of",
    [cluster(), cluster(currentVersion="2.3"), cluster(size=1, currentVersion="1.9"), cluster("1", currentVersion="2")],
    ids=["new", "served", "single", "older"],
)
def test_what_is_no_upgrade_of_several_has_one_stage(of: Cluster) -> None:
    assert find_stage(of, (), EPOCH) == Stage(of)


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
    assert keep_note(find_stage(cluster(**noted), (), EPOCH).cluster) == {FIELD: "2"}
    assert keep_note(cluster(**noted | {"currentVersion": "2.0"})) == {}


def test_whoever_wants_the_old_version_back_gets_all_instances_and_no_note() -> None:
    back = cluster("1", **{FIELD: "2", "currentVersion": "1.9"})
    assert stage(back) == (2, "1", "")
    assert keep_note(back) == {}


def test_the_cluster_is_not_ready_before_the_last_stage_is_over() -> None:
    ready = Outcome((Condition("Ready", "True", "Ready", "the cluster serves"),), {"a": 1}, "Ready")
    told = find_stage(cluster(currentVersion="1.9"), (runner("main-0"),), EPOCH).tell(ready)
    assert (told.phase, told.conditions[0].status, told.conditions[0].reason) == ("Upgrading", "False", "Upgrading")
    assert (told.status, told.requeue_after is not None) == ({"a": 1, FIELD: "2"}, True)
    upgraded = find_stage(cluster(**{FIELD: "2", "currentVersion": "1.9"}), (), EPOCH)
    pauses = {version: upgraded.tell(replace(ready, status={"currentVersion": version})) for version in ("1.9", "2.0")}
    assert [version for version, each in pauses.items() if each.requeue_after is not None] == ["2.0"]
    assert find_stage(cluster(), (), EPOCH).tell(ready) == ready
    failing = Outcome((Condition("Ready", "False", "CrashLoop", "it crashed"),))
    (condition,) = find_stage(cluster(currentVersion="1.9"), (), EPOCH).tell(failing).conditions
    assert (condition.reason, condition.message.partition(";")[0]) == ("CrashLoop", "it crashed")


class InPods(Labelled):
    """Where nobody asks a server but we."""

    runs_on = "kubernetes"


def in_pods(**more: Any) -> Cluster:
    return replace(cluster(currentVersion="1.9", **more), provider=InPods())


READY = Outcome((Condition("Ready", "True", "Ready", "the cluster serves"),), {"a": 1}, "Ready")
FAILED = InstanceFacts("main-0", False, reason="UpgradeFailed", message="it has slots", wants_back=True)


def test_several_wait_for_the_window_as_they_are_and_for_none_when_it_has_begun() -> None:
    both = (runner("main-0"), runner("main-1"))
    waiting = find_stage(cluster(maintenance=WINDOW, currentVersion="1.9"), both, EPOCH)
    assert [each.change for each in waiting.waits] == ["restart of main for version 2 instead of 1"]
    assert (len(waiting.cluster.workload.instances), waiting.cluster.workload.version) == (2, "1")
    begun = find_stage(cluster(maintenance=WINDOW, currentVersion="1.9"), both[:1], EPOCH)
    assert (begun.begins, begun.waits, begun.cluster.spec.maintenance) == ("2", (), None)


def test_a_server_is_asked_before_it_ends_and_by_nobody_twice() -> None:
    both = (runner("main-0"), runner("main-1"))
    alone = find_stage(in_pods(size=1), (), EPOCH)
    assert (alone.may_end, alone.tell(READY).phase) == ("1", "Upgrading")
    assert find_stage(in_pods(size=1, maintenance=WINDOW), (), EPOCH).may_end == ""
    assert find_stage(cluster(size=1, currentVersion="1.9"), (), EPOCH).may_end == "", "its agent asks"
    assert [find_stage(cluster(currentVersion="1.9"), each, EPOCH).may_end for each in (both, both[:1])] == ["1", ""]


def test_what_hinders_it_leaves_the_old_version_and_is_told_when_that_serves() -> None:
    stage = hinder(in_pods(), "1", "main: it has slots")
    assert (len(stage.cluster.workload.instances), stage.cluster.workload.version) == (2, "1")
    with pytest.raises(Refused, match="main: it has slots") as caught:
        stage.tell(READY)
    assert (caught.value.reason, caught.value.status, caught.value.requeue_after) == ("UpgradeFailed", {"a": 1}, 60)
    starting = Outcome((Condition("Ready", "False", "Pending", "it starts"),))
    assert stage.tell(starting).conditions[0].message == "it starts; main: it has slots"


@pytest.mark.parametrize("size", [1, 2])
def test_what_has_failed_is_noted_and_not_tried_again_before_the_spec_changes(size: int) -> None:
    noted = note_failure(in_pods(size=size), {"a": 1}, FAILED)
    assert (noted.phase, noted.conditions[0].reason, noted.status["a"]) == ("Upgrading", "Upgrading", 1)
    note = {FAILED_FIELD: noted.status[FAILED_FIELD], FIELD: "2"}
    again = in_pods(size=size)
    again = replace(again, resource=cluster(size=size, currentVersion="1.9", **note).resource)
    stage = find_stage(again, (), EPOCH)
    assert (len(stage.cluster.workload.instances), stage.cluster.workload.version) == (size, "1")
    assert (stage.hindered, stage.may_end) == ("main-0: it has slots", "")
    assert keep_note(stage.cluster) == {FAILED_FIELD: note[FAILED_FIELD]}
    assert note_failure(stage.cluster, {}, FAILED).requeue_after == 5
    assert FAILED_FIELD not in note_failure(cluster("1", size, currentVersion="1.9"), {}, FAILED).status
    changed = cluster(size=size, generation=2, currentVersion="1.9", **note)
    assert find_failure(changed) == "" and FAILED_FIELD not in keep_note(changed)
