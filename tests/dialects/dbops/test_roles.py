"""DatabaseRole and ClusterDatabaseRole of the group."""

from __future__ import annotations

import pytest

from dbaas.api.role import DATABASE_ROLE
from dbaas.dialects.dbops.roles import reflect_role, translate_role
from dialects.dbops.make import SERVER, child, foreign, unknown_fields

BLOCK = {"login": False, "grants": [{"database": "shop", "privileges": ["CONNECT"]}]}


@pytest.mark.parametrize(
    ("kind", "server"),
    [("DatabaseRole", SERVER), ("ClusterDatabaseRole", {"clusterInstanceRef": {"name": "shared"}})],
)
def test_fields_keep_their_names(kind: str, server: dict[str, object]) -> None:
    spec = {**server, "roleName": "readers", "postgres": BLOCK, "driftPolicy": {"mode": "correct", "interval": "1h"}}
    translation = translate_role(foreign(kind, spec), {})
    (body,) = translation.objects
    assert (translation.refused, body["kind"], body["metadata"]) == ((), kind, {"name": "it"})
    assert body["spec"] == {**spec, "deletionPolicy": "Delete", "deletionProtection": False}


def test_a_comment_of_its_own_is_refused() -> None:
    spec = {"clusterInstanceRef": {"name": "shared"}, "roleName": "readers", "managedResourceComment": "ours"}
    (violation,) = translate_role(foreign("ClusterDatabaseRole", spec), {}).refused
    assert violation.field == "spec.managedResourceComment"


def test_that_it_is_there_is_told() -> None:
    there = child(DATABASE_ROLE, ("Ready", "True", "Applied", "as it should be"), role={"name": "readers"})
    told = reflect_role(foreign("DatabaseRole", {**SERVER, "roleName": "readers"}), [there])
    assert (told.phase, told.status["role"]) == ("Ready", {"name": "readers"})
    assert [(event.reason, event.note) for event in told.events] == [("Created", "role 'readers' is there")]
    assert unknown_fields("DatabaseRole", told) == []
