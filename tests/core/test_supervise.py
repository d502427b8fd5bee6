"""Loops that must not die."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from structlog.testing import capture_logs

from dbaas.core.clock import LoopClock
from dbaas.core.simulation import run_virtually
from dbaas.core.supervise import Abandoned, attempt, attempt_now, supervise


class Failing:
    """Fails so often, each time after `lasting` seconds, then returns; `began` are the times of its starts."""

    def __init__(self, failures: int, lasting: float = 0.0) -> None:
        self.failures = failures
        self.lasting = lasting
        self.began: list[float] = []

    async def __call__(self) -> None:
        self.began.append(LoopClock().monotonic())
        await LoopClock().sleep(self.lasting)
        if len(self.began) <= self.failures:
            raise RuntimeError("broken")


def starts_of(loop: Failing) -> list[float]:
    run_virtually(supervise("test", loop, LoopClock()))
    return loop.began


def test_a_loop_that_returns_is_not_started_again() -> None:
    assert starts_of(Failing(0)) == [0.0]


def test_a_loop_that_fails_is_started_again_after_growing_pauses() -> None:
    began = starts_of(Failing(9))
    pauses = [round(b - a, 3) for a, b in itertools.pairwise(began)]
    assert pauses == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_pauses_start_anew_after_a_long_run() -> None:
    began = starts_of(Failing(3, lasting=31.0))
    assert [b - a for a, b in itertools.pairwise(began)] == [31.5, 31.5, 31.5]


def test_each_failure_is_logged_with_the_loop_and_the_pause() -> None:
    with capture_logs() as logs:
        starts_of(Failing(1))
    assert [(entry["event"], entry["loop"], entry["retry_seconds"]) for entry in logs] == [("loop_failed", "test", 0.5)]


def test_cancellation_ends_a_supervised_loop() -> None:
    async def cancel() -> bool:
        task = asyncio.create_task(supervise("test", Failing(0, lasting=1000.0), LoopClock()))
        await LoopClock().sleep(1)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert run_virtually(cancel())


def test_a_loop_that_fails_while_it_is_cancelled_is_not_started_again() -> None:
    began: list[float] = []

    async def loop() -> None:
        began.append(LoopClock().monotonic())
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("broken at its end")

    async def cancel() -> bool:
        task = asyncio.create_task(supervise("test", loop, LoopClock()))
        await LoopClock().sleep(1)
        task.cancel()
        await asyncio.wait([task], timeout=100)
        return task.cancelled()

    assert run_virtually(cancel())
    assert began == [0.0]


async def test_an_attempt_returns_what_was_raised() -> None:
    assert isinstance(await attempt(Failing(1)), RuntimeError)
    assert await attempt(Failing(0)) is None


async def test_cancellation_passes_through_an_attempt() -> None:
    task = asyncio.create_task(attempt(asyncio.Event().wait))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _wait_for_what_is_cancelled() -> None:
    future = asyncio.get_running_loop().create_future()
    future.cancel()
    await future


async def test_a_cancellation_that_nobody_asked_for_is_a_failure() -> None:
    assert isinstance(await attempt(_wait_for_what_is_cancelled), Abandoned)


def test_a_loop_is_not_ended_by_a_cancellation_that_nobody_asked_for() -> None:
    began: list[float] = []

    async def loop() -> None:
        began.append(LoopClock().monotonic())
        if len(began) < 3:
            await _wait_for_what_is_cancelled()

    run_virtually(supervise("test", loop, LoopClock()))
    assert began == [0.0, 0.5, 1.5]


async def test_an_attempt_can_be_given_a_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await attempt(asyncio.Event().wait)  # type: ignore[arg-type]


def test_an_attempt_of_what_does_not_wait_returns_what_was_raised() -> None:
    def fail() -> None:
        raise RuntimeError("test")

    assert isinstance(attempt_now(fail), RuntimeError)
    assert attempt_now(lambda: None) is None
