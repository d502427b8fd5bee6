"""Turns many requests to observe into few queries.

One visitor per database (and one more for background work) goes to the server. While it is there, requests pile up;
when it comes back it takes all of them along at once: one set-based query per part. So a lone request goes out at
once, and a thousand that arrive together are one query. While requests keep coming one after the other, the visitor
waits a few milliseconds for more before it goes: fewer, larger queries cost the server and us less.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, NamedTuple

from dbaas.contracts.engine import Session, Unreachable
from dbaas.core.clock import Clock
from dbaas.core.supervise import attempt

GATHER_SECONDS = 0.003
MANY = 8
MANY_WITHIN_SECONDS = 0.03
END_SECONDS = 2.0  # a driver may try to tell the server that it has lost interest

Answer = Mapping[str, Any]
Observe = Callable[[str, Session, Collection[str] | None], Awaitable[Answer]]


class Place(NamedTuple):
    """Where a visitor goes."""

    database: str
    background: bool


class Batch:
    """Requests of one part that are answered by one query. `names` None: all there are."""

    def __init__(self, part: str) -> None:
        self.part = part
        self.names: set[str] | None = set()
        self.requests = 0
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self.answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # heard, even if all gave up

    def join(self, names: Collection[str] | None) -> None:
        self.requests += 1
        if names is None:
            self.names = None
        elif self.names is not None:
            self.names.update(names)

    def fail(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)


class _Pace:
    """Whether requests are coming thick and fast."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque(maxlen=MANY)

    def note(self, now: float) -> None:
        self._arrivals.append(now)

    def is_busy(self, now: float) -> bool:
        return len(self._arrivals) == MANY and now - self._arrivals[0] < MANY_WITHIN_SECONDS


class Visits:
    """`lease` gives a connection for a place; `observe` asks one part; `broken` is told of connections that broke."""

    def __init__(
        self, lease: Callable[[Place], AbstractAsyncContextManager[Session]], observe: Observe,
        broken: Callable[[], Awaitable[None]], clock: Clock,
    ) -> None:  # fmt: skip
        self._clock = clock
        self._lease = lease
        self._observe = observe
        self._broken = broken
        self._pending: dict[Place, dict[str, Batch]] = {}
        self._visitors: dict[Place, asyncio.Task[None]] = {}
        self._pace = _Pace()

    async def request(self, place: Place, part: str, names: Collection[str] | None) -> Answer:
        """The answer may hold more than was asked. It was read after this call began."""
        batch = self._pending.setdefault(place, {}).setdefault(part, Batch(part))
        batch.join(names)
        self._pace.note(self._clock.monotonic())
        if place not in self._visitors:
            self._visitors[place] = asyncio.get_running_loop().create_task(self._visit(place))
        return await asyncio.shield(batch.answer)

    async def close(self) -> None:
        """Ends all visits; those who wait are told so. Returns when connections are given back, or soon."""
        visitors = list(self._visitors.values())
        for visitor in visitors:
            visitor.cancel()
        for batches in self._pending.values():
            for batch in batches.values():
                batch.fail(Unreachable("the connections to this server are being closed"))
        self._pending.clear()
        if visitors:
            await asyncio.wait(visitors, timeout=END_SECONDS)

    async def _visit(self, place: Place) -> None:
        taken: list[Batch] = []
        try:
            while self._pending.get(place):
                taken.clear()
                if self._pace.is_busy(self._clock.monotonic()):
                    await self._clock.sleep(GATHER_SECONDS)
                await self._visit_once(place, taken)
        finally:
            self._visitors.pop(place, None)
            for batch in taken:
                batch.fail(Unreachable("the connections to this server are being closed"))

    async def _visit_once(self, place: Place, taken: list[Batch]) -> None:
        """A warm connection may have died while it was idle: reading is safe to try again, once, on a new one."""
        failure = await attempt(lambda: self._ask_all(place, taken))
        if isinstance(failure, Unreachable) and taken:
            await self._broken()
            failure = await attempt(lambda: self._ask_all(place, taken))
        if failure is not None:
            for batch in taken or self._pending.pop(place, {}).values():
                batch.fail(failure)

    async def _ask_all(self, place: Place, taken: list[Batch]) -> None:
        async with self._lease(place) as session:
            taken.extend(self._pending.pop(place, {}).values())
            for batch in [b for b in taken if not b.answer.done()]:
                await self._ask(session, batch)

    async def _ask(self, session: Session, batch: Batch) -> None:
        async def ask() -> None:
            answer = await self._observe(batch.part, session, batch.names)
            if not batch.answer.done():
                batch.answer.set_result(answer)

        failure = await attempt(ask)
        if isinstance(failure, Unreachable):
            raise failure
        if failure is not None:
            batch.fail(failure)
