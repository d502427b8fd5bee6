"""Who is started anew in place, in which order and how often."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.contracts.action import Call, Move, Task
from dbaas.manifests.settling import ATTEMPT, find_control, settle

REASON = {"max_connections": {"old_value": "100", "new_value": "50"}}


ADDRESSES = {"main": "10.0.0.1", "main-2": "10.0.0.2", "main-3": "10.0.0.3"}


def there(kind: Kind, name: str, labels: dict[str, str], annotations: dict[str, str], **status: object) -> Resource:
    metadata = {"name": name, "namespace": "shop", "labels": labels, "annotations": annotations}
    return build_resource(kind, {"metadata": metadata, "status": status})


def pod(name: str, role: str, *, settled: str = "", waits: bool = True, timeline: int = 1) -> Resource:
    said: dict[str, Any] = {"timeline": timeline, "api_url": f"http://{ADDRESSES[name]}:8008/patroni"}
    said |= {"replication_state": "streaming"} if role == "replica" else {}
    said |= {"pending_restart_reason": REASON} if waits else {}
    annotations = {"status": json.dumps(said), **({ATTEMPT: settled} if settled else {})}
    labels = {"dbaas.io/instance": name, "dbaas.io/role": role}
    return there(POD, f"{name}-0", labels, annotations, podIP=ADDRESSES[name])


def move(*pods: Resource, mark: str = "7.100") -> Move:
    leader = there(CONFIG_MAP, "main-leader", {}, {"leader": "main-2-0"})
    return settle(declare(), Task(mark), [*pods, leader])


def test_the_primary_comes_first_and_is_marked_before_it_is_asked() -> None:
    found = move(pod("main", "replica"), pod("main-2", "primary"))
    assert found.calls == [Call("http://10.0.0.2:8008/restart", {"restart_pending": True})]
    (write,) = found.writes
    assert (write.there.metadata.name, write.patch) == (
        "main-2-0", {"metadata": {"annotations": {ATTEMPT: "7.100.1"}}},
    )  # fmt: skip
    assert found.waits == "main-2 is started anew for max_connections"


def test_then_come_the_replicas_once_they_follow_again() -> None:
    primary = pod("main-2", "primary", settled="7.100.1", waits=False)
    late = move(primary, pod("main", "replica", timeline=0))
    assert (late.calls, late.waits) == ((), "main does not follow main-2 yet")
    assert [call.url for call in move(primary, pod("main", "replica")).calls] == ["http://10.0.0.1:8008/restart"]
    assert move(primary, pod("main", "replica", waits=False)).is_done


@pytest.mark.parametrize(
    ("settled", "is_asked", "waits"),
    [("7.100.1", False, True), ("7.99.1", True, True), ("7.99.3", False, False), ("6.99.3", True, True)],
    ids=["asked for this task", "asked before", "asked often enough", "asked for something else"],
)
def test_each_is_asked_once_for_a_task_and_a_few_times_in_all(settled: str, is_asked: bool, waits: bool) -> None:
    found = move(pod("main", "replica", waits=False), pod("main-2", "primary", settled=settled))
    assert (bool(found.calls), bool(found.waits)) == (is_asked, waits)


@pytest.mark.parametrize(
    ("said", "own", "found"),
    [
        ("http://10.0.0.2:8008/patroni", "10.0.0.2", "http://10.0.0.2:8008"),
        ("http://[fd00::2]:8008/patroni", "fd00:0::2", "http://[fd00::2]:8008"),
        ("http://127.0.0.1:4711/patroni", "", "http://127.0.0.1:4711"),
        ("http://10.0.0.9:8008/patroni", "10.0.0.2", ""),
        ("http://10.0.0.2:8008/patroni", "", ""),
        ("http://127.0.0.1:8008/patroni", "10.0.0.2", ""),
        ("http://10.0.0.2@evil.test:8008/patroni", "10.0.0.2", ""),
        ("http://evil.test@10.0.0.2:8008/patroni", "10.0.0.2", ""),
        ("http://10.0.0.2/patroni", "10.0.0.2", ""),
        ("http://10.0.0.2:x/patroni", "10.0.0.2", ""),
        ("", "10.0.0.2", ""),
    ],
)
def test_the_password_goes_to_no_address_but_its_own(said: str, own: str, found: str) -> None:
    status = {"podIP": own} if own else {}
    assert find_control(there(POD, "main-2-0", {}, {"status": json.dumps({"api_url": said})}, **status)) == found


def test_one_that_names_another_place_is_told_and_not_asked() -> None:
    stray = there(
        POD, "main-2-0", {"dbaas.io/instance": "main-2", "dbaas.io/role": "primary"},
        pod("main-2", "primary").metadata.annotations, podIP="10.0.0.7",
    )  # fmt: skip
    found = move(stray)
    assert (found.writes, found.calls) == ((), ())
    assert found.waits == "main-2 must be started anew, and says no address of its own to ask it at"
