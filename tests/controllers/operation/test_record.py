"""What the status of an operation says at each step."""

from __future__ import annotations

from typing import Any

import pytest

from controllers.make import with_conditions
from controllers.operation.make import BORN, CHANGED, ENDED, cluster, request, setting
from dbaas.controllers.operation import record
from dbaas.controllers.operation.record import dump_status

LATER = "2026-01-01T00:05:00Z"


def test_from_the_note_to_the_end_each_step_has_its_times() -> None:
    one = request("one", "Reconfiguring", **setting("a", "2"))
    noted = record.note_beginning(one, cluster(config=[{"name": "a", "value": "1"}]), BORN)
    assert dump_status(noted)["progress"] == "1/3"
    assert dump_status(noted)["previous"] == [{"field": "config[a]", "value": "1"}]
    assert [step.phase for step in noted.steps] == ["Succeeded", "Running", "Pending"]
    changed = record.note_change(noted, 7, LATER)
    assert [step.phase for step in changed.steps] == ["Succeeded", "Succeeded", "Running"]
    assert (changed.steps[1].start_time, changed.steps[1].completion_time) == (BORN, LATER)
    ended = record.note_end(changed, "Succeeded", "done", LATER)
    assert dump_status(ended)["progress"] == "3/3"
    assert dump_status(ended)["clusterGeneration"] == 7
    assert [(entry.action, entry.status) for entry in ended.action_log] == [
        ("Note", "Succeeded"), ("Change", "Succeeded"), ("Succeeded", "Succeeded")
    ]  # fmt: skip


def test_what_has_not_been_done_never_will_be_when_it_ends_early() -> None:
    noted = record.note_beginning(request("one"), cluster(), BORN)
    ended = record.note_end(noted, "Cancelled", "no", LATER)
    assert [step.phase for step in ended.steps] == ["Succeeded", "Failed", "Pending"]
    assert record.note_end(request("two").status, "Cancelled", "no", LATER).steps == []


def test_the_log_keeps_the_latest() -> None:
    status = request("one").status
    for number in range(60):
        status = record.note_end(status, "Failed", str(number), BORN)
    assert (len(status.action_log), status.action_log[-1].message) == (50, "59")


def test_a_step_that_waits_for_a_window_begins_when_that_opens() -> None:
    noted = record.note_change(record.note_beginning(request("one"), cluster(), BORN), 2, BORN)
    pending = [{"change": "restart", "reason": "maintenance window of Sunday", "until": LATER}, {"change": "other"}]
    state = record.read_state(cluster(status={"pending": pending, "observedGeneration": 2}), 2)
    assert state.waits == "restart waits for maintenance window of Sunday"
    assert record.note_wait(noted, state).steps[2].start_time == LATER


@pytest.mark.parametrize(
    ("conditions", "phase", "stalled"),
    [
        (("Ready", "True", "Succeeded"), "Succeeded", False),
        (("Ready", "False", "TimedOut"), "Failed", True),
        (("Ready", "False", "Cancelled"), "Cancelled", True),
    ],
    ids=str,
)
def test_an_end_is_said_again_as_it_was(conditions: tuple[str, str, str], phase: str, stalled: bool) -> None:
    one = request("one", status={**ENDED, **with_conditions(conditions)})
    outcome = record.repeat_end(one, one.status, 5.0)
    assert (outcome.phase, outcome.requeue_after) == (phase, 5.0)
    assert outcome.conditions[0].reason == conditions[2]
    assert any(each.type == "Stalled" for each in outcome.conditions) is stalled
    assert record.has_succeeded(one) is not stalled


@pytest.mark.parametrize(
    ("status", "generation", "expected"),
    [
        ({"observedGeneration": 3}, 3, (True, False, False)),
        ({"observedGeneration": 2, **with_conditions(("Ready", "True", "Ready"))}, 3, (False, True, False)),
        ({"observedGeneration": 4, **with_conditions(("Stalled", "True", "X"))}, 3, (True, False, True)),
        ({}, 1, (False, False, False)),
    ],
    ids=str,
)
def test_how_a_cluster_is_counts_only_since_the_change(
    status: dict[str, Any], generation: int, expected: tuple[bool, ...]
) -> None:
    state = record.read_state(cluster(status=status), generation)
    assert (state.is_current, state.is_ready, state.is_stalled) == expected


def test_a_cluster_is_stopped_where_that_is_wanted_or_still_so() -> None:
    assert record.is_stopped(cluster(stopped=True))
    assert record.is_stopped(cluster(status=with_conditions(("Ready", "False", "Stopped"))))
    assert not record.is_stopped(cluster())


def test_nothing_empty_is_written() -> None:
    assert dump_status(request("one", status=CHANGED).status) == {
        "startTime": BORN, "clusterUid": "uid-main", "clusterGeneration": 2
    }  # fmt: skip
