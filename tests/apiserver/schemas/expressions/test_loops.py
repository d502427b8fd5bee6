"""Macros that go over elements."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.evaluation import plan
from dbaas.apiserver.schemas.expressions.failures import Failure, TooDear
from dbaas.apiserver.schemas.expressions.loops import names_of_loop
from dbaas.apiserver.schemas.expressions.runs import LIMIT_OF_CALL, Run
from dbaas.apiserver.schemas.expressions.syntax import parse

NAMES: dict[str, Any] = {"l": [1, 2, 3], "m": {"a": 1, "b": 2}, "x": "outside"}


def evaluate(source: str) -> tuple[Any, int]:
    run = Run(NAMES)
    found = plan(parse(source))(run)
    assert run.names == NAMES
    return found, run.spent


@pytest.mark.parametrize(
    ("source", "value", "cost"),
    [
        ("l.all(x, x > 0)", True, 17),
        ("l.all(x, x > 1)", False, 9),
        ("l.exists(x, x == 1)", True, 11),
        ("l.exists_one(x, x == 1)", True, 11),
        ("l.filter(x, x > 1)", [2, 3], 34),
        ("l.map(x, x * 2)", [2, 4, 6], 44),
        ("l.map(x, x > 1, 0)", [0, 0], 12),
        ("m.all(k, v, k != 'z' && v > 0)", True, 16),
        ("l.transformList(i, v, i)", [0, 1, 2], 41),
        ("m.transformMap(k, v, v + 1)", {"a": 2, "b": 3}, 12),
        ("m.transformMapEntry(k, v, {v: k})", {1: "a", 2: "b"}, 70),
    ],
)
def test_loops_have_values_and_costs(source: str, value: Any, cost: int) -> None:
    assert evaluate(source) == (value, cost)


@pytest.mark.parametrize("source", ["l.all(x, 1 / (x - 2) > 9)", "!l.exists(x, 1 / (x - 2) == 1)"])
def test_an_element_that_decides_absorbs_the_errors_of_others(source: str) -> None:
    assert evaluate(source)[0] is False


@pytest.mark.parametrize(
    "source", ["l.map(x, 1 / (x - 2))", "l.filter(x, 1 / (x - 2) == 1)", "l.all(x, 1 / (x - 2) > -9)"]
)
def test_an_error_that_nothing_absorbs_is_told(source: str) -> None:
    with pytest.raises(Failure, match="division by zero"):
        evaluate(source)


def test_a_key_is_made_once() -> None:
    with pytest.raises(Failure, match="key a already exists"):
        evaluate("l.transformMapEntry(i, v, {'a': v})")


def test_a_loop_ends_where_it_has_cost_too_much() -> None:
    run = Run({"l": list(range(2000))})
    with pytest.raises(TooDear):
        plan(parse("l.all(x, l.all(y, x >= 0))"))(run)
    assert LIMIT_OF_CALL < run.spent < LIMIT_OF_CALL + 100


def test_macros_are_told_by_their_arguments() -> None:
    assert [names_of_loop("all", count) for count in (1, 2, 3)] == [0, 1, 2]
    assert [names_of_loop("map", count) for count in (2, 3, 4)] == [1, 1, 0]
