"""Arithmetic of sizes."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.sizes import MOST, ONE, UNKNOWN, Size, scale


@pytest.mark.parametrize(
    ("count", "factor", "scaled"),
    [
        (0, 0.1, 0),
        (1, 0.1, 1),
        (10, 0.1, 1),
        (11, 0.1, 2),
        (7, 1, 7),
        (MOST, 0.1, 1844674407370955264),
        (MOST, 2, MOST),
    ],
)
def test_parts_of_a_unit_count_as_a_whole_one(count: int, factor: float, scaled: int) -> None:
    assert scale(count, factor) == scaled


def test_sizes_stop_at_the_largest_number() -> None:
    assert UNKNOWN.plus(ONE) == Size(1, MOST)
    assert UNKNOWN.times(Size(2, 2)) == Size(0, MOST)


def test_one_or_the_other_is_as_small_as_the_smaller_and_as_large_as_the_larger() -> None:
    assert Size(2, 9).or_(Size(3, 12)) == Size(2, 12)
