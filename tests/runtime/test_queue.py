"""Tests of `runtime.queue`: properties 12 to 15 of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbaas.api.resource import Key
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.budget import RetryBudget
from dbaas.runtime.queue import AGEING_SECONDS, Backoff, Priority, Queue
from fixtures.operating import virtually

A, B, C = (Key("", name) for name in "abc")
CLOCK = LoopClock()


@asynccontextmanager
async def _pumped() -> AsyncIterator[Queue]:
    queue = Queue(CLOCK, SeededRandomness(1))
    pump = asyncio.create_task(queue.pump())
    try:
        yield queue
    finally:
        pump.cancel()


async def _take(queue: Queue) -> Key | None:
    """None where no key is ready."""
    task = asyncio.create_task(queue.take())
    for _ in range(3):
        await asyncio.sleep(0)
    if task.done() and (taken := task.result()) is not None:
        return taken.key
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None


@virtually
async def test_a_key_that_waits_is_there_once() -> None:
    async with _pumped() as queue:
        queue.add(A)
        queue.add(A)
        assert [await _take(queue), await _take(queue)] == [A, None]


@virtually
async def test_a_key_added_while_in_work_runs_exactly_once_more() -> None:
    async with _pumped() as queue:
        queue.add(A)
        await _take(queue)
        queue.add(A)
        queue.add(A)
        assert await _take(queue) is None
        queue.done(A)
        assert await _take(queue) == A
        queue.done(A)
        assert await _take(queue) is None


@virtually
async def test_what_is_urgent_comes_first_and_the_rest_in_order() -> None:
    async with _pumped() as queue:
        queue.add(A, Priority.BACKGROUND)
        queue.add(B, Priority.CHILD)
        queue.add(C, Priority.USER)
        assert [await _take(queue) for _ in range(3)] == [C, B, A]


@virtually
async def test_a_more_urgent_call_moves_a_waiting_key_forward() -> None:
    async with _pumped() as queue:
        queue.add(A, Priority.CHILD)
        queue.add(B, Priority.BACKGROUND)
        queue.add(B, Priority.USER)
        queue.add(B, Priority.BACKGROUND)
        assert [await _take(queue) for _ in range(3)] == [B, A, None]


@virtually
async def test_a_key_that_has_waited_long_overtakes_urgent_ones() -> None:
    async with _pumped() as queue:
        queue.add(A, Priority.BACKGROUND)
        await CLOCK.sleep(2 * AGEING_SECONDS + 1)
        queue.add(B, Priority.USER)
        assert [await _take(queue), await _take(queue)] == [A, B]


@virtually
async def test_a_delayed_key_comes_at_the_earliest_time_wished() -> None:
    async with _pumped() as queue:
        queue.add_after(A, 60)
        queue.add_after(A, 5)
        queue.add_after(A, 30)
        taken = await queue.take()
        assert taken is not None
        assert CLOCK.monotonic() == 5
        queue.done(A)
        await CLOCK.sleep(100)
        assert await _take(queue) is None


@virtually
async def test_a_run_makes_delayed_wishes_for_its_key_void() -> None:
    async with _pumped() as queue:
        queue.add_after(A, 60)
        queue.add(A)
        assert await _take(queue) == A
        queue.done(A)
        await CLOCK.sleep(100)
        assert await _take(queue) is None


@virtually
async def test_retries_come_ever_later_up_to_a_limit_until_forgotten() -> None:
    async with _pumped() as queue:
        backoff = Backoff(0.5, 300)
        for failures in range(30):
            assert 0 <= queue.retry(A, backoff) <= min(300, 0.5 * 2**failures)
        queue.forget(A)
        assert queue.retry(A, backoff) <= 0.5


@virtually
async def test_all_queues_share_one_budget_of_retries_and_healthy_keys_do_not_feel_it() -> None:
    budget = RetryBudget(CLOCK, per_second=1, burst=5)
    queues = [Queue(CLOCK, SeededRandomness(seed), budget) for seed in (1, 2)]
    backoff = Backoff(0.5, 2)
    for queue in queues:
        assert queue.retry(A, backoff) <= 0.5  # the first of a key is free
    pauses = [queue.retry(A, backoff) for _ in range(20) for queue in queues]
    assert max(pauses[:3]) <= 2
    assert pauses[-1] == 35
    assert queues[0].retry(B, backoff) <= 0.5
    assert all(queues[0].retry(C, Backoff(0.5, 2, shared=False)) <= 2 for _ in range(10))


def test_backoff_is_spread_over_its_whole_range() -> None:
    randomness = SeededRandomness(3)
    draws = [Backoff(1, 1).draw(0, randomness) for _ in range(200)]
    assert min(draws) < 0.1
    assert max(draws) > 0.9


@virtually
async def test_closing_ends_all_takers_and_lets_nothing_in() -> None:
    async with _pumped() as queue:
        takers = [asyncio.create_task(queue.take()) for _ in range(3)]
        await asyncio.sleep(0)
        queue.close()
        assert await asyncio.gather(*takers) == [None, None, None]
        queue.add(A)
        assert len(queue) == 0


@virtually
async def test_a_cancelled_taker_loses_no_key() -> None:
    async with _pumped() as queue:
        first, second = asyncio.create_task(queue.take()), asyncio.create_task(queue.take())
        await asyncio.sleep(0)
        queue.add(A)
        first.cancel()
        taken = await second
        assert taken is not None
        assert taken.key == A


@virtually
async def test_takers_that_are_cancelled_while_keys_come_end_and_lose_none() -> None:
    async with _pumped() as queue:
        takers = [asyncio.create_task(queue.take()) for _ in range(4)]
        await asyncio.sleep(0)
        for taker in takers[:3]:
            taker.cancel()
        for key in (A, B, C):
            queue.add(key)
        await asyncio.wait(takers)
        assert [taker.cancelled() for taker in takers] == [True, True, True, False]
        assert len({await _take(queue), await _take(queue)}) == 2


@virtually
async def test_it_says_how_long_a_key_waited_and_runs() -> None:
    async with _pumped() as queue:
        queue.add(A)
        await CLOCK.sleep(2)
        taken = await queue.take()
        assert taken is not None
        assert taken.waited_seconds == 2
        await CLOCK.sleep(3)
        assert queue.running_seconds() == [3]
        assert not queue.is_idle
