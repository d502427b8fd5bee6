"""The group's words."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.resource import Resource
from dbaas.dialects.dbops.words import (
    Words,
    choose_phase,
    common_status,
    read_verdict,
    ready_condition,
    tell,
    tell_confirmation,
    tell_end,
)
from dialects.dbops.make import MOMENT, SERVER, child, foreign

HERE = foreign("Database", SERVER)
WORDS = Words("it", "database")


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
        ("ClusterDatabaseRoleNotFound", "Pending", "ClusterDatabaseRoleNotFound"),
        ("PermissionDenied", "Failed", "ReconcileFailed"),
        ("InitSQLFailed", "Failed", "InitSQLFailed"),
    ],
)
def test_reasons_of_ours_become_reasons_of_the_group(reason: str, phase: str, told: str) -> None:
    verdict = read_verdict(child(DATABASE, ("Ready", "False", reason, "why")))
    assert choose_phase(HERE, child(DATABASE), verdict) == phase
    assert (ready_condition(verdict).reason, ready_condition(verdict).message) == (told, "why")


def test_the_time_of_the_last_change_is_that_of_the_newest_condition() -> None:
    assert common_status(HERE, child(DATABASE, ("Ready", "True", "Applied", "")))["lastReconcileTime"] == MOMENT
    assert common_status(HERE, None) == {}


def test_a_failure_is_told_once_for_each_reason() -> None:
    verdict = read_verdict(child(DATABASE, ("Ready", "False", "PermissionDenied", "no")))
    assert [event.reason for event in tell(HERE, "Failed", verdict, WORDS)] == ["CreateFailed"]
    made = foreign("Database", SERVER, status={"database": {"name": "it"}})
    assert [event.reason for event in tell(made, "Failed", verdict, WORDS)] == ["ReconcileFailed"]
    known = {"conditions": [{"type": "Synced", "status": "False", "reason": "PermissionDenied"}]}
    assert tell(foreign("Database", SERVER, status=known), "Failed", verdict, WORDS) == ()


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("DeletionProtected", ["DeletionBlocked"]),
        ("OwnsObjects", ["DeletionBlocked"]),
        ("PermissionDenied", ["DeleteFailed"]),
        ("PendingDeletionConfirmation", []),
        ("InstanceNotReady", []),
    ],
)
def test_what_keeps_a_deletion_is_told_once(reason: str, told: list[str]) -> None:
    verdict = read_verdict(child(DATABASE, ("Ready", "False", reason, "why")))
    leaving = foreign("Database", SERVER, deletionTimestamp=MOMENT)
    assert [event.reason for event in tell(leaving, "Deleting", verdict, WORDS)] == told
    known = {"conditions": [{"type": "Synced", "status": "False", "reason": reason}]}
    again = foreign("Database", SERVER, deletionTimestamp=MOMENT, status=known)
    assert tell(again, "Deleting", verdict, WORDS) == ()


def test_consent_is_asked_for_once_for_each_list() -> None:
    asked = {"required": True, "hash": "1a", "message": "confirm it"}
    assert [event.reason for event in tell_confirmation(HERE, {"deletionConfirmation": asked})] == [
        "ForceDeletePending"
    ]
    known = foreign("Database", SERVER, status={"deletionConfirmation": asked})
    assert not list(tell_confirmation(known, {"deletionConfirmation": asked}))
    assert list(tell_confirmation(known, {"deletionConfirmation": {**asked, "hash": "2b"}}))
    assert not list(tell_confirmation(known, {"deletionConfirmation": {"required": False, "remainingCount": 1}}))


def test_the_end_of_a_cascade_is_told_once_and_before_the_end() -> None:
    def leaving(**confirmation: Any) -> Resource:
        return foreign(
            "Database", SERVER, deletionTimestamp=MOMENT, status={"deletionConfirmation": confirmation or None}
        )

    going, over = leaving(required=False, remainingCount=2), {"required": False, "remainingCount": 0}
    freed = child(DATABASE, ("Ready", "False", "Reconciling", ""))
    status = common_status(going, freed)
    assert status["deletionConfirmation"] == {**over, "message": "all that depended on it is gone"}
    assert [event.reason for event in tell_confirmation(going, status)] == ["CascadeDeleteComplete"]
    assert not list(tell_confirmation(leaving(**over), common_status(leaving(**over), freed)))
    assert [event.reason for event in tell_end(leaving(**over), "Deleted")] == ["Deleted"]
    assert [event.reason for event in tell_end(going, "Deleted")] == ["CascadeDeleteComplete", "Deleted"]
    assert [event.reason for event in tell_end(leaving(), "Revoked")] == ["Revoked"]


def test_a_cascade_that_is_called_off_is_not_over() -> None:
    asked = {"required": True, "remainingCount": 2}
    leaving = foreign("Database", SERVER, deletionTimestamp=MOMENT, status={"deletionConfirmation": asked})
    held = child(DATABASE, ("Ready", "False", "DependenciesExist", "2 objects depend on it"))
    assert common_status(leaving, held)["deletionConfirmation"] is None
