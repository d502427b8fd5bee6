"""Durations as manifests write them, and ages as kubectl prints them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.core.duration import format_age, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("5m", 300), ("4h", 14400), ("7d", 604800), ("2w", 1209600), ("1h30m", 5400), ("1.5s", 1.5),
     ("250ms", 0.25), ("0s", 0)],
)  # fmt: skip
def test_a_duration_is_the_sum_of_its_parts(text: str, seconds: float) -> None:
    assert parse_duration(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5M", "1h 30m", "5m\n", ".5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "age"),
    [(0, "0s"), (-5, "0s"), (119, "119s"), (120, "2m"), (200, "3m20s"), (600, "10m"), (10799, "179m"), (10800, "3h"),
     (11100, "3h5m"), (28800, "8h"), (172799, "47h"), (172800, "2d"), (187200, "2d4h"), (691200, "8d"),
     (40000000, "462d")],
)  # fmt: skip
def test_an_age_is_as_short_as_kubectl_prints_it(seconds: int, age: str) -> None:
    assert format_age(timedelta(seconds=seconds)) == age


@given(st.integers(min_value=0, max_value=10**9))
def test_an_age_is_never_longer_than_the_time_that_has_passed(seconds: int) -> None:
    assert parse_duration(format_age(timedelta(seconds=seconds))) <= timedelta(seconds=seconds)
