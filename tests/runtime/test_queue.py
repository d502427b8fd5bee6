"""Tests of `runtime.queue`: properties 12 to 15 of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dbaas.api.resource import Key
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import VirtualLoop
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


class QueueModel(RuleBasedStateMachine):
    """Compares with the plainest model: which keys must come, which are in work, which must run again."""

    keys = st.sampled_from([A, B, C])

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.queue = Queue(CLOCK, SeededRandomness(1))
        self.pump = self.loop.create_task(self.queue.pump())
        self.ready: set[Key] = set()
        self.delayed: dict[Key, float] = {}
        self.running: set[Key] = set()
        self.dirty: set[Key] = set()

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    def _due(self, key: Key) -> None:
        (self.dirty if key in self.running else self.ready).add(key)

    @rule(key=keys, priority=st.sampled_from(Priority))
    def add(self, key: Key, priority: Priority) -> None:
        async def step() -> None:
            self.queue.add(key, priority)

        self.run(step())
        self._due(key)

    @rule(key=keys, seconds=st.integers(1, 20))
    def add_after(self, key: Key, seconds: int) -> None:
        async def step() -> None:
            self.queue.add_after(key, seconds)
            await asyncio.sleep(0)

        self.run(step())
        due = round(self.loop.time()) + seconds
        self.delayed[key] = min(due, self.delayed.get(key, due))

    @rule()
    def take(self) -> None:
        key = self.run(_take(self.queue))
        assert (key is None) == (not self.ready)
        if key is not None:
            assert key not in self.running
            self.ready.remove(key)
            self.delayed.pop(key, None)
            self.running.add(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def finish(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))

        async def step() -> None:
            self.queue.done(key)

        self.run(step())
        self.running.remove(key)
        if key in self.dirty:
            self.dirty.remove(key)
            self.ready.add(key)

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds: int) -> None:
        async def step() -> None:
            await CLOCK.sleep(seconds + 0.25)
            await CLOCK.sleep(0.75)

        before = round(self.loop.time())
        self.run(step())
        for key, due in list(self.delayed.items()):
            if due <= before + seconds + 1:
                del self.delayed[key]
                self._due(key)

    @invariant()
    def sizes_agree(self) -> None:
        assert len(self.queue) == len(self.ready)
        assert len(self.queue.timers) == len(self.delayed)

    def teardown(self) -> None:
        self.pump.cancel()
        self.run(asyncio.gather(self.pump, return_exceptions=True))  # type: ignore[arg-type]
        self.loop.close()


TestQueueModel = QueueModel.TestCase
TestQueueModel.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
