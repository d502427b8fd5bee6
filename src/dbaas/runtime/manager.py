"""Runs controllers: one watch for each kind however many need it, and an orderly start and end.

Made first, so that its client can be given to the controllers that are then added.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial

import structlog
from prometheus_client import CollectorRegistry

from dbaas.api.resource import Key, Kind
from dbaas.contracts.index import Indexer
from dbaas.contracts.leadership import Leadership, Uncontested
from dbaas.contracts.reconcile import Controller
from dbaas.contracts.rest import Rest
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.core.supervise import supervise
from dbaas.runtime.budget import RetryBudget
from dbaas.runtime.cache import Cache
from dbaas.runtime.caches import Caches
from dbaas.runtime.client import CachedClient
from dbaas.runtime.events import EventRecorder
from dbaas.runtime.loop import ControllerLoop, Surroundings
from dbaas.runtime.metrics import Metrics
from dbaas.runtime.queue import Priority, Queue
from dbaas.runtime.reflector import Progress, Reflector
from dbaas.runtime.switches import choose_controllers
from dbaas.runtime.tokens import Tokens
from dbaas.runtime.turns import Turns

log = structlog.get_logger(__name__)

RESYNC_SECONDS = 36_000.0
STUCK_SECONDS = 300.0  # a loop that has not turned for so long is stuck: it wakes at least every 90 s
DRAIN_SECONDS = 10.0
FLUSH_SECONDS = 2.0
CROWD = 16  # more keys than that are many


class Manager:
    """`add` controllers, then `run`. `metrics` may be shared with a `MeteredTransport` under `rest`.

    Until it has the leadership caches are filled and nothing is reconciled. Reconcilers that reach what can compare
    numbers send `leadership.transitions` along. With `namespaces` given nothing outside of them is watched or woken.
    """

    def __init__(
        self, rest: Rest, clock: Clock, randomness: Randomness, metrics: Metrics | None = None,
        leadership: Leadership | None = None, namespaces: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self._rest = rest
        self.leadership = leadership or Uncontested()
        self._clock = clock
        self._randomness = randomness
        self._metrics = metrics or Metrics(CollectorRegistry())
        self._caches = Caches(namespaces)
        self._loops: dict[Kind, ControllerLoop] = {}
        self._recorder = EventRecorder(rest, clock, randomness, is_crowded=partial(_are_many, self._loops))
        tokens = Tokens(self._caches)
        self._surroundings = Surroundings(
            rest,
            self._caches,
            tokens,
            self._recorder,
            RetryBudget(clock),
            clock,
            randomness,
            self.leadership,
            Turns(clock),
        )
        self._reflectors: list[Reflector] = []
        self._stopping = False
        self._ended = asyncio.Event()
        self.client = CachedClient(rest, self._caches, tokens, self._recorder)
        self.index: Indexer = self._caches.index
        self.version_of = self._caches.version_of
        self._metrics.watch(self)

    def add(self, controller: Controller) -> None:
        """Before `run`. Raises ValueError where the kind has a controller already: two would fight over the status."""
        if controller.kind in self._loops:
            raise ValueError(f"{controller.kind} has a controller already")
        metrics = self._metrics.controller(controller.kind.kind.lower())
        self._loops[controller.kind] = ControllerLoop(controller, self._surroundings, metrics)

    def switch(self, controllers: str) -> None:
        """Before `run`, after all were added: which of them run (see `switches`). Raises UnknownController.

        One that does not run still has its caches, so that others find what they refer to.
        """
        loops = {loop.name: loop for loop in self._loops.values()}
        chosen = choose_controllers(controllers, loops)
        for name, loop in loops.items():
            if name not in chosen:
                loop.switch_off()

    def enqueue(self, kind: Kind, key: Key, *, low_priority: bool = False) -> None:
        """Implements `contracts.reconcile.Enqueue`; kinds without a controller are nobody's business."""
        loop = self._loops.get(kind)
        if loop is not None:
            loop.queue.add(key, Priority.BACKGROUND if low_priority else Priority.CHILD)

    async def run(self) -> None:
        """Until `stop`; cancelling it ends everything at once."""
        self._reflectors = [
            Reflector(self._rest, part, self._clock, self._randomness, namespace)
            for cache in self._caches
            for namespace, part in cache.parts.items()
        ]
        tasks = [self._start(f"watch of {r.cache.kind.resource}", r.run) for r in self._reflectors]
        tasks += [self._start("events", self._recorder.run), self._start("resync", self._resync)]
        working = [loop for loop in self._loops.values() if loop.is_on]
        tasks += [self._start(f"controller {loop.name}", loop.run) for loop in working]
        besides = [(loop.name, loop.controller.beside) for loop in working]
        tasks += [self._start(f"beside controller {name}", beside) for name, beside in besides if beside is not None]
        try:
            await self._ended.wait()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Takes nothing new, lets what runs finish, writes the last events, then ends `run`."""
        self._stopping = True
        workers = [worker for loop in self._loops.values() for worker in loop.workers]
        for loop in self._loops.values():
            loop.queue.close()
        if workers:
            _, late = await asyncio.wait(workers, timeout=drain_seconds)
            if late:
                log.warning("reconciles_cut_off", workers=len(late))
        try:
            async with asyncio.timeout(FLUSH_SECONDS):
                await self._recorder.flush()
        except TimeoutError:
            log.warning("events_lost_at_end")
        self._ended.set()

    def unready(self) -> list[str]:
        """Why not to count on us yet; empty when all caches have synced."""
        if self._stopping:
            return ["stopping"]
        if not self._reflectors:
            return ["not started"]
        return [f"{cache.kind.resource} not synced" for cache in self._caches if not cache.is_synced]

    def unhealthy(self) -> list[str]:
        """Why we should be restarted: loops that no longer turn, workers that no longer end."""
        now = self._clock.monotonic()
        watches = [
            f"the watch of {reflector.cache.kind.resource} is stuck"
            for reflector in self._reflectors
            if now - reflector.progress.turned_at > STUCK_SECONDS
        ]
        return watches + [f"all workers of {loop.name} are stuck" for loop in self._loops.values() if _is_stuck(loop)]

    @property
    def is_idle(self) -> bool:
        """All synced and no key ready or in work; delayed keys may come."""
        return not self.unready() and all(_is_idle(loop, self.leadership) for loop in self._loops.values())

    def queues(self) -> Sequence[tuple[str, int, Queue]]:
        return [(loop.name, loop.controller.workers, loop.queue) for loop in self._loops.values()]

    def reflectors(self) -> Sequence[tuple[Cache, Progress]]:
        by_kind: dict[Kind, Progress] = {}
        for reflector in self._reflectors:
            known, kind = by_kind.get(reflector.cache.kind), reflector.cache.kind
            by_kind[kind] = reflector.progress if known is None else known + reflector.progress
        return [(self._caches.open(kind), progress) for kind, progress in by_kind.items()]

    def fleets(self) -> Sequence[Cache]:
        return [loop.waking.primary for loop in self._loops.values()]

    def dropped_events(self) -> int:
        return self._recorder.dropped_total

    def _start(self, name: str, loop: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(supervise(name, loop, self._clock), name=name)

    async def _resync(self) -> None:
        while True:
            await self._clock.sleep(RESYNC_SECONDS * self._randomness.uniform(0.9, 1.1))
            for loop in self._loops.values():
                await loop.waking.resync(self._surroundings.turns)


def _is_idle(loop: ControllerLoop, leadership: Leadership) -> bool:
    """Who has not begun has work to do, unless it is not theirs."""
    return loop.queue.is_idle and (loop.has_begun or not loop.is_on or not leadership.holds())


def _are_many(loops: Mapping[Kind, ControllerLoop]) -> bool:
    """Of keys that are ready or in work."""
    return sum(len(loop.queue) + len(loop.queue.running_seconds()) for loop in loops.values()) > CROWD


def _is_stuck(loop: ControllerLoop) -> bool:
    limit = 2 * loop.controller.timeout_seconds
    return sum(seconds > limit for seconds in loop.queue.running_seconds()) >= loop.controller.workers
