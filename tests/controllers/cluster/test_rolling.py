"""Whose turn it is to be started anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.contracts.provider import InstanceFacts
from dbaas.controllers.cluster.rolling import Turn, are_electing, find_turn

NAMES = ("main", "main-2", "main-3")
FIRST = {"main": "main-2 comes first", "main-3": "main-2 comes first"}


def facts(primary: str = "main", *, down: str = "", unknown: str = "") -> list[InstanceFacts]:
    return [
        InstanceFacts(
            name, name != down, role="" if name == unknown else "primary" if name == primary else "replica",
            message="starts" if name == down else "",
        )
        for name in NAMES
    ]  # fmt: skip


def test_replicas_come_first_one_at_a_time() -> None:
    assert find_turn(NAMES, (), facts()) == Turn(frozenset({"main-2"}), FIRST)
    later = find_turn(("main", "main-3"), (), facts())
    assert later == Turn(frozenset({"main-3"}), {"main": "main-3 comes first"})


@pytest.mark.parametrize(
    ("found", "why"), [(facts(down="main-2"), "main-2 is not ready yet: starts"),
                       (facts(unknown="main-2"), "main-2 is not ready yet")]
)  # fmt: skip
def test_nobody_is_next_before_the_last_one_is_whole(found: list[InstanceFacts], why: str) -> None:
    assert find_turn(("main", "main-3"), (), found) == Turn(waits={"main": why, "main-3": why})


def test_the_primary_hands_over_before_its_turn_comes() -> None:
    turn = find_turn(("main",), (), facts())
    assert not turn.now
    assert (turn.gives_up, list(turn.successors)) == ("main", ["main-2", "main-3"])
    assert find_turn(("main",), (), facts("main-3")) == Turn(frozenset({"main"}))


def test_who_still_waits_for_a_window_does_not_take_over() -> None:
    assert list(find_turn(("main",), {"main-2"}, facts()).successors) == ["main-3"]
    assert find_turn(("main",), {"main-2", "main-3"}, facts()) == Turn(frozenset({"main"}))


@pytest.mark.parametrize("broken", NAMES)
def test_a_broken_one_need_not_wait(broken: str) -> None:
    turn = find_turn(NAMES, (), facts(down=broken))
    assert turn.now == {broken}
    assert turn.waits.keys() == {*NAMES} - {broken}


def test_where_nothing_serves_nobody_waits() -> None:
    nothing = [InstanceFacts(name, False, role="") for name in NAMES]
    assert find_turn(NAMES, (), nothing) == Turn(frozenset(NAMES))
    assert find_turn(("main-2", "main-3"), (), nothing[:2]).now == {"main-2", "main-3"}


def test_a_single_instance_is_started_anew_at_once() -> None:
    assert find_turn(("main",), (), facts()[:1]) == Turn(frozenset({"main"}))
    assert find_turn((), (), facts()) == Turn()


@pytest.mark.parametrize(
    ("reasons", "electing"),
    [
        (("NotFollowing", "NotReady", "Starting"), True),
        (("NotFollowing", "CrashBackOff", "NotFollowing"), False),
        ((), True),
    ],
    ids=["all that run wait", "one of them is broken", "all serve and nobody leads"],
)
def test_whether_several_are_only_about_to_agree_on_a_primary(reasons: tuple[str, ...], electing: bool) -> None:
    found = [InstanceFacts(name, not reasons, role="replica") for name in NAMES]
    found = [replace(one, reason=reason) for one, reason in zip(found, reasons, strict=True)] if reasons else found
    assert are_electing(found) is electing
    assert not are_electing([replace(found[0], is_ready=True, role="primary"), *found[1:]])
    assert not are_electing(found[:1])
