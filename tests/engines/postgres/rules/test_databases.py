"""What is refused in a Database, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DatabaseSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.databases import database_is_possible

SERVER = {"name": "main"}


def check_database(**body: Any) -> list[Violation]:
    return list(database_is_possible(DatabaseSpec.model_validate({"instanceRef": SERVER, **body})))


def test_ordinary_databases_pass() -> None:
    assert not check_database(name='a"b', owner="app", postgres={"schemas": [{"name": "audit"}]})


def test_databases_of_the_server_itself_are_refused() -> None:
    for name in ("postgres", "template0", "template1", "pg_x"):
        assert [(v.field, v.message) for v in check_database(name=name)] == [
            ("spec.name", f"database {name!r} belongs to the server itself: choose another name")
        ]
    assert [v.field for v in check_database(owner="pg_monitor")] == ["spec.owner"]


def test_all_faults_of_a_database_are_told_at_once() -> None:
    block = {
        "schemas": [{"name": "pg_x"}, {"name": "x", "owner": "pg_monitor"}, {"name": "information_schema"}],
        "extensions": [{"name": "é" * 40}], "allowConnections": False,
    }  # fmt: skip
    assert [violation.field for violation in check_database(name="é" * 40, postgres=block)] == [
        "spec.name", "spec.postgres.schemas[0].name", "spec.postgres.schemas[1].owner", "spec.postgres.schemas[2].name",
        "spec.postgres.extensions[0].name", "spec.postgres.allowConnections",
    ]  # fmt: skip


def test_a_block_that_slipped_past_the_schema_is_told_with_its_field() -> None:
    (violation,) = check_database(postgres={"connectionLimit": "many"})
    assert violation.field == "spec.postgres.connectionLimit"


OWNED: dict[str, Any] = {"autoOwnership": True}
TO_OWNER = {"role": "boss", "schema": "s", "objectType": "tables", "privileges": ["SELECT"]}


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"initSQL": {"inline": ["SELECT 1"]}}, "spec.owner"),
        ({"owner": "boss", "postgres": {"ownership": OWNED}}, "spec.owner"),
        ({"access": {}, "postgres": {"ownership": OWNED}}, "spec.access"),
        ({"postgres": {"ownership": {**OWNED, "userName": "pg_monitor"}}}, "spec.postgres.ownership.userName"),
        ({"owner": "boss", "access": {"owner": "other"}}, "spec.access.owner"),
        ({"access": {"reader": "postgres"}}, "spec.access.reader"),
        ({"owner": "boss", "postgres": {"defaultPrivileges": [TO_OWNER]}}, "spec.postgres.defaultPrivileges[0].role"),
        (
            {"postgres": {"defaultPrivileges": [{**TO_OWNER, "privileges": ["EXECUTE"]}]}},
            "spec.postgres.defaultPrivileges[0].privileges[0]",
        ),
    ],
)
def test_roles_that_come_along_and_what_they_get_must_make_sense(spec: dict[str, Any], field: str) -> None:
    body = DatabaseSpec.model_validate({"instanceRef": {"name": "main"}, "name": "shop", **spec})
    assert [violation.field for violation in database_is_possible(body)] == [field]
