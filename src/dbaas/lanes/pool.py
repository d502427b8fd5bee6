"""The connections of one server: never more than a cap, kept warm per database, handed out in a fair order.

Each connection belongs to one database for life. At the cap, the one that has been idle longest makes room; but one
that somebody has just left may linger for a moment, because a change usually comes back to the same database (look,
write, look again), and a new connection costs more than the moment.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from dbaas.contracts.engine import EngineError, Session, Unreachable
from dbaas.core.clock import Clock
from dbaas.lanes.handing import Connections
from dbaas.lanes.waiting import Grant


class Pool:
    """Connects by `connect`, at most `cap` at a time. Background work leaves one connection free for user changes."""

    def __init__(
        self, connect: Callable[[str], Awaitable[Session]], cap: int, clock: Clock, kept: str | None = None
    ) -> None:
        """One connection to database `kept` is not given up for others."""
        self._connect = connect
        self._connections = Connections(cap, clock, kept)

    @property
    def connections(self) -> int:
        """How many there are, in use or idle."""
        return self._connections.count

    @asynccontextmanager
    async def lease(
        self, database: str, *, background: bool = False, urgent: bool = False, linger: float = 0.0
    ) -> AsyncIterator[Session]:
        """A connection for the time of the block. It is closed afterwards if it broke or the block did not end well.

        For `linger` seconds after it, the connection is kept for its database, whoever waits for another.
        An EngineError other than Unreachable leaves it usable: sessions undo their own transactions.
        """
        session = await self._acquire(database, background, urgent)
        usable = False
        try:
            yield session
            usable = True
        except EngineError as error:
            usable = not isinstance(error, Unreachable)
            raise
        finally:
            kept = self._connections.put_back(session if usable else None, background, linger)
            if not kept:
                await session.close()

    @asynccontextmanager
    async def room(self) -> AsyncIterator[None]:
        """Room for one connection that the block makes and closes itself."""
        grant = await self._connections.request("", False)
        try:
            for session in filter(None, (grant.session, grant.evicted)):
                await session.close()
            yield
        finally:
            self._connections.put_back(None, False)

    def offer(self, session: Session) -> bool:
        """Takes over a connection made elsewhere; False where there is no room for it."""
        return self._connections.add(session)

    def fail_waiters(self, error: EngineError) -> None:
        """For a server that does not answer: nobody should wait for it in turn."""
        self._connections.fail_waiters(error)

    async def close_idle(self, database: str | None = None) -> None:
        """Closes what nobody uses: the connections of one database, or all."""
        for session in self._connections.take_idle(database):
            await session.close()

    async def close(self) -> None:
        """Hands out nothing any more; connections in use are closed when they come back."""
        self._connections.close()
        await self.close_idle()

    async def _acquire(self, database: str, background: bool, urgent: bool) -> Session:
        grant: Grant = await self._connections.request(database, background, urgent=urgent)
        if grant.session is not None:
            return grant.session
        connected = False
        try:
            if grant.evicted is not None:
                await grant.evicted.close()
            session = await self._connect(database)
            connected = True
            return session
        finally:
            if not connected:
                self._connections.put_back(None, background)
