"""Keys that wait for a worker: each once, the same never in two workers, in order of urgency and due time.

The rules are those of client-go's work queue with controller-runtime's priorities: adding a key that waits changes
nothing, adding one that a worker has makes exactly one more run, and failing keys come back ever later.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass
from enum import IntEnum

from dbaas.api.resource import Key
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.runtime.budget import RetryBudget
from dbaas.runtime.timers import Timers

AGEING_SECONDS = 10.0  # a key overtakes those of the next higher priority that come so much later


class Priority(IntEnum):
    """Lower is more urgent."""

    USER = 0
    CHILD = 1
    BACKGROUND = 2


@dataclass(frozen=True)
class Backoff:
    """The n-th retry comes after a time drawn evenly from 0 to `first` doubled n times, `longest` at most.

    Retries that are `shared` draw on the budget of all controllers, but for the first of a key.
    """

    first_seconds: float
    longest_seconds: float
    shared: bool = True

    def draw(self, failures: int, randomness: Randomness) -> float:
        limit = min(self.longest_seconds, self.first_seconds * 2.0 ** min(failures, 60))
        return randomness.uniform(0, limit)


@dataclass(frozen=True)
class Taken:
    """A key in the hands of a worker, and how long it had waited since it was ready."""

    key: Key
    waited_seconds: float


@dataclass
class _Ready:
    """`rank` orders: the time it became ready, later by the ageing time for each step down in priority."""

    since: float
    rank: float


@dataclass
class _Running:
    """`again` is the priority of what was added meanwhile, if anything was."""

    began: float
    again: Priority | None = None


class Queue:
    """`pump` must run for delayed keys to come due; `close` lets takers finish. Its length: keys that are ready."""

    def __init__(self, clock: Clock, randomness: Randomness, budget: RetryBudget | None = None) -> None:
        self.added_total = 0
        self.retried_total = 0
        self.timers = Timers()
        self.is_suspended = False  # keys are not kept: somebody else sees to them
        self._clock = clock
        self._randomness = randomness
        self._budget = budget or RetryBudget(clock)
        self._ready: dict[Key, _Ready] = {}
        self._order: list[tuple[float, int, Key]] = []
        self._running: dict[Key, _Running] = {}
        self._failures: dict[Key, int] = {}
        self._sequence = 0
        self._takers: list[asyncio.Future[None]] = []
        self._earlier = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        return len(self._ready)

    @property
    def is_idle(self) -> bool:
        """Nothing to do now; delayed keys may come."""
        return not self._ready and not self._running

    @property
    def is_awaited(self) -> bool:
        """Whether a worker stands by for the next key."""
        return bool(self._takers)

    def running_seconds(self) -> list[float]:
        """For each key in the hands of a worker, how long it has been there."""
        now = self._clock.monotonic()
        return [now - run.began for run in self._running.values()]

    def add(self, key: Key, priority: Priority = Priority.USER) -> None:
        """Ready now. A more urgent call moves a key forward, a less urgent one changes nothing."""
        if self._closed or self.is_suspended:
            return
        run = self._running.get(key)
        if run is not None:
            run.again = priority if run.again is None else min(run.again, priority)
            return
        now = self._clock.monotonic()
        rank = now + priority * AGEING_SECONDS
        waiting = self._ready.get(key)
        if waiting is None:
            self._ready[key] = _Ready(now, rank)
            self.added_total += 1
        elif rank < waiting.rank:
            waiting.rank = rank
        else:
            return
        self._sequence += 1
        heapq.heappush(self._order, (rank, self._sequence, key))
        self._wake_taker()

    def add_after(self, key: Key, seconds: float) -> None:
        """Ready after so many seconds; of several wishes the earliest counts."""
        if not self._closed and not self.is_suspended and self.timers.put(key, self._clock.monotonic() + seconds):
            self._earlier.set()

    def retry(self, key: Key, backoff: Backoff) -> float:
        """Ready after a pause that grows with each call until `forget`; answers how long."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        self.retried_total += 1
        seconds = backoff.draw(failures, self._randomness)
        if failures and backoff.shared:
            seconds = max(seconds, self._budget.draw())
        self.add_after(key, seconds)
        return seconds

    def forget(self, key: Key) -> None:
        """It went well: the next failure is the first again."""
        self._failures.pop(key, None)

    async def take(self) -> Taken | None:
        """The most urgent key, which is then in this worker's hands until `done`. None once closed.

        A delayed wish for it is dropped: the run that begins now is at least as good.
        """
        while not self._closed:
            if (taken := self._pop()) is not None:
                return taken
            waiter = asyncio.get_running_loop().create_future()
            self._takers.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self._takers:
                    self._takers.remove(waiter)
                elif not waiter.cancelled():
                    self._wake_taker()  # we were called and leave: the next one must come instead
                raise
        return None

    def done(self, key: Key) -> None:
        """The worker is finished with it."""
        run = self._running.pop(key)
        if run.again is not None:
            self.add(key, run.again)

    async def pump(self) -> None:
        """Moves keys to the ready ones as they come due; runs until cancelled."""
        while True:
            self._earlier.clear()
            for key in self.timers.pop_due(self._clock.monotonic()):
                self.add(key, Priority.CHILD)
            due = self.timers.next()
            try:
                async with asyncio.timeout(None if due is None else due - self._clock.monotonic()):
                    await self._earlier.wait()
            except TimeoutError:
                continue

    def close(self) -> None:
        """No key comes in any more, and none is given out."""
        self._closed = True
        while self._takers:
            self._wake_taker()

    def _pop(self) -> Taken | None:
        while self._order:
            rank, _, key = heapq.heappop(self._order)
            waiting = self._ready.get(key)
            if waiting is None or waiting.rank != rank:
                continue  # it was moved forward since
            del self._ready[key]
            self.timers.drop(key)
            now = self._clock.monotonic()
            self._running[key] = _Running(now)
            return Taken(key, now - waiting.since)
        return None

    def _wake_taker(self) -> None:
        while self._takers:
            waiter = self._takers.pop(0)
            if not waiter.done():
                waiter.set_result(None)
                return
