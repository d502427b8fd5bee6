"""What is refused in a DatabaseGrant, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.grant import DatabaseGrantSpec
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.grants import grant_is_possible

GRANT = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}}
TABLE = {"on": "table", "privileges": ["SELECT"]}
SCHEMA = {"on": "schema", "privileges": ["USAGE"]}
DATABASE = {"on": "database", "privileges": ["CONNECT"]}


def check_grant(spec: dict[str, Any] | None = None, **privilege: Any) -> list[Violation]:
    body = {**(GRANT if spec is None else spec), "privileges": [privilege]}
    return list(grant_is_possible(DatabaseGrantSpec.model_validate(body)))


def test_ordinary_grants_pass() -> None:
    assert not check_grant(on="database", privileges=["CONNECT", "TEMP", "ALL"])
    assert not check_grant(on="table", schema="public", names=["*"], privileges=["SELECT", "MAINTAIN"])
    assert not check_grant(on="table", schema="public", privileges=["SELECT"], future=True)
    assert not check_grant(on="sequence", privileges=["USAGE"], future=True, names=["*"], grantor="owner")


@pytest.mark.parametrize(
    ("privilege", "field", "words"),
    [
        ({**SCHEMA, "schema": "x", "privileges": ["SELECT"]}, "privileges[0]", "choose from CREATE, USAGE, or ALL"),
        ({**TABLE, "schema": "x"}, "names", 'write ["*"]'),
        ({**TABLE, "names": ["a"]}, "schema", "in which schema the tables are"),
        ({**TABLE, "schema": "pg_catalog", "names": ["*"]}, "schema", "belongs to the server"),
        (SCHEMA, "schema", "either schema or names"),
        ({**SCHEMA, "schema": "x", "names": ["y"]}, "schema", "either schema or names"),
        ({**DATABASE, "names": ["*"]}, "names", "one by one"),
        ({**DATABASE, "names": ["a"], "database": "b"}, "names", "either database or names"),
        ({**DATABASE, "schema": "a"}, "schema", "in no schema"),
        ({**DATABASE, "future": True}, "future", "no default privileges on databases"),
        ({**TABLE, "names": ["a"], "future": True}, "names", "no names yet"),
        ({**SCHEMA, "schema": "a", "future": True}, "schema", "no name yet"),
        ({**TABLE, "database": "a", "future": True}, "grantor", "whose future objects"),
    ],
)
def test_an_item_that_cannot_be_granted_is_refused(privilege: dict[str, Any], field: str, words: str) -> None:
    (violation,) = check_grant(**privilege)
    assert violation.field == f"spec.privileges[0].{field}" and words in violation.message


def test_without_any_database_an_item_must_name_one() -> None:
    spec = {"userRef": {"name": "app"}}
    for privilege in ({"on": "database"}, {"on": "schema", "schema": "x"}):
        (violation,) = check_grant(spec, privileges=["CREATE"], **privilege)
        assert violation.field == "spec.privileges[0].database"
        assert not check_grant(spec, privileges=["CREATE"], database="shop", **privilege)


def check_block(public: bool = False, **block: Any) -> list[tuple[str, str]]:
    who = {"public": True} if public else {"userRef": {"name": "app"}}
    spec = DatabaseGrantSpec.model_validate({**who, "databaseRef": {"name": "shop"}, "postgres": block})
    return [(violation.field.removeprefix("spec."), violation.message) for violation in grant_is_possible(spec)]


def test_a_block_that_can_be_granted_passes() -> None:
    everything = {"database": "d", "schema": "s", "tables": ["*"], "functions": ["f(text)"],
                  "privileges": ["SELECT", "EXECUTE"]}  # fmt: skip
    default = {"database": "d", "schema": "s", "grantedBy": "o", "objectType": "types", "privileges": ["USAGE"]}
    assert not check_block(roles=["readers"], grants=[everything], defaultPrivileges=[default])


@pytest.mark.parametrize(
    ("block", "field", "words"),
    [
        ({}, "privileges", "nothing is granted"),
        ({"roles": ["postgres"]}, "postgres.roles[0]", "belongs to the server"),
        (
            {"grants": [{"database": "d", "tables": ["t"], "privileges": ["SELECT"]}]},
            "postgres.grants[0].schema", "in which schema the tables are",
        ),
        (
            {"grants": [{"database": "d", "privileges": ["SELECT"]}]},
            "postgres.grants[0].privileges[0]", "on a database",
        ),
        (
            {"grants": [{"database": "d", "schema": "s", "tables": ["t"], "privileges": ["SELECT", "USAGE"]}]},
            "postgres.grants[0].privileges[1]", "no privilege USAGE on a table",
        ),
        (
            {"grants": [{"database": "d", "schema": "pg_x", "tables": ["t"], "privileges": ["SELECT"]}]},
            "postgres.grants[0].schema", "belongs to the server",
        ),
        (
            {"grants": [{"database": "d", "schema": "s", "tables": ["ü" * 32], "privileges": ["SELECT"]}]},
            "postgres.grants[0].tables[0]", "at most 63 bytes",
        ),
        (
            {"defaultPrivileges": [{"database": "d", "schema": "s", "grantedBy": "o", "objectType": "tables",
                                    "privileges": ["USAGE"]}]},
            "postgres.defaultPrivileges[0].privileges[0]", "no privilege USAGE on a table",
        ),
    ],
)  # fmt: skip
def test_a_block_that_cannot_be_granted_is_refused_where_it_says_so(
    block: dict[str, Any], field: str, words: str
) -> None:
    ((where, message),) = check_block(**block)
    assert where == field and words in message


def test_everybody_is_in_no_role_and_gives_nothing_on() -> None:
    grant = {"database": "d", "privileges": ["CONNECT"], "withGrantOption": True}
    assert [field for field, _ in check_block(public=True, roles=["readers"], grants=[grant])] == [
        "postgres.roles", "postgres.grants[0].withGrantOption"
    ]  # fmt: skip
