"""DatabaseGrant and ClusterDatabaseGrant of the group."""

from __future__ import annotations

from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT
from dbaas.dialects.dbops.grants import reflect_grant, translate_grant
from dialects.dbops.make import MOMENT, child, foreign, unknown_fields

READY = ("Ready", "True", "Applied", "as it should be")
BLOCK = {"roles": ["readers"], "grants": [{"database": "shop", "schema": "a", "privileges": ["USAGE"]}]}
SPEC = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}, "postgres": BLOCK, "deletionProtection": True}


def test_fields_keep_their_names_and_protection_is_on_unless_it_is_said() -> None:
    (body,) = translate_grant(foreign("DatabaseGrant", SPEC), {}).objects
    assert (body["kind"], body["spec"]) == ("DatabaseGrant", SPEC)
    for_all = {"clusterInstanceRef": {"name": "shared"}, "roleRef": {"name": "readers"}, "deletionProtection": False}
    (body,) = translate_grant(foreign("ClusterDatabaseGrant", for_all), {}).objects
    assert (body["kind"], body["spec"]) == ("ClusterDatabaseGrant", for_all)


def test_how_much_is_applied_is_told_by_sort_where_that_is_known() -> None:
    before = child(DATABASE_GRANT, READY, applied="1a", entries=3)
    told = reflect_grant(foreign("DatabaseGrant", SPEC), [before])
    assert told.status["appliedGrants"] == {"directGrants": 3}
    counted = {"roles": ["readers"], "directGrants": 1, "defaultPrivileges": 1}
    told = reflect_grant(
        foreign("DatabaseGrant", SPEC), [child(DATABASE_GRANT, READY, applied="1a", entries=3, appliedGrants=counted)]
    )
    assert told.status["appliedGrants"] == counted and unknown_fields("DatabaseGrant", told) == []
    assert [event.reason for event in told.events] == ["Applied"]


def test_one_for_the_whole_cluster_tells_who_has_it_and_how_many() -> None:
    target = {"type": "role", "name": "readers", "resolvedUsername": "shop_readers"}
    there = child(CLUSTER_DATABASE_GRANT, READY, applied="1a", entries=3, targetInfo=target)
    told = reflect_grant(foreign("ClusterDatabaseGrant", {"roleRef": {"name": "readers"}}), [there])
    assert told.status["targetInfo"] == target
    assert told.status["appliedGrants"] == {"directGrants": 3, "applied": 3, "failed": 0}
    assert unknown_fields("ClusterDatabaseGrant", told) == []


def test_nothing_is_counted_before_anything_is_applied() -> None:
    told = reflect_grant(foreign("DatabaseGrant", SPEC), [child(DATABASE_GRANT, READY)])
    assert told.status["appliedGrants"] is None


def test_events_say_applied_and_revoked() -> None:
    failed = child(DATABASE_GRANT, ("Ready", "False", "PermissionDenied", "no"))
    assert [e.reason for e in reflect_grant(foreign("DatabaseGrant", SPEC), [failed]).events] == ["ApplyFailed"]
    leaving = foreign("DatabaseGrant", SPEC, deletionTimestamp=MOMENT)
    assert [e.reason for e in reflect_grant(leaving, [failed]).events] == ["RevokeFailed"]
