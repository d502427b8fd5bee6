"""How operations stand to each other, and how much time one has left."""

from __future__ import annotations

import pytest

from controllers.operation.make import BEGUN, BORN, CHANGED, ENDED, request, setting
from dbaas.controllers.operation.request import cluster_token, queue_token
from dbaas.core.clock import parse_time


def test_the_order_is_that_of_creation_and_within_a_second_that_of_versions_then() -> None:
    first = request("b", born="2026-01-01T00:00:00Z", version="9")
    second = request("c", born="2026-01-01T00:00:00Z", version="10")
    third = request("a", born="2026-01-01T00:00:01Z", version="2")
    assert sorted([third, second, first], key=lambda each: each._place) == [first, second, third]
    written = request("b", version="99", status={"createdVersion": "9"})
    assert written.is_before(second) and not second.is_before(written)


def test_only_what_changes_the_same_field_is_excluded_unless_it_is_alone() -> None:
    one, two = request("one", "Reconfiguring", **setting("a")), request("two", "Reconfiguring", **setting("b"))
    same, stop = request("same", "Reconfiguring", **setting("a", "9")), request("stop", "Stop")
    assert not one.excludes(two)
    assert one.excludes(same) and same.excludes(one)
    assert stop.excludes(one) and one.excludes(stop)


@pytest.mark.parametrize(
    ("status", "stage"),
    [({}, (False, False, False)), (BEGUN, (True, False, False)), (CHANGED, (True, True, False)), (ENDED, (True,) * 3)],
    ids=["new", "begun", "changed", "ended"],
)
def test_how_far_it_is_stands_in_its_status(status: dict[str, str], stage: tuple[bool, ...]) -> None:
    one = request("one", status=status)
    assert (one.has_begun, one.has_changed, one.is_finished) == stage


def test_its_time_counts_from_its_beginning_or_from_that_of_its_latest_step() -> None:
    now = parse_time("2026-01-01T00:50:00Z")
    assert request("one", status=BEGUN, timeout="1h").remaining_seconds(now) == 600
    step = {"name": "Settle", "phase": "Running", "startTime": "2026-01-01T00:30:00Z"}
    assert request("one", status={**BEGUN, "steps": [step]}, timeout="1h").remaining_seconds(now) == 2400
    assert request("one", status=BEGUN, timeout="5m").is_overdue(now)


def test_what_it_states_does_not_change_once_it_has_begun() -> None:
    assert request("one", status=BEGUN).change == {"restartedAt": BORN}


def test_tokens_are_those_of_its_cluster() -> None:
    resource = request("one").resource
    assert cluster_token(resource) == "databaseclusters.dbaas.io:default/main"
    assert queue_token(resource) == "operates:default/main"
