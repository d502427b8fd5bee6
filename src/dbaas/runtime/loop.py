"""One controller at work: workers that take keys and reconcile what they stand for.

A worker takes a key, reads the object again, lets the reconciler speak, has the status written if it differs, and
puts the key back for when it is due. Whatever a reconciler does, the other keys do not notice.
"""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass
from functools import partial

import structlog
from structlog.contextvars import bound_contextvars, clear_contextvars

from dbaas.api.resource import Key, Resource, is_paused
from dbaas.contracts.leadership import Leadership
from dbaas.contracts.reconcile import Controller, Outcome
from dbaas.contracts.rest import Rest
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import Randomness
from dbaas.core.supervise import attempt, supervise
from dbaas.runtime.budget import RetryBudget
from dbaas.runtime.cache import Cache
from dbaas.runtime.caches import Caches
from dbaas.runtime.events import EventRecorder
from dbaas.runtime.judging import (
    ERROR_BACKOFF,
    Step,
    TimedOut,
    is_settling_in,
    judge_error,
    judge_outcome,
)
from dbaas.runtime.metrics import ControllerMetrics
from dbaas.runtime.predicates import is_finished
from dbaas.runtime.queue import Queue, Taken
from dbaas.runtime.recording import StatusWriter
from dbaas.runtime.status import READY, Verdict, find_condition
from dbaas.runtime.tokens import Tokens, reconciling
from dbaas.runtime.turns import Turns
from dbaas.runtime.waking import Waking

log = structlog.get_logger(__name__)

JITTER = 0.1  # of a wished pause, so that what began together does not come together for ever
SLOW_SYNC_SECONDS = 30.0


@dataclass(frozen=True)
class Surroundings:
    """What all controllers of a process share."""

    rest: Rest
    caches: Caches
    tokens: Tokens
    recorder: EventRecorder
    budget: RetryBudget
    clock: Clock
    randomness: Randomness
    leadership: Leadership
    turns: Turns


