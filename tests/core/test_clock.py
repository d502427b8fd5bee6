"""The machine's clock, the loop's clock, and times as Kubernetes writes them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone

import pytest

from dbaas.core.clock import EPOCH, LoopClock, SystemClock, format_time, parse_time
from dbaas.core.simulation import run_virtually


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)


def test_the_system_clock_only_grows() -> None:
    clock = SystemClock()
    assert clock.monotonic() <= clock.monotonic()


async def test_the_system_clock_waits_at_least_as_long_as_asked() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - began >= 0.01


def test_on_virtual_time_the_loop_clock_moves_by_exactly_what_was_slept() -> None:
    async def sleep_for_a_day() -> tuple[datetime, float]:
        clock = LoopClock()
        await clock.sleep(86400)
        return clock.now(), clock.monotonic()

    assert run_virtually(sleep_for_a_day()) == (EPOCH + timedelta(days=1), 86400.0)


def test_a_sleep_ends_when_it_is_cancelled() -> None:
    async def cancel_a_sleep() -> float:
        clock = LoopClock()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await clock.sleep(100)
        return clock.monotonic()

    assert run_virtually(cancel_a_sleep()) == 1.0


def test_times_are_written_in_utc_to_the_second() -> None:
    moment = datetime(2026, 5, 4, 3, 2, 1, 999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "2026-05-04T01:02:01Z"


@pytest.mark.parametrize("text", ["2026-05-04T01:02:01Z", "2026-05-04T03:02:01+02:00", "2026-05-04T01:02:01.000000Z"])
def test_times_are_read_with_any_offset_and_fraction(text: str) -> None:
    assert parse_time(text) == datetime(2026, 5, 4, 1, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2026-05-04T01:02:01", "yesterday", ""])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|isoformat"):
        parse_time(text)
