"""One instance on the laptop whose data is made anew."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.process import PROCESS
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.contracts.action import Move, Task
from dbaas.contracts.reconcile import Refused
from dbaas.providers.process.rebuilding import rebuild

TASK = Task("op-1", "main-2")
READY = {"observedGeneration": 2, "conditions": [{"type": "Ready", "status": "True"}]}


def there(kind: Kind, name: str, *, labels: dict[str, str] | None = None, **more: Any) -> Resource:
    annotations = more.pop("annotations", {})
    metadata = {"name": name, "namespace": "shop", "labels": labels or {}, "annotations": annotations, "generation": 2}
    return build_resource(kind, {"metadata": metadata, **more})


def world(mark: str = "", status: dict[str, Any] | None = None, state: str = "streaming") -> list[Resource]:
    """Two instances, of which main-2 is made anew."""
    mine = {"dbaas.io/instance": "main-2"}
    says = {"status": json.dumps({"replication_state": state, "timeline": 1})}
    spec = {"programs": "/x", "command": ["run"], **({"dataMark": mark} if mark else {})}
    return [
        there(CONFIG_MAP, "main-leader", annotations={"leader": "main"}),
        there(POD, "main", labels={"dbaas.io/role": "primary"}, annotations={"status": '{"timeline": 1}'}),
        there(POD, "main-2", labels={**mine, "dbaas.io/role": "replica"}, annotations=says),
        there(PROCESS, "main-2", labels=mine, spec=spec, status=status or {}),
    ]


def move(children: list[Resource]) -> Move:
    return rebuild(declare(), TASK, children)


def test_its_process_is_told_once() -> None:
    (write,) = move(world()).writes
    assert (write.there.kind, write.patch) == (PROCESS, {"spec": {"dataMark": "op-1"}})
    assert move(world("op-0")).writes
    assert move(world("op-1")) == Move(waits="main-2 is copied")


@pytest.mark.parametrize(
    ("status", "state", "is_done"),
    [
        (READY, "streaming", True),
        ({**READY, "observedGeneration": 1}, "streaming", False),
        ({**READY, "conditions": [{"type": "Ready", "status": "False"}]}, "streaming", False),
        (READY, "", False),
    ],
)
def test_it_is_done_when_it_serves_since_then_and_follows(status: dict[str, Any], state: str, is_done: bool) -> None:
    assert move(world("op-1", status, state)).is_done is is_done


def test_one_that_is_not_made_yet_is_waited_for() -> None:
    assert move(world()[:-1]) == Move(waits="main-2 is made", has_begun=False)
    assert not move(world()[1:]).writes


def test_the_primary_is_refused() -> None:
    with pytest.raises(Refused, match="switch over to another instance first"):
        rebuild(declare(), Task("op-1", "main"), world())
