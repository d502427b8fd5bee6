"""Quantities in rules; `tests/conformance` proves many more."""

from __future__ import annotations

from decimal import Decimal

import pytest

from dbaas.apiserver.schemas.expressions.quantities import (
    FUNCTIONS,
    add,
    compare,
    is_quantity,
    sign,
    subtract,
    to_quantity,
)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1.5Gi", "1610612736"),
        ("1000m", "1"),
        ("1e3", "1000"),
        ("1E", "1000000000000000000"),
        (".5", "0.5"),
        ("0.1n", "0.000000001"),
        ("-0.1n", "-0.000000001"),
        ("-0", "0"),
        ("100Ei", "9223372036854775807"),
        ("Mi", "0"),
    ],
)
def test_equal_amounts_are_equal_values(text: str, amount: str) -> None:
    assert to_quantity(text) == to_quantity(amount)
    assert to_quantity(text).content.number == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "regular expression"),
        ("1 ", "regular expression"),
        ("1K", "suffix"),
        ("1e", "suffix"),
        ("Ei", "numeric part"),
    ],
)
def test_what_is_no_quantity_is_refused_with_its_reason(text: str, reason: str) -> None:
    assert not is_quantity(text)
    with pytest.raises(ValueError, match=reason):
        to_quantity(text)


def test_quantities_are_reckoned_with_exactly() -> None:
    large, small = to_quantity("99999999999999999999G"), to_quantity("1n")
    assert subtract(add(large, small), large) == small
    assert add(small, 1) == to_quantity("1000000001n")
    assert [compare(large, small), compare(small, large), compare(small, small)] == [1, -1, 0]
    assert [sign(small), sign(subtract(small, 1)), sign(subtract(small, small))] == [1, -1, 0]
    assert FUNCTIONS["isGreaterThan"](large, small)
    assert not FUNCTIONS["isLessThan"](small, small)


@pytest.mark.parametrize(
    ("text", "is_held"),
    [("1.5k", True), ("1Gi", True), ("Mi", True), ("1.0", False), ("1.5Gi", False), ("7Ei", False), ("1000m", False)],
)
def test_a_whole_number_is_one_that_go_holds_as_such(text: str, is_held: bool) -> None:
    assert FUNCTIONS["isInteger"](to_quantity(text)) == is_held


def test_what_is_added_is_held_as_finely_as_its_finest_part() -> None:
    assert not FUNCTIONS["isInteger"](add(to_quantity("500m"), to_quantity("500m")))
    assert FUNCTIONS["asInteger"](add(to_quantity("1k"), 1)) == 1001
    assert FUNCTIONS["isInteger"](add(to_quantity("0m"), 1))
