"""Who gets which connection, decided without doing anything to a connection: counts, idle ones, and those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from dbaas.contracts.engine import EngineError, Session, Unreachable
from dbaas.core.clock import Clock
from dbaas.lanes.waiting import Grant, Waiter, WaitingLine
from dbaas.lanes.warmth import WarmSessions

IDLE_SECONDS = 60.0
SHORTEST_NAP_SECONDS = 0.001


class Connections:
    """At most `cap`; background work may have one fewer, so that a user's change always finds one soon.

    The last idle one of database `kept` makes no room for others, unless there is only one in all: the catalogue that
    all databases share is read from there, by every change.
    """

    def __init__(self, cap: int, clock: Clock, kept: str | None = None) -> None:
        self._cap = max(1, cap)
        self._background_cap = max(1, self._cap - 1)
        self._clock = clock
        self._kept = kept if cap > 1 else None
        self._warm = WarmSessions()
        self._line = WaitingLine()
        self._taken = 0
        self._background_taken = 0
        self._naps: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def count(self) -> int:
        """How many there are, in use or idle."""
        return self._taken + len(self._warm)

    async def request(self, database: str, background: bool, *, urgent: bool = False) -> Grant:
        """Waits for its turn. Raises Unreachable after closing, and whatever `fail_waiters` is told."""
        if self._closed:
            raise Unreachable("the connections to this server are closed")
        grant = None if self._line.blocks(background) else self._take(database, background)
        if grant is not None:
            return grant
        waiter = Waiter(database, background, urgent)
        self._line.join(waiter)
        self._serve()
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            self._line.leave(waiter)
            if waiter.granted.done() and not waiter.granted.cancelled() and not waiter.granted.exception():
                await self._undo(waiter.granted.result(), background)
            raise

    def put_back(self, session: Session | None, background: bool, linger: float = 0.0) -> bool:
        """Ends the use of a grant, by None where its connection is no more. Answers whether it was kept.

        For `linger` seconds it makes no room for another database.
        """
        kept = session is not None and not self._closed
        if session is not None and kept:
            self._keep(session, linger)
        self._taken -= 1
        self._background_taken -= background
        self._serve()
        return kept

    def add(self, session: Session) -> bool:
        """False where there is no room for one more."""
        if self._closed or self.count >= self._cap:
            return False
        self._keep(session, 0.0)
        self._serve()
        return True

    def take_idle(self, database: str | None = None) -> Sequence[Session]:
        """For closing: the idle ones of a database, or all."""
        leaving = self._warm.take_all(database=database)
        self._serve()
        return leaving

    def fail_waiters(self, error: EngineError) -> None:
        self._line.fail_all(error)

    def close(self) -> None:
        """Nothing is handed out from now on."""
        self._closed = True
        for nap in self._naps.values():
            nap.cancel()
        self._line.fail_all(Unreachable("the connections to this server are being closed"))

    async def _undo(self, grant: Grant, background: bool) -> None:
        """For somebody who gave up at the very moment of being served."""
        kept = self.put_back(grant.session, background)
        for session in (grant.evicted, None if kept else grant.session):
            if session is not None:
                await session.close()

    def _take(self, database: str, background: bool) -> Grant | None:
        if background and self._background_taken >= self._background_cap:
            return None
        grant = Grant(session=self._warm.take(database))
        if grant.session is None and self.count >= self._cap:
            grant = Grant(evicted=self._warm.take_oldest(self._clock.monotonic(), self._kept))
            if grant.evicted is None:
                return None
        self._taken += 1
        self._background_taken += background
        return grant

    def _serve(self) -> None:
        while candidates := self._line.candidates(self._warm.databases):
            for waiter in candidates:
                grant = self._take(waiter.database, waiter.background)
                if grant is not None:
                    self._line.serve(waiter, grant)
                    break
            else:
                if len(self._warm):
                    self._start_nap("linger", self._serve_later)
                return

    def _keep(self, session: Session, linger: float) -> None:
        self._warm.put(session, self._clock.monotonic(), linger)
        self._start_nap("idle", self._close_expired)

    def _start_nap(self, name: str, sleeper: Callable[[], Coroutine[None, None, None]]) -> None:
        """One at a time of each name."""
        running = self._naps.get(name)
        if not self._closed and (running is None or running.done()):
            self._naps[name] = asyncio.get_running_loop().create_task(sleeper())

    async def _serve_later(self) -> None:
        """When a connection that lingered for its own database is free for others."""
        while self._line.blocks(True):
            moment = self._warm.next_free(self._clock.monotonic())
            if moment is None:
                return
            await self._clock.sleep(max(SHORTEST_NAP_SECONDS, moment - self._clock.monotonic()))
            self._serve()

    async def _close_expired(self) -> None:
        """An idle connection would keep others from dropping or copying its database, so none is kept for long."""
        while len(self._warm):
            await self._clock.sleep(max(0.1, self._warm.idle_since + IDLE_SECONDS - self._clock.monotonic()))
            for session in self._warm.take_all(before=self._clock.monotonic() - IDLE_SECONDS):
                await session.close()
