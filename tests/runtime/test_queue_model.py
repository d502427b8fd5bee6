"""The queue against the plainest model: which keys wait since when, which are in work, which must run again."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dbaas.api.resource import Key
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import VirtualLoop
from dbaas.runtime.queue import AGEING_SECONDS, Backoff, Priority, Queue

pytestmark = pytest.mark.slow

CLOCK = LoopClock()
BACKOFF = Backoff(0.5, 20.0)
KEYS = st.sampled_from([Key("", name) for name in "abcd"])
PRIORITIES = st.sampled_from(Priority)


@dataclass
class _Waiting:
    """`number` orders those of one rank: who came or moved forward first."""

    since: float
    rank: float
    number: int


class QueueModel(RuleBasedStateMachine):
    """Each rule does the same to the queue and to the model."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualLoop()
        self.queue = Queue(CLOCK, SeededRandomness(1))
        self.pump = self.loop.create_task(self.queue.pump())
        self.ready: dict[Key, _Waiting] = {}
        self.delayed: dict[Key, float] = {}
        self.running: dict[Key, Priority | None] = {}
        self.failures: dict[Key, int] = {}
        self.added = 0

    def run(self, step: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(step)

    def now(self) -> float:
        return self.loop.time()

    def expect(self, key: Key, priority: Priority, now: float) -> None:
        if key in self.running:
            again = self.running[key]
            self.running[key] = priority if again is None else min(again, priority)
            return
        self.added += 1
        waiting = self.ready.get(key)
        rank = now + priority * AGEING_SECONDS
        if waiting is None:
            self.ready[key] = _Waiting(now, rank, self.added)
        elif rank < waiting.rank:
            self.ready[key] = _Waiting(waiting.since, rank, self.added)

    @rule(key=KEYS, priority=PRIORITIES)
    def add(self, key: Key, priority: Priority) -> None:
        async def step() -> None:
            self.queue.add(key, priority)

        self.run(step())
        self.expect(key, priority, self.now())

    @rule(key=KEYS, seconds=st.integers(1, 20))
    def add_after(self, key: Key, seconds: int) -> None:
        async def step() -> None:
            self.queue.add_after(key, seconds)
            await asyncio.sleep(0)

        self.run(step())
        self.delay(key, seconds)

    def delay(self, key: Key, seconds: float) -> None:
        due = self.now() + seconds
        self.delayed[key] = min(due, self.delayed.get(key, due))

    @rule()
    def take(self) -> None:
        taken = self.run(_take(self.queue))
        if not self.ready:
            assert taken is None
            return
        first = min(self.ready, key=lambda key: (self.ready[key].rank, self.ready[key].number))
        assert taken == (first, self.now() - self.ready[first].since)
        waiting = self.ready.pop(first)
        assert all(other.since >= waiting.since - 2 * AGEING_SECONDS for other in self.ready.values()), "it starves"
        self.delayed.pop(first, None)
        assert first not in self.running
        self.running[first] = None

    @precondition(lambda self: self.running)
    @rule(data=st.data(), failed=st.booleans())
    def finish(self, data: st.DataObject, failed: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))

        async def step() -> float:
            pause = self.queue.retry(key, BACKOFF) if failed else 0.0
            if not failed:
                self.queue.forget(key)
            self.queue.done(key)
            await asyncio.sleep(0)
            return pause

        pause = self.run(step())
        if failed:
            count = self.failures.get(key, 0)
            assert 0 <= pause <= min(20, 0.5 * 2**count)
            self.failures[key] = count + 1
            self.delay(key, pause)
        else:
            self.failures.pop(key, None)
        again = self.running.pop(key)
        if again is not None:
            self.expect(key, again, self.now())

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds: int) -> None:
        self.run(CLOCK.sleep(seconds))
        self.run(CLOCK.sleep(0.001))  # what is due at this very moment has come by then
        for key, due in sorted(self.delayed.items(), key=lambda item: item[1]):
            if due <= self.now():
                del self.delayed[key]
                self.expect(key, Priority.CHILD, due)

    @invariant()
    def sizes_agree(self) -> None:
        assert len(self.queue) == len(self.ready)
        assert len(self.queue.timers) == len(self.delayed)
        assert self.queue.is_idle == (not self.ready and not self.running)

    def teardown(self) -> None:
        """Whatever was asked for comes: nothing is lost."""
        try:
            self.wait(30)
            for key in list(self.running):
                self.run(self._finish_well(key))
            expected = set(self.ready)
            assert {self.run(_take(self.queue))[0] for _ in expected} == expected
        finally:
            self.pump.cancel()
            self.run(asyncio.wait([self.pump]))
            self.loop.close()

    async def _finish_well(self, key: Key) -> None:
        self.queue.done(key)
        again = self.running.pop(key)
        if again is not None:
            self.expect(key, again, self.now())


async def _take(queue: Queue) -> tuple[Key, float] | None:
    """Key and how long it waited; None where no key is ready."""
    task = asyncio.create_task(queue.take())
    for _ in range(3):
        await asyncio.sleep(0)
    if task.done() and (taken := task.result()) is not None:
        return taken.key, taken.waited_seconds
    task.cancel()
    await asyncio.wait([task])
    return None


TestQueueModel = QueueModel.TestCase
TestQueueModel.settings = settings(max_examples=60, stateful_step_count=50, deadline=None)
