"""The group's words."""

from __future__ import annotations

import pytest

from dbaas.api.database import DATABASE
from dbaas.dialects.dbops.words import choose_phase, common_status, read_verdict, ready_condition, tell
from dialects.dbops.make import MOMENT, SERVER, child, foreign

HERE = foreign("Database", SERVER)


def test_nothing_is_said_of_a_spec_that_was_not_looked_at_yet() -> None:
    stale = child(DATABASE, ("Ready", "True", "Applied", ""), observedGeneration=1)
    assert read_verdict(stale) is None and read_verdict(None) is None
    assert choose_phase(HERE, None, None) == "Pending"
    assert choose_phase(HERE, stale, None) == "Creating"
    assert choose_phase(foreign("Database", SERVER, status={"phase": "Ready"}), stale, None) == "Ready"


@pytest.mark.parametrize(
    ("reason", "phase", "told"),
    [
        ("InstanceNotReady", "Pending", "InstanceNotReady"),
        ("PermissionDenied", "Failed", "ReconcileFailed"),
        ("InitSQLFailed", "Failed", "InitSQLFailed"),
    ],
)
def test_reasons_of_ours_become_reasons_of_the_group(reason: str, phase: str, told: str) -> None:
    verdict = read_verdict(child(DATABASE, ("Ready", "False", reason, "why")))
    assert choose_phase(HERE, child(DATABASE), verdict) == phase
    assert (ready_condition(verdict).reason, ready_condition(verdict).message) == (told, "why")


def test_the_time_of_the_last_change_is_that_of_the_newest_condition() -> None:
    assert common_status(child(DATABASE, ("Ready", "True", "Applied", "")))["lastReconcileTime"] == MOMENT
    assert common_status(None) == {}


def test_a_failure_is_told_once_for_each_reason() -> None:
    verdict = read_verdict(child(DATABASE, ("Ready", "False", "PermissionDenied", "no")))
    assert [event.reason for event in tell(HERE, "Failed", verdict, True, "it")] == ["CreateFailed"]
    assert [event.reason for event in tell(HERE, "Failed", verdict, False, "it")] == ["ReconcileFailed"]
    known = {"conditions": [{"type": "Synced", "status": "False", "reason": "PermissionDenied"}]}
    assert tell(foreign("Database", SERVER, status=known), "Failed", verdict, True, "it") == ()
