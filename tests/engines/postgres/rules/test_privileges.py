"""What is refused in an item of privileges, with the field and a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.grant import Privilege
from dbaas.contracts.admission import Violation
from dbaas.engines.postgres.rules.privileges import check_privileges

FUNCTION = {"on": "function", "schema": "s", "privileges": ["EXECUTE"]}
TABLE = {"on": "table", "schema": "s", "names": ["t"], "privileges": ["SELECT"]}
PARAMETER = {"on": "parameter", "names": ["work_mem"], "privileges": ["SET"]}
LARGE = {"on": "largeObject", "names": ["7"], "privileges": ["SELECT"]}


def check(item: dict[str, Any], *, has_database: bool = True) -> list[Violation]:
    return list(check_privileges("spec.privileges", [Privilege.model_validate(item)], has_database=has_database))


@pytest.mark.parametrize(
    "item",
    [
        {**FUNCTION, "names": ["f(integer, text)", "*", "x" * 63 + "(text)"]},
        {**TABLE, "columns": ["a", "b c"]},
        {**TABLE, "on": "column", "columns": ["a"], "privileges": ["ALL"]},
        {**TABLE, "grantor": "somebody", "withGrantOption": True},
        {**PARAMETER, "names": ["DateStyle", "my.own_one$"], "privileges": ["SET", "ALTER SYSTEM"]},
        LARGE,
        {**LARGE, "names": [], "future": True, "grantor": "somebody"},
        {"on": "language", "names": ["*"], "privileges": ["USAGE"]},
        {"on": "tablespace", "names": ["fast"], "privileges": ["CREATE"]},
    ],
)
def test_what_can_be_granted_passes(item: dict[str, Any]) -> None:
    assert check(item) == []


@pytest.mark.parametrize(
    ("item", "field", "words"),
    [
        ({"on": "global", "privileges": ["ALL"]}, "on", "are its attributes"),
        ({**TABLE, "columns": ["a"], "privileges": ["DELETE"]}, "privileges[0]", "on a column: choose from SELECT"),
        ({**TABLE, "on": "column"}, "columns", "which columns"),
        ({**TABLE, "columns": ["a"], "names": ["*"]}, "names", "name the tables"),
        ({**FUNCTION, "names": ["f"], "columns": ["a"]}, "columns", "has no columns"),
        ({**FUNCTION, "names": ["x" * 64]}, "names[0]", "at most 63 bytes"),
        ({**FUNCTION, "names": ["f"], "privileges": ["USAGE"]}, "privileges[0]", "choose from EXECUTE"),
        ({**FUNCTION, "on": "procedure", "future": True}, "future", "say function"),
        ({"on": "domain", "schema": "s", "future": True, "privileges": ["USAGE"]}, "future", "say type"),
        ({"on": "language", "future": True, "privileges": ["USAGE"]}, "future", "no default privileges on languages"),
        ({"on": "language", "schema": "s", "names": ["x"], "privileges": ["USAGE"]}, "schema", "in no schema"),
        ({**PARAMETER, "names": ["a;b"]}, "names[0]", "not the name of a parameter"),
        ({**PARAMETER, "names": ["a..b"]}, "names[0]", "not the name of a parameter"),
        ({**PARAMETER, "names": ["*"]}, "names", "one by one"),
        ({**PARAMETER, "database": "shop"}, "database", "in no database"),
        ({**LARGE, "names": ["07"]}, "names[0]", "by its number"),
        ({**LARGE, "names": ["4294967296"]}, "names[0]", "by its number"),
        ({**TABLE, "names": [], "columns": ["a"], "future": True}, "columns", "no columns yet"),
    ],
)
def test_what_cannot_be_granted_is_refused(item: dict[str, Any], field: str, words: str) -> None:
    (violation,) = check(item)
    assert violation.field == f"spec.privileges[0].{field}" and words in violation.message


def test_an_item_needs_a_database_unless_it_is_on_the_server() -> None:
    (violation,) = check(TABLE, has_database=False)
    assert violation.field == "spec.privileges[0].database"
    assert not check(PARAMETER, has_database=False)
    (future,) = check({**TABLE, "names": [], "future": True, "database": "shop"}, has_database=False)
    assert future.field == "spec.privileges[0].grantor"
