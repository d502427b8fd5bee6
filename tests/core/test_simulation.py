"""A loop on virtual time."""

from __future__ import annotations

import asyncio
import time

import pytest

from dbaas.core.clock import LoopClock
from dbaas.core.simulation import DeadlockError, run_virtually


def test_a_year_passes_in_no_time() -> None:
    began = time.monotonic()
    run_virtually(LoopClock().sleep(365 * 86400))
    assert time.monotonic() - began < 5


def test_timers_fire_in_the_order_of_their_times() -> None:
    async def race() -> list[int]:
        order: list[int] = []

        async def note(number: int) -> None:
            await LoopClock().sleep(number)
            order.append(number)

        await asyncio.gather(*(note(number) for number in (3, 1, 2)))
        return order

    assert run_virtually(race()) == [1, 2, 3]


def test_the_time_begins_at_zero_for_each_run() -> None:
    async def now() -> float:
        return asyncio.get_running_loop().time()

    assert [run_virtually(now()), run_virtually(now())] == [0.0, 0.0]


def test_waiting_for_what_can_never_come_raises_instead_of_hanging() -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError):
        run_virtually(wait())


def test_the_answer_and_the_error_of_the_coroutine_come_through() -> None:
    async def fail() -> None:
        raise KeyError("x")

    async def answer() -> int:
        return 42

    assert run_virtually(answer()) == 42
    with pytest.raises(KeyError):
        run_virtually(fail())
