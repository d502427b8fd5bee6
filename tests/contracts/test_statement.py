"""Plans as values."""

from __future__ import annotations

from dbaas.contracts.statement import NOTHING, UNKNOWN, Change, Plan, Statement, Unknown, join_plans


def change(name: str, *sql: str) -> Change:
    return Change(name, 1, 2, tuple(Statement(text) for text in sql))


def test_an_empty_plan_is_false() -> None:
    assert not NOTHING
    assert Plan((change("a"),))


def test_the_statements_of_a_plan_are_those_of_its_changes_in_order() -> None:
    plan = Plan((change("a", "1", "2"), change("b", "3")))
    assert [str(statement.sql) for statement in plan.statements] == ["1", "2", "3"]


def test_plans_are_joined_one_after_the_other() -> None:
    joined = join_plans([Plan((change("a"),)), NOTHING, Plan((change("b"),))])
    assert [each.field for each in joined.changes] == ["a", "b"]


def test_what_is_unknown_is_the_same_whatever_the_reason() -> None:
    assert Unknown("no right") == UNKNOWN
