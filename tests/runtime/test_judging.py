"""Tests of `runtime.judging`: property 23 of the runtime, and what each end of a reconcile means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbaas.contracts.client import ApiError, Forbidden, Invalid, WriteConflict
from dbaas.contracts.reconcile import Condition, Conflict, Outcome, Refused, Waiting
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import parse_time
from dbaas.core.errors import DbaasError
from dbaas.runtime.judging import (
    CONFLICT_BACKOFF,
    ERROR_BACKOFF,
    SLOW_BACKOFF,
    WAITING_BACKOFF,
    Step,
    is_settling_in,
    judge_error,
    judge_outcome,
)
from fixtures.resources import gadget

READY = Condition("Ready", "True", "Fine")


def _summary(step: Step) -> tuple[str, list[tuple[str, str, str]]]:
    assert step.verdict is not None
    return step.verdict.phase, [(c.type, c.status, c.reason) for c in step.verdict.conditions]


def test_an_outcome_that_is_ready_says_so_and_comes_again_when_it_wishes() -> None:
    step = judge_outcome(gadget(), Outcome([READY], requeue_after=60))
    assert _summary(step) == ("Ready", [("Ready", "True", "Fine")])
    assert (step.after_seconds, step.backoff) == (60, None)


def test_an_outcome_that_is_not_ready_is_in_progress() -> None:
    step = judge_outcome(gadget(), Outcome([Condition("Ready", "False", "Starting", "one moment")]))
    assert _summary(step) == ("Pending", [("Ready", "False", "Starting"), ("Reconciling", "True", "Starting")])
    assert step.verdict is not None
    assert step.verdict.message == "one moment"


def test_the_end_of_an_object_writes_nothing() -> None:
    assert judge_outcome(gadget(), Outcome(gone=True)) == Step("success")


def test_an_outcome_without_ready_breaks_the_contract() -> None:
    with pytest.raises(ValueError, match="without the condition Ready"):
        judge_outcome(gadget(), Outcome([Condition("Synced", "True", "Fine")]))


def test_waiting_is_no_error_and_backs_off_quietly() -> None:
    step = judge_error(gadget(), Waiting("NoServer", "the server is not there yet"))
    assert _summary(step) == ("Pending", [("Ready", "False", "NoServer"), ("Reconciling", "True", "NoServer")])
    assert step.backoff == WAITING_BACKOFF
    assert not step.is_trouble


def test_waiting_for_a_known_time_comes_again_then() -> None:
    step = judge_error(gadget(), Waiting("Quarantine", "until later", requeue_after=30, status={"a": 1}, phase="Held"))
    assert (step.backoff, step.after_seconds) == (None, 30)
    assert step.verdict is not None
    assert (step.verdict.phase, step.verdict.fields) == ("Held", {"a": 1})


def test_what_is_refused_is_stalled_and_not_tried_again() -> None:
    step = judge_error(gadget(), Refused("UnknownEngine", "no such engine"))
    assert _summary(step) == ("Failed", [("Ready", "False", "UnknownEngine"), ("Stalled", "True", "UnknownEngine")])
    assert (step.backoff, step.after_seconds) == (None, None)
    assert step.is_trouble


def test_what_is_refused_for_something_that_nobody_watches_is_looked_at_again_and_stalled_meanwhile() -> None:
    step = judge_error(gadget(), Refused("NotOurs", "in the way", requeue_after=60.0))
    assert _summary(step) == ("Failed", [("Ready", "False", "NotOurs"), ("Stalled", "True", "NotOurs")])
    assert (step.backoff, step.after_seconds) == (None, 60.0)


def test_conflicts_are_tried_again_soon_without_a_word() -> None:
    for error in (Conflict("moved on"), WriteConflict("moved on", code=409, reason="Conflict")):
        assert judge_error(gadget(), error) == Step("conflict", backoff=CONFLICT_BACKOFF)


def test_errors_of_ours_are_shown_with_their_reason() -> None:
    step = judge_error(gadget(), DbaasError("cannot do it: no", reason="NoWay"))
    assert _summary(step) == ("Failed", [("Ready", "False", "NoWay"), ("Reconciling", "True", "NoWay")])
    assert step.backoff == ERROR_BACKOFF


def test_errors_that_nobody_foresaw_show_their_name_only() -> None:
    step = judge_error(gadget(), RuntimeError("password hunter2"))
    assert step.verdict is not None
    assert "hunter2" not in repr(step)
    assert step.verdict.message == "unexpected error: RuntimeError"


def test_what_the_api_refuses_is_tried_again_slowly() -> None:
    for kind, code in ((Forbidden, 403), (Invalid, 422)):
        assert judge_error(gadget(), kind("no", code=code, reason="No")).backoff == SLOW_BACKOFF
    assert judge_error(gadget(), ApiError("oops", code=500, reason="InternalError")).backoff == ERROR_BACKOFF


def test_an_unreachable_api_cannot_be_told_so() -> None:
    assert judge_error(gadget(), TransportError("no connection")) == Step("error", backoff=ERROR_BACKOFF)


def test_whatever_happens_while_deleting_the_phase_is_deleting() -> None:
    deleting = gadget(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["a"])
    for error in (Refused("A", "a"), DbaasError("b")):
        assert _summary(judge_error(deleting, error))[0] == "Deleting"


WAITS = judge_error(gadget(), Waiting("Early", "not yet"))
BORN = "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "more", "settles_in"),
    [
        (1, {}, True),
        (2, {}, False),
        (1, {"deletionTimestamp": BORN}, False),
        (1, {"status": {"conditions": [{"type": "Ready"}]}}, False),
    ],
    ids=["new", "no longer new", "being deleted", "has a status"],
)
def test_a_new_object_that_waits_is_given_a_moment(seconds: int, more: dict[str, Any], settles_in: bool) -> None:
    resource = gadget(creationTimestamp=BORN, **more)
    now = parse_time(BORN) + timedelta(seconds=seconds)
    assert is_settling_in(resource, WAITS, now) is settles_in


def test_what_it_waits_for_may_be_given_more_than_a_moment() -> None:
    waits = judge_error(gadget(), Waiting("Early", "not yet", patience=20.0))
    at = [
        is_settling_in(gadget(creationTimestamp=BORN), waits, parse_time(BORN) + timedelta(seconds=s)) for s in (19, 20)
    ]
    assert at == [True, False]


def test_a_new_object_that_is_refused_is_told_at_once() -> None:
    refused = judge_error(gadget(), Refused("Never", "not so"))
    assert not is_settling_in(gadget(creationTimestamp=BORN), refused, parse_time(BORN))
