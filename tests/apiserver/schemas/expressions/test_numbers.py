"""Operators."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload
from dbaas.apiserver.schemas.expressions.numbers import OPERATORS
from dbaas.apiserver.schemas.expressions.things import KeyedList, SetList, UInt

MOST = 2**63 - 1


@pytest.mark.parametrize(
    ("sign", "one", "other", "found"),
    [
        ("_/_", -7, 2, -3),
        ("_%_", -7, 2, -1),
        ("_%_", 7, -2, 1),
        ("_/_", 1.0, 0.0, math.inf),
        ("_+_", SetList([1, 2]), [2, 3], [1, 2, 3]),
        ("_+_", KeyedList([{"k": 1, "v": 1}], ["k"]), [{"k": 1, "v": 2}], [{"k": 1, "v": 2}]),
        ("_<_", 1, 1.5, True),
        ("_>=_", "b", "a", True),
    ],
)
def test_operators_answer(sign: str, one: Any, other: Any, found: Any) -> None:
    assert OPERATORS[sign](one, other) == found


@pytest.mark.parametrize(
    ("sign", "one", "other", "reason"),
    [
        ("_+_", MOST, 1, "integer overflow"),
        ("_*_", MOST, 2, "integer overflow"),
        ("_-_", UInt(1), UInt(2), "unsigned integer overflow"),
        ("_/_", -MOST - 1, -1, "integer overflow"),
        ("_/_", 1, 0, "division by zero"),
        ("_%_", 1, 0, "modulus by zero"),
        ("_<_", math.nan, 1.0, "NaN values cannot be ordered"),
        ("_+_", datetime(9999, 12, 31, tzinfo=UTC), timedelta(days=2), "timestamp overflow"),
    ],
)
def test_what_has_no_answer_fails(sign: str, one: Any, other: Any, reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        OPERATORS[sign](one, other)


@pytest.mark.parametrize(("sign", "one", "other"), [("_+_", 1, "a"), ("_<_", 1, True), ("_<_", [1], [2])])
def test_other_types_are_refused(sign: str, one: Any, other: Any) -> None:
    with pytest.raises(NoOverload):
        OPERATORS[sign](one, other)
