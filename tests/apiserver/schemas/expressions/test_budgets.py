"""Limits for the cost of rules."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.budgets import Budget
from dbaas.apiserver.schemas.expressions.extents import Extent

SMALL = Extent(0, 2)
TEXT = {"type": "string"}


def excess(cost: int, budget: Budget | None = None) -> list[str]:
    found = map(str, (budget or Budget()).spend_on_rule(cost, SMALL, "here"))
    return [each.split("factor of ")[1].split(" (try")[0] for each in found]


@pytest.mark.parametrize(
    ("cost", "times"),
    [
        (10_000_000, []),
        (10_000_001, ["1.000000x"]),
        (15_000_000, ["1.5x"]),
        (1_000_000_000, ["100.0x"]),
        (1_000_000_001, ["more than 100x"]),
    ],
)
def test_a_rule_may_cost_ten_million(cost: int, times: list[str]) -> None:
    assert excess(cost) == times


@pytest.mark.parametrize(
    ("schemas", "count"),
    [
        ([], 1),
        ([{"type": "object", "properties": {"a": TEXT}}], 1),
        ([{"type": "array", "maxItems": 5}], 5),
        ([{"type": "array", "maxItems": -5}], 0),
        ([{"type": "array", "maxItems": 5}, {"type": "object", "additionalProperties": TEXT, "maxProperties": 3}], 15),
        ([{"type": "array"}], None),
        ([{"type": "array"}, {"type": "array", "maxItems": 5}], None),
        ([{"type": "object", "additionalProperties": TEXT}], None),
    ],
)
def test_places_below_lists_and_maps_count_as_often_as_these_allow(schemas: list[Any], count: int | None) -> None:
    budget = Budget()
    for each in schemas:
        budget = budget.below(each)
    assert budget.count == count


def test_a_place_without_bounds_counts_as_often_as_it_fits_into_a_request() -> None:
    assert excess(9, Budget(count=None)) == []
    assert excess(10, Budget(count=None)) == ["1.048576x"]


def test_all_places_of_a_definition_spend_together_and_the_dearest_are_told() -> None:
    root = Budget()
    for number in range(11):
        below = root.below({"type": "array", "maxItems": 1000})
        assert list(below.spend_on_rule(9_000 + number, SMALL, f"rule {number}")) == []
        assert bool(list(root.problems("root"))) is False
    assert list(root.spend_on_message(9_999_999, "message")) == []
    told = [each.field for each in root.problems("root")]
    assert told == ["message", "rule 10", "rule 9", "rule 8", "root"]
