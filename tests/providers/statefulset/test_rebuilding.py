"""One instance on Kubernetes whose volume is made anew."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, PERSISTENT_VOLUME_CLAIM, POD, STATEFUL_SET
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.contracts.action import Move, Task
from dbaas.contracts.reconcile import Refused
from dbaas.providers.statefulset.rebuilding import REBUILT, rebuild

TASK = Task("op-1", "main-2")
READY = {"observedGeneration": 2, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}


def there(kind: Kind, name: str, *, instance: str = "", role: str = "", **more: Any) -> Resource:
    labels = {name: value for name, value in (("dbaas.io/instance", instance), ("dbaas.io/role", role)) if value}
    metadata = {"name": name, "namespace": "shop", "labels": labels, "generation": 2, **more.pop("metadata", {})}
    return build_resource(kind, {"metadata": metadata, **more})


def world(
    mark: str = "", status: dict[str, Any] | None = None, state: str = "streaming", **claim: str
) -> list[Resource]:
    """Two instances, of which main-2 is made anew."""
    template = {"metadata": {"annotations": {REBUILT: mark} if mark else {}}}
    says = {"annotations": {"status": json.dumps({"replication_state": state, "timeline": 1})}}
    first = {"annotations": {"status": '{"timeline": 1}'}}
    return [
        there(CONFIG_MAP, "main-leader", metadata={"annotations": {"leader": "main-0"}}),
        there(POD, "main-0", instance="main", role="primary", metadata=first),
        there(POD, "main-2-0", instance="main-2", role="replica", metadata=says),
        there(PERSISTENT_VOLUME_CLAIM, "data-main-2-0", instance="main-2", metadata=claim),
        there(STATEFUL_SET, "main-2", instance="main-2", spec={"template": template}, status=status or {}),
    ]


def move(children: list[Resource]) -> Move:
    return rebuild(declare(), TASK, children)


def test_the_volume_goes_and_then_the_pod_that_holds_it() -> None:
    claim, pod = move(world()).writes
    assert (claim.there.kind, claim.patch) == (PERSISTENT_VOLUME_CLAIM, None)
    assert pod.there.kind == STATEFUL_SET
    assert pod.patch == {"spec": {"template": {"metadata": {"annotations": {REBUILT: "op-1"}}}}}
    assert len(move(world("op-0")).writes) == 2


def test_after_a_crash_in_between_only_the_rest_is_done() -> None:
    (write,) = move(world(deletionTimestamp="2026-01-01T00:00:00Z")).writes
    assert write.there.kind == STATEFUL_SET
    assert move(world("op-1")) == Move(waits="main-2 is copied")


@pytest.mark.parametrize(
    ("status", "state", "is_done"),
    [
        (READY, "streaming", True), ({**READY, "observedGeneration": 1}, "streaming", False),
        ({**READY, "readyReplicas": 0}, "streaming", False), ({**READY, "updateRevision": "b"}, "streaming", False),
        (READY, "", False),
    ],
)  # fmt: skip
def test_it_is_done_when_the_new_pod_serves_and_follows(status: dict[str, Any], state: str, is_done: bool) -> None:
    assert move(world("op-1", status, state)).is_done is is_done


def test_one_that_is_not_made_yet_is_waited_for() -> None:
    assert move(world()[:-1]) == Move(waits="main-2 is made", has_begun=False)
    assert not move(world()[1:]).writes


def test_the_primary_is_refused() -> None:
    with pytest.raises(Refused, match="main is the primary"):
        rebuild(declare(), Task("op-1", "main"), world())
