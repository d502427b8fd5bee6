"""Database of the group."""

from __future__ import annotations

from dbaas.api.database import DATABASE
from dbaas.dialects.dbops.databases import reflect_database, translate_database
from dialects.dbops.make import MOMENT, SERVER, child, foreign, unknown_fields

SPEC = {**SERVER, "name": "orders", "deletionPolicy": "Delete", "deletionProtection": True}
READY = ("Ready", "True", "Applied", "as it should be")


def test_fields_keep_their_names_and_public_keeps_what_it_has() -> None:
    (body,) = translate_database(foreign("Database", {**SPEC, "postgres": {"encoding": "UTF8"}}), {}).objects
    assert body["metadata"] == {"name": "it"}
    assert body["spec"] == {**SPEC, "postgres": {"encoding": "UTF8"}, "revokePublic": False}


def test_statements_come_only_from_the_own_namespace() -> None:
    here = {"configMapRef": {"name": "sql", "namespace": "shop", "key": "a"}, "failurePolicy": "Block"}
    translation = translate_database(foreign("Database", {**SPEC, "initSQL": here}), {})
    assert translation.objects[0]["spec"]["initSQL"] == {
        "configMapRef": {"name": "sql", "key": "a"}, "failurePolicy": "Block"
    }  # fmt: skip
    assert translation.refused == ()
    there = {"configMapRef": {"name": "sql", "namespace": "other", "key": "a"}}
    (violation,) = translate_database(foreign("Database", {**SPEC, "initSQL": there}), {}).refused
    assert violation.field == "spec.initSQL.configMapRef.namespace"


def test_what_the_server_says_is_told_as_it_is() -> None:
    common = {"name": "orders", "owner": "root", "sizeBytes": 1, "createdAt": MOMENT}
    special = {
        "encoding": "UTF8", "collation": "C", "installedExtensions": [{"name": "vector", "version": "0.8"}],
        "schemas": ["sales"],
    }  # fmt: skip
    ran = {"applied": True, "appliedAt": MOMENT, "hash": "1a", "statementsExecuted": 1}
    told = reflect_database(
        foreign("Database", SPEC), [child(DATABASE, READY, database={**common, **special}, initSQL=ran)]
    )
    assert (told.phase, told.status["database"], told.status["postgres"]) == ("Ready", common, special)
    assert unknown_fields("Database", told) == []
    assert [(event.reason, event.note) for event in told.events] == [("Created", "database 'orders' is there")]


def test_a_difference_that_is_only_reported_leaves_it_ready() -> None:
    drift = {"detected": True, "diffs": [{"field": "owner", "expected": "a", "actual": "b"}]}
    changed = child(DATABASE, ("Ready", "False", "DriftDetected", "owner was changed"), drift=drift)
    told = reflect_database(
        foreign("Database", SPEC, status={"phase": "Ready", "database": {"name": "orders"}}), [changed]
    )
    assert (told.phase, told.status["drift"]) == ("Ready", drift)
    assert [(c.type, c.status, c.reason) for c in told.conditions] == [
        ("Ready", "True", "ReconcileSuccess"), ("Synced", "False", "DriftDetected")
    ]  # fmt: skip
    assert [event.reason for event in told.events] == ["DriftDetected"]


def test_a_protected_deletion_has_failed_and_says_so() -> None:
    leaving = foreign("Database", SPEC, deletionTimestamp="2026-01-01T00:00:00Z")
    held = child(DATABASE, ("Ready", "False", "DeletionProtected", "turn it off"))
    told = reflect_database(leaving, [held])
    assert told.phase == "Failed"
    assert [(event.reason, event.note) for event in told.events] == [("DeletionBlocked", "turn it off")]


def test_a_deletion_that_waits_for_consent_is_told_with_what_to_confirm() -> None:
    leaving = foreign("Database", SPEC, deletionTimestamp="2026-01-01T00:00:00Z")
    consent = {"required": True, "hash": "1a2b3c4d", "children": ["DatabaseGrant/x"], "message": "m"}
    held = child(DATABASE, ("Ready", "False", "DependenciesExist", "one"), deletionConfirmation=consent)
    told = reflect_database(leaving, [held])
    assert (told.phase, told.status["deletionConfirmation"]) == ("PendingDeletion", consent)
