"""How several instances are asked to hand over, and how it is known that they have, or will not."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.contracts.action import Move, Task
from dbaas.contracts.reconcile import Refused
from dbaas.manifests.switching import FORMER, hand_over, take_back

TASK = Task("op-1", "main-2")
ANY = Task("op-1")
MARK = "dbaas.io/operation"


def there(kind: Kind, name: str, labels: dict[str, str], annotations: dict[str, str]) -> Resource:
    metadata = {"name": name, "namespace": "shop", "labels": labels, "annotations": annotations}
    return build_resource(kind, {"metadata": metadata})


def pod(name: str, role: str, **said: Any) -> Resource:
    """As on Kubernetes, where the members know each other by other names than people know the instances."""
    labels = {"dbaas.io/instance": name, **({"dbaas.io/role": role} if role else {})}
    return there(POD, f"{name}-0", labels, {"status": json.dumps(said)})


def note(name: str, **annotations: str) -> Resource:
    return there(CONFIG_MAP, f"main-{name}", {}, annotations)


def members(primary: str = "main", timeline: int = 1, **differently: Any) -> list[Resource]:
    """Three; `differently` is what main-3 says other than that it follows."""
    follows = {"replication_state": "streaming", "timeline": timeline, "xlog_location": 1000}
    found = []
    for name in ("main", "main-2", "main-3"):
        if name == primary:
            found.append(pod(name, "primary", timeline=timeline, xlog_location=1000))
        else:
            found.append(pod(name, "replica", **{**follows, **(differently if name == "main-3" else {})}))
    return found


def world(
    *peers: Resource, leader: str = "main", config: str = "{}", sync: str = "", **failover: str
) -> list[Resource]:
    locked = {"leader": f"{leader}-0"} if leader else {}
    notes = [note("leader", **locked), note("config", config=config), note("sync", sync_standby=sync)]
    asked = {"leader": failover.pop("asks")} if "asks" in failover else {}
    return [*(peers or members()), *notes, note("failover", **failover, **asked)]


def move(task: Task, children: Sequence[Resource]) -> Move:
    return hand_over(declare(), task, children)


def refusal(task: Task, children: Sequence[Resource]) -> tuple[str, str]:
    with pytest.raises(Refused) as caught:
        move(task, children)
    return caught.value.reason, caught.value.message


@pytest.mark.parametrize(("task", "candidate"), [(TASK, "main-2-0"), (ANY, None)])
def test_it_is_asked_for_once_by_a_note_that_has_the_mark_of_the_task(task: Task, candidate: str | None) -> None:
    (write,) = move(task, world()).writes
    assert write.there.metadata.name == "main-failover"
    assert write.patch == {
        "metadata": {"annotations": {MARK: "op-1", FORMER: "main", "leader": "main-0", "member": candidate}}
    }
    marked = {MARK: "op-1", FORMER: "main", "asks": "main-0"}
    assert move(task, world(**marked)) == Move(waits="main hands over")


def test_it_is_done_when_the_other_one_is_the_primary_and_the_rest_follow_it() -> None:
    marked = {MARK: "op-1", FORMER: "main"}
    assert move(TASK, world(leader="", **marked)).waits == "main hands over"
    assert move(TASK, world(*members(), leader="main-2", **marked)).waits == "main-2 takes over"
    late = members("main-2", timeline=2, timeline_of="x", replication_state="in archive recovery")
    assert move(TASK, world(*late, leader="main-2", **marked)).waits == "main-3 does not follow main-2 yet"
    stale = members("main-2", timeline=2)[:2] + members("main", timeline=1)[2:]
    assert move(TASK, world(*stale, leader="main-2", **marked)).waits == "main-3 does not follow main-2 yet"
    assert move(TASK, world(*members("main-2", timeline=2), leader="main-2", **marked)).is_done


def test_a_note_that_was_taken_back_without_a_change_has_failed() -> None:
    assert refusal(TASK, world(**{MARK: "op-1", FORMER: "main"}))[0] == "SwitchoverRefused"


def test_another_one_than_was_asked_for_is_a_failure_unless_any_will_do() -> None:
    children = world(*members("main-3", timeline=2), leader="main-3", **{MARK: "op-1", FORMER: "main"})
    assert refusal(TASK, children) == ("AnotherTookOver", "main-3 has become the primary instead of main-2")
    assert move(ANY, children).is_done


@pytest.mark.parametrize(
    ("task", "children", "reason", "words"),
    [
        (Task("1", "main"), world(), "AlreadyPrimary", "main is the primary already"),
        (Task("1", "other"), world(), "UnknownInstance", "main, main-2, main-3"),
        (Task("1", "main-3"), world(*members(replication_state="")), "NotStreaming", "does not follow main"),
        (
            Task("1", "main-3"), world(*members(xlog_location=400), config='{"maximum_lag_on_failover": 500}'),
            "TooFarBehind", "600 bytes behind main",
        ),
        (
            Task("1", "main-3"), world(config='{"synchronous_mode": true}', sync="main-2-0"), "NotSynchronous",
            "no commit waits for main-3",
        ),
        (Task("1"), world(members()[0]), "NobodyFit", "there is no replica"),
    ],
)  # fmt: skip
def test_who_cannot_take_over_is_refused_with_the_reason(
    task: Task, children: Sequence[Resource], reason: str, words: str
) -> None:
    found = refusal(task, children)
    assert found[0] == reason
    assert words in found[1]


def test_any_means_one_that_is_fit() -> None:
    assert move(ANY, world(*members(replication_state=""), config='{"synchronous_mode": true}', sync="main-2-0")).writes
    assert refusal(ANY, world(config='{"synchronous_mode": true}'))[0] == "NobodyFit"


@pytest.mark.parametrize(
    ("children", "waits"),
    [
        (world(leader=""), "the instances agree on a primary"),
        (world(**{MARK: "op-0", FORMER: "main", "asks": "main-0"}), "another switchover goes on"),
        (members(), "the instances have nothing to agree in yet"),
    ],
)
def test_it_does_not_begin_while_there_is_nobody_to_ask(children: Sequence[Resource], waits: str) -> None:
    assert move(TASK, children) == Move(waits=waits, has_begun=False)


def test_one_that_is_not_the_primary_any_more_need_not_hand_over() -> None:
    children = world(*members("main-2", timeline=2), leader="main-2")
    assert move(Task("op-2", primary="main"), children) == Move(has_begun=False)
    assert move(Task("op-2", primary="main-2"), children).writes


def test_what_is_asked_for_and_was_not_begun_can_be_taken_back_by_who_asked() -> None:
    asked = world(**{MARK: "op-1", FORMER: "main", "asks": "main-0"})
    (write,) = take_back(declare(), TASK, asked).writes
    assert write.patch == {"metadata": {"annotations": {"leader": None, "member": None}}}
    for children in (world(**{MARK: "op-1"}), world(**{MARK: "op-2", "asks": "main-0"}), members()):
        assert take_back(declare(), TASK, children).is_done
