"""What is told of instances that replicate, from what their members say."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.provider import InstanceFacts
from dbaas.manifests.standing import LEAST_LAG, Doing, Standing, add_standings, read_standings, settle_lag

MEBIBYTE = 1024 * 1024
WRITTEN = 1 << 40
REPLICA = {"role": "replica", "state": "running", "replication_state": "streaming", "timeline": 3}


def pod(name: str, said: dict[str, Any] | str, **labels: str) -> Resource:
    text = said if isinstance(said, str) else json.dumps(said)
    metadata = {"name": name, "namespace": "default", "labels": labels, "annotations": {"status": text}}
    return build_resource(POD, {"metadata": metadata})


def primary() -> Resource:
    return pod("main", {"role": "primary", "state": "running", "timeline": 3}, **{"dbaas.io/role": "primary"})


def note(**behind: int) -> Resource:
    slots = {name.replace("-", "_"): WRITTEN - lag for name, lag in behind.items()}
    annotations = {"leader": "main", "optime": str(WRITTEN), "slots": json.dumps(slots)}
    metadata = {"name": "main-leader", "namespace": "default", "annotations": annotations}
    return build_resource(CONFIG_MAP, {"metadata": metadata})


def told(**lags: str) -> Resource:
    body = declare().body()
    body["status"] = {"instances": [{"name": name, "lag": lag} for name, lag in lags.items()]}
    return build_resource(declare().kind, body)


def test_a_replica_is_so_far_behind_as_its_slot_is_behind_what_the_primary_had_written() -> None:
    children = [primary(), pod("main-2", REPLICA), pod("main-3", REPLICA), note(main_2=100, main_3=100 * MEBIBYTE)]
    assert read_standings(declare(), children) == {
        "main": Standing(3), "main-2": Standing(3, 0), "main-3": Standing(3, 64 * MEBIBYTE),
    }  # fmt: skip


def test_instances_are_known_by_their_label_and_slots_by_their_pods() -> None:
    member = pod("main-2-0", REPLICA, **{"dbaas.io/instance": "main-2"})
    standings = read_standings(declare(), [primary(), member, note(main_2_0=32 * MEBIBYTE)])
    assert standings["main-2"].lag_bytes == 32 * MEBIBYTE


@pytest.mark.parametrize("children", [[], [note()], [note(main_2=5)]])
def test_what_is_not_known_is_not_told(children: list[Resource]) -> None:
    """Nobody has the lock, or nothing is noted of that replica."""
    found = read_standings(declare(), [pod("main-2", REPLICA), *children])
    assert found == {"main-2": Standing(3)}
    assert read_standings(declare(), [pod("main-2", "no JSON")]) == {"main-2": Standing()}
    assert read_standings(declare(), []) == {}


def test_a_note_that_cannot_be_read_tells_of_no_lag() -> None:
    metadata = {"name": "main-leader", "namespace": "default", "annotations": {"leader": "main", "optime": "x"}}
    broken = build_resource(CONFIG_MAP, {"metadata": metadata})
    assert read_standings(declare(), [primary(), pod("main-2", REPLICA), broken])["main-2"].lag_bytes is None


@pytest.mark.parametrize(
    ("said", "reason", "message"),
    [
        ({"state": "creating replica", "role": "replica"}, "Joining", "it copies the data of the primary"),
        ({"state": "start failed", "role": "replica"}, "StartFailed", "its server does not start; its log says why"),
        (
            {"state": "running", "role": "replica", "replication_state": "in archive recovery"},
            "NotFollowing", "its server runs and does not follow the primary: it is in archive recovery",
        ),
        (
            {"state": "running", "role": "replica"},
            "NotFollowing", "its server runs and does not follow the primary: nothing comes from there",
        ),
        (REPLICA, "", ""),
        ({}, "", ""),
    ],
)  # fmt: skip
def test_why_it_does_not_serve_is_what_patroni_says_of_its_server(
    said: dict[str, Any], reason: str, message: str
) -> None:
    standing = read_standings(declare(), [pod("main-2", said)])["main-2"]
    assert standing.doing == (Doing(reason, message) if reason else None)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        ("start failed", "StartFailed"),
        ("starting", "StartFailed"),
        ("stopped", "StartFailed"),
        ("crashed", "StartFailed"),
        ("stop failed", "StopFailed"),
        ("creating replica", "Joining"),
        ("running", "NotFollowing"),
    ],
)
def test_a_server_that_does_not_start_is_told_once_however_often_it_is_tried(state: str, reason: str) -> None:
    cluster = failed("main-2")
    children = [primary(), note(), pod("main-2", {"state": state, "role": "replica"})]
    doing = read_standings(cluster, children)["main-2"].doing
    assert doing is not None
    assert doing.reason == reason
    if reason == "StartFailed":
        assert doing.message == "its server does not start; its log says why; a rebuild copies the data of main"
    assert read_standings(failed("main-3"), [pod("main-2", {"state": "starting"})])["main-2"].doing == Doing(
        "Starting", "its server starts, and replays what is not in its data files yet"
    )


def failed(name: str) -> Resource:
    body = declare().body()
    body["status"] = {"instances": [{"name": name, "reason": "StartFailed"}]}
    return build_resource(declare().kind, body)


def test_the_server_of_who_takes_writes_cannot_be_copied_from_another() -> None:
    children = [pod("main", {"state": "start failed"}), note(), pod("main-2", REPLICA)]
    doing = read_standings(declare(), children)["main"].doing
    assert doing == Doing("StartFailed", "its server does not start; its log says why")


@pytest.mark.parametrize(
    ("history", "position", "reason"),
    [
        ([[2, 50, "no recovery target specified"], [3, 100, "no recovery target specified"]], 101, "Diverged"),
        ([[2, 50, "no recovery target specified"], [3, 100, "no recovery target specified"]], 100, "NotFollowing"),
        ([[2, 50, "no recovery target specified"]], 101, "NotFollowing"),
        ("no list", 101, "NotFollowing"),
        ([[3], 3, ["3", 1]], 101, "NotFollowing"),
    ],
    ids=["after the fork", "before it", "of another timeline", "unreadable", "of other things"],
)
def test_a_replica_with_changes_that_the_primary_never_had_is_told(history: object, position: int, reason: str) -> None:
    metadata = {"name": "main-config", "namespace": "default", "annotations": {"history": json.dumps(history)}}
    stray = pod("main-2", {"role": "replica", "state": "running", "timeline": 3, "xlog_location": position})
    standing = read_standings(declare(), [primary(), stray, build_resource(CONFIG_MAP, {"metadata": metadata})])
    assert standing["main-2"].doing is not None
    assert standing["main-2"].doing.reason == reason
    assert standing["main"].doing is None


def test_an_instance_that_runs_and_does_not_serve_is_explained_by_its_member_and_another_by_who_runs_it() -> None:
    children = [pod("main-2", {"state": "creating replica", "timeline": 2})]
    runs = InstanceFacts("main-2", False, reason="NotReady", message="/readiness answers 503")
    (told_of,) = add_standings([runs], declare(), children)
    assert (told_of.reason, told_of.message, told_of.timeline) == ("Joining", "it copies the data of the primary", 2)
    crashed = InstanceFacts("main-2", False, reason="CrashBackOff", message="it has ended with code 1")
    (told_of,) = add_standings([crashed], declare(), children)
    assert (told_of.reason, told_of.message) == ("CrashBackOff", "it has ended with code 1")
    alone = InstanceFacts("main", True)
    assert add_standings([alone], declare(), []) == (alone,)


def test_what_was_told_before_is_told_again_as_long_as_it_is_roughly_so() -> None:
    children = [primary(), pod("main-2", REPLICA), note(main_2=100 * MEBIBYTE)]
    assert read_standings(told(**{"main-2": "32Mi"}), children)["main-2"].lag_bytes == 32 * MEBIBYTE
    assert read_standings(told(**{"main-2": "16Mi"}), children)["main-2"].lag_bytes == 64 * MEBIBYTE


@given(st.integers(0, 1 << 50))
def test_what_is_told_of_a_lag_is_true_within_a_factor_of_two(exact: int) -> None:
    shown = settle_lag(exact, 0)
    assert shown == 0 if exact < LEAST_LAG else shown <= exact < 2 * shown


@given(st.integers(0, LEAST_LAG // 2 - 1), st.integers(4, 40))
def test_a_replica_that_has_caught_up_is_told_to_have(exact: int, power: int) -> None:
    assert settle_lag(exact, MEBIBYTE << power) == 0


@given(st.lists(st.integers(LEAST_LAG, 2 * LEAST_LAG - 1), min_size=1, max_size=30), st.integers(0, 1))
def test_a_lag_that_wavers_is_told_once(lags: list[int], before: int) -> None:
    shown = [before * LEAST_LAG]
    for exact in lags:
        shown.append(settle_lag(exact, shown[-1]))
    assert set(shown[1:]) == {LEAST_LAG}