class ControllerLoop:
    """`run` does it all; `queue.close` lets the workers finish. `has_begun`: all that there was has been queued."""

    def __init__(self, controller: Controller, surroundings: Surroundings, metrics: ControllerMetrics) -> None:
        self.controller = controller
        self.queue = Queue(surroundings.clock, surroundings.randomness, surroundings.budget)
        self.waking = Waking(controller, surroundings.caches, self.queue)
        self.waking.sources |= dict.fromkeys(surroundings.tokens.add(controller, self.queue))
        self.workers: list[asyncio.Task[None]] = []
        self.is_on = True
        self.has_begun = False
        self._runs = itertools.count(1)
        self.queue.is_suspended = True
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._writer = StatusWriter(surroundings.rest, surroundings.caches, surroundings.clock)
        self._metrics = metrics

    @property
    def name(self) -> str:
        return self.controller.kind.kind.lower()

    def switch_off(self) -> None:
        """Its caches are filled, and nothing is reconciled."""
        self.is_on = False

    async def run(self) -> None:
        """Works once all sources have synced, until the queue is closed or we are cancelled."""
        for cache in self.waking.sources:
            await _wait_for(cache, self.name)
        await self._stand_by()
        async with asyncio.TaskGroup() as group:
            pump = group.create_task(supervise(f"{self.name} timers", self.queue.pump, self._clock))
            self._hire(group)
            while any(not worker.done() for worker in self.workers):
                await asyncio.wait(self.workers)
            pump.cancel()

    def _hire(self, group: asyncio.TaskGroup) -> None:
        """One worker more. They come one by one, so that one stands by while there are fewer than there may be."""
        work = partial(self._work, group)
        self.workers.append(group.create_task(supervise(f"{self.name} worker", work, self._clock)))

    async def _stand_by(self) -> None:
        """Caches stay warm meanwhile; what is to do shows when everything is looked at."""
        await self._surroundings.leadership.gained()
        self.queue.is_suspended = False
        await self.waking.resync(self._surroundings.turns)
        self.has_begun = True

    async def _work(self, group: asyncio.TaskGroup) -> None:
        while (taken := await self.queue.take()) is not None:
            if not self.queue.is_awaited and len(self.workers) < self.controller.workers:
                self._hire(group)
            try:
                run = f"{self.name}-{next(self._runs)}"  # to find all lines of one run by
                clear_contextvars()  # of what the run before has said of itself
                with bound_contextvars(controller=self.name, object=str(taken.key), reconcile_id=run):
                    await self._run_safely(taken)
            finally:
                self.queue.done(taken.key)
            await self._surroundings.turns.share()

    async def _run_safely(self, taken: Taken) -> None:
        """Whatever is wrong with an object or with us, the key comes again and the worker goes on."""

        async def run() -> None:
            await self._run(taken)

        if (error := await attempt(run)) is not None:
            log.error("run_failed", exc_info=error)
            self.queue.retry(taken.key, ERROR_BACKOFF)

    async def _run(self, taken: Taken) -> None:
        if not self._surroundings.leadership.holds():
            return  # what is left undone is the next leader's
        resource = self.waking.primary.get(taken.key)
        if resource is None or is_finished(resource):
            self.queue.forget(taken.key)
            return
        if is_paused(resource):
            await self._pause(resource)
            return
        began = self._clock.monotonic()
        reconciling.set((resource.kind, resource.key))
        step = await self._conclude(resource, await self._reconcile(resource))
        self._schedule(taken.key, step)
        self._metrics.record(step.result, taken.waited_seconds, self._clock.monotonic() - began)

    async def _pause(self, resource: Resource) -> None:
        async def write() -> None:
            await self._writer.write_paused(resource)

        if (error := await attempt(write)) is not None:
            self._schedule(resource.key, _judge_failure(resource, error))

    async def _reconcile(self, resource: Resource) -> Step:
        steps: list[Step] = []

        async def call() -> None:
            steps.append(judge_outcome(resource, await self._call(resource)))

        error = await attempt(call)
        return steps[0] if error is None else _judge_failure(resource, error)

    async def _call(self, resource: Resource) -> Outcome:
        limit = self.controller.timeout_seconds
        deadline = asyncio.timeout(limit)
        try:
            async with deadline:
                return await self.controller.reconcile(resource)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise TimedOut(f"cannot reconcile {resource}: no outcome within {limit:.0f} s") from error

    async def _conclude(self, resource: Resource, step: Step) -> Step:
        """Has the verdict written; a failure of that is what counts then."""
        verdict = step.verdict
        if verdict is None:
            return step
        if is_settling_in(resource, step, self._clock.now()):
            return Step("waiting", after_seconds=step.patience)

        async def write() -> None:
            if await self._writer.write_verdict(resource, verdict) and step.is_trouble:
                self._report(resource, verdict)

        error = await attempt(write)
        if error is None:
            return step
        judged = _judge_failure(resource, error)
        return Step(judged.result, backoff=judged.backoff or ERROR_BACKOFF)

    def _report(self, resource: Resource, verdict: Verdict) -> None:
        ready = find_condition(verdict.conditions, READY)
        assert ready is not None, "every verdict has Ready"
        self._surroundings.recorder.record(resource, "Warning", ready.reason, ready.message)

    def _schedule(self, key: Key, step: Step) -> None:
        if step.backoff is not None:
            self.queue.retry(key, step.backoff)
            return
        self.queue.forget(key)
        if step.after_seconds is not None:
            stretch = self._surroundings.randomness.uniform(1, 1 + JITTER)
            self.queue.add_after(key, step.after_seconds * stretch)


def _judge_failure(resource: Resource, error: Exception) -> Step:
    """Judges, and logs what is an error: once, with its trace only where nobody foresaw it."""
    step = judge_error(resource, error)
    if step.result == "error" and isinstance(error, DbaasError):
        log.warning("reconcile_failed", reason=error.reason, error=error.message)
    elif step.result == "error":
        log.error("reconcile_failed", reason="InternalError", exc_info=error)
    return step


async def _wait_for(cache: Cache, controller: str) -> None:
    while not cache.is_synced:
        try:
            async with asyncio.timeout(SLOW_SYNC_SECONDS):
                await cache.synced.wait()
        except TimeoutError:
            log.warning("cache_not_synced", controller=controller, kind=cache.kind.resource)
