"""Who gets which connection, decided without doing anything to a connection: counts, idle ones, and those who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence

from dbaas.contracts.engine import EngineError, Retired, Session
from dbaas.core.clock import Clock
from dbaas.lanes.sharing import Shared
from dbaas.lanes.waiting import Grant, Waiter, WaitingLine
from dbaas.lanes.warmth import WarmSessions

IDLE_SECONDS = 60.0
SHORTEST_NAP_SECONDS = 0.001


class Connections:
    """At most `cap`, together with all others of `shared`; background work may have one fewer, so that a user's change
    always finds one soon.

    The last idle one of database `kept` makes no room for others, unless there is only one in all: the catalogue that
    all databases share is read from there, by every change.
    """

    def __init__(self, cap: int, clock: Clock, kept: str | None = None, shared: Shared | None = None) -> None:
        self.cap = max(1, cap)
        self._clock = clock
        self.kept = kept
        self.shared = shared or Shared(clock)
        self.shared.add(self)
        self.warm = WarmSessions()
        self.line = WaitingLine()
        self.taken = 0
        self.background_taken = 0
        self._naps: dict[str, asyncio.Task[None]] = {}
        self._closed = False

    @property
    def count(self) -> int:
        """How many there are, in use or idle."""
        return self.taken + len(self.warm)

    def share(self, shared: Shared) -> None:
        """From now on with others, or with other ones."""
        if shared is not self.shared:
            left, self.shared = self.shared, shared
            left.remove(self)
            shared.add(self)
            left.serve()
            shared.serve()

    async def request(self, database: str, background: bool, *, urgent: bool = False) -> Grant:
        """Waits for its turn. Raises Retired after closing, and whatever `fail_waiters` is told."""
        if self._closed:
            raise Retired("the connections to this server are closed")
        grant = None if self.line.blocks(background) else self._take(database, background)
        if grant is not None:
            return grant
        waiter = Waiter(database, background, urgent)
        self.line.join(waiter)
        self.shared.serve()
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            self.line.leave(waiter)
            if waiter.granted.done() and not waiter.granted.cancelled() and not waiter.granted.exception():
                await self._undo(waiter.granted.result(), background)
            raise

    def put_back(self, session: Session | None, background: bool, linger: float = 0.0) -> bool:
        """Ends the use of a grant, by None where its connection is no more. Answers whether it was kept.

        For `linger` seconds it makes no room for another database.
        """
        kept = session is not None and not self._closed and not self.shared.is_beyond()
        if session is not None and kept:
            self._keep(session, linger)
        self.taken -= 1
        self.background_taken -= background
        if self._closed and not self.count:
            self.shared.remove(self)
        self.shared.serve()
        return kept

    def take_idle(self, database: str | None = None, *, before: float | None = None) -> Sequence[Session]:
        """For closing: the idle ones of a database, or all, or those that became idle before a moment.

        Each is in use until it is put back, by None.
        """
        leaving = self.warm.take_all(database=database, before=before)
        self.taken += len(leaving)
        return leaving

    def fail_waiters(self, error: EngineError) -> None:
        self.line.fail_all(error)

    def close(self) -> None:
        """Nothing is handed out from now on. What is there counts until it is put back."""
        self._closed = True
        if not self.count:
            self.shared.remove(self)
        for nap in self._naps.values():
            nap.cancel()
        self.line.fail_all(Retired("the connections to this server are being closed"))

    async def _undo(self, grant: Grant, background: bool) -> None:
        """For somebody who gave up at the very moment of being served."""
        kept = self.put_back(grant.session, background)
        for session in (grant.evicted, None if kept else grant.session):
            if session is not None:
                await session.close()

    def _take(self, database: str, background: bool) -> Grant | None:
        if not self.shared.has_room(background=background):
            return None
        grant = Grant(session=self.warm.take(database))
        if grant.session is None and self.shared.is_full():
            kept = self.kept if self.count > 1 else None
            own = self.warm.take_oldest(self._clock.monotonic(), kept)
            grant = Grant(evicted=own or self.shared.find_idle(self, background=background))
            if grant.evicted is None:
                return None
        self.taken += 1
        self.background_taken += background
        return grant

    def serve_next(self) -> bool:
        for waiter in self.line.candidates(self.warm.databases):
            grant = self._take(waiter.database, waiter.background)
            if grant is not None:
                self.line.serve(waiter, grant)
                return True
        if self.shared.next_free() is not None:
            self._start_nap("linger", self._serve_later)
        return False

    def _keep(self, session: Session, linger: float) -> None:
        self.warm.put(session, self._clock.monotonic(), linger)
        self._start_nap("idle", self._close_expired)

    def _start_nap(self, name: str, sleeper: Callable[[], Coroutine[None, None, None]]) -> None:
        """One at a time of each name."""
        running = self._naps.get(name)
        if not self._closed and (running is None or running.done()):
            self._naps[name] = asyncio.get_running_loop().create_task(sleeper())

    async def _serve_later(self) -> None:
        """When a connection that lingered for its own database is free for others."""
        while self.line.blocks(True):
            moment = self.shared.next_free()
            if moment is None:
                return
            await self._clock.sleep(max(SHORTEST_NAP_SECONDS, moment - self._clock.monotonic()))
            self.shared.serve()

    async def _close_expired(self) -> None:
        """An idle connection would keep others from dropping or copying its database, so none is kept for long."""
        while len(self.warm):
            await self._clock.sleep(max(0.1, self.warm.idle_since + IDLE_SECONDS - self._clock.monotonic()))
            for session in self.take_idle(before=self._clock.monotonic() - IDLE_SECONDS):
                await session.close()
                self.put_back(None, False)
