"""Parts of moments and spans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.times import FUNCTIONS

MOMENT = datetime(2024, 1, 1, 23, 59, 58, 120_000, tzinfo=UTC)


@pytest.mark.parametrize(("zone", "hours"), [("UTC", 23), ("+02:30", 2), ("-01:00", 22), ("America/New_York", 18)])
def test_a_part_is_that_of_the_zone(zone: str, hours: int) -> None:
    assert FUNCTIONS["getHours"](MOMENT, zone) == hours


def test_a_zone_that_nobody_knows_fails() -> None:
    with pytest.raises(Failure, match="unknown time zone x/y"):
        FUNCTIONS["getHours"](MOMENT, "x/y")


def test_parts_of_a_span_are_all_of_it() -> None:
    span = timedelta(hours=1, milliseconds=1500)
    assert [FUNCTIONS[f"get{part}"](span) for part in ("Hours", "Minutes", "Seconds")] == [1, 60, 3601]
    assert FUNCTIONS["getMilliseconds"](span) == 3_601_500
    assert FUNCTIONS["getMilliseconds"](MOMENT) == 120
