"""How long a request may take."""

from __future__ import annotations

import asyncio

import pytest

from dbaas.apiserver.deadlines import LONGEST_SECONDS, SharedDeadline, seconds_for
from dbaas.apiserver.failures import Failure
from dbaas.contracts.transport import Request
from dbaas.core.clock import LoopClock
from dbaas.core.simulation import run_virtually


def seconds(**query: str) -> float | None:
    return seconds_for(Request("GET", "/", query))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("10s", 10.0), ("1.5s", 1.5), ("200ms", 0.2), ("+.5s", 0.5), ("1s500ms", 1.5), ("3us", 3e-6)],
)
def test_durations_are_read_as_go_reads_them(text: str, expected: float) -> None:
    assert seconds(timeout=text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["", "0", "0s", "-1s", "2h", "60s"])
def test_nothing_less_than_nothing_and_too_much_are_the_longest(text: str) -> None:
    assert seconds(timeout=text) == LONGEST_SECONDS


def test_a_watch_ends_by_itself() -> None:
    assert seconds(watch="true", timeout="abc") is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("abc", 'invalid duration "abc"'),
        (".s", 'invalid duration ".s"'),
        ("5", 'missing unit in duration "5"'),
        ("5d", 'unknown unit "d" in duration "5d"'),
    ],
)
def test_what_is_no_duration_is_a_bad_request(text: str, why: str) -> None:
    with pytest.raises(Failure) as refused:
        seconds(timeout=text)
    assert refused.value.code == 400
    assert refused.value.message == f"invalid timeout specified in the request URL - time: {why}"


async def _work(clock: LoopClock, seconds: float) -> float:
    await clock.sleep(seconds)
    return seconds


def test_each_task_has_its_whole_time_and_no_more() -> None:
    async def story() -> None:
        clock, deadline = LoopClock(), SharedDeadline(10)
        first = asyncio.ensure_future(deadline.hold(_work(clock, 9.5)))
        long = asyncio.ensure_future(deadline.hold(_work(clock, 60)))
        await clock.sleep(8)
        second = asyncio.ensure_future(deadline.hold(_work(clock, 9)))
        later = asyncio.ensure_future(deadline.hold(_work(clock, 60)))
        assert await first == 9.5
        with pytest.raises(TimeoutError):
            await long
        assert clock.monotonic() == pytest.approx(10)
        assert await second == 9
        with pytest.raises(TimeoutError):
            await later
        assert clock.monotonic() == pytest.approx(18)
        again = asyncio.ensure_future(deadline.hold(_work(clock, 60)))  # after all was quiet
        with pytest.raises(TimeoutError):
            await again
        assert clock.monotonic() == pytest.approx(28)

    run_virtually(story())


def test_a_task_goes_on_after_its_deadline() -> None:
    async def story() -> str:
        clock, deadline = LoopClock(), SharedDeadline(10)
        with pytest.raises(TimeoutError):
            await deadline.hold(_work(clock, 60))
        await clock.sleep(1)
        assert await deadline.hold(_work(clock, 3)) == 3
        await clock.sleep(100)
        return "went on"

    assert run_virtually(story()) == "went on"


def test_a_task_that_is_cancelled_ends_as_cancelled() -> None:
    async def story() -> None:
        clock, deadline = LoopClock(), SharedDeadline(10)
        task = asyncio.ensure_future(deadline.hold(_work(clock, 60)))
        await clock.sleep(5)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        both = asyncio.ensure_future(deadline.hold(_work(clock, 60)))
        await clock.sleep(10)
        both.cancel()  # at the moment of the deadline
        await asyncio.wait([both])
        assert both.cancelled()

    run_virtually(story())
