"""The connections of one server: never more than a cap, kept warm per database, handed out in a fair order.

Each connection belongs to one database for life. At the cap, the one that has been idle longest makes room; but one
that somebody has just left may linger for a moment, because a change usually comes back to the same database (look,
write, look again), and a new connection costs more than the moment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from dbaas.contracts.engine import EngineError, Session, Unreachable
from dbaas.core.clock import Clock
from dbaas.lanes.handing import Connections
from dbaas.lanes.sharing import Shared
from dbaas.lanes.waiting import Grant


class Pool:
    """Connects by `connect`, at most `cap` at a time. Background work leaves one connection free for user changes."""

    def __init__(
        self, connect: Callable[[str], Awaitable[Session]], cap: int, clock: Clock, kept: str | None = None,
        shared: Shared | None = None,
    ) -> None:  # fmt: skip
        """One connection to database `kept` is not given up for others. The cap of all who are `shared` holds."""
        self._connect = connect
        self._connections = Connections(cap, clock, kept, shared)

    @property
    def connections(self) -> int:
        """How many there are, in use or idle."""
        return self._connections.count

    @property
    def shared(self) -> Shared:
        """What it has together with all other pools to the same server."""
        return self._connections.shared

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
            if not usable:
                await session.close()
            kept = self._connections.put_back(session if usable else None, background, linger)
            if usable and not kept:
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

    async def try_out(self, database: str, connect: Callable[[], Awaitable[Session]]) -> None:
        """Makes a new connection, within the cap and before all others, and keeps it. Raises what `connect` does."""
        grant = await self._connections.request(database, False, urgent=True)
        session: Session | None = None
        try:
            for old in filter(None, (grant.session, grant.evicted)):
                await old.close()
            session = await connect()
        finally:
            kept = self._connections.put_back(session, False)
            if session is not None and not kept:
                await session.close()

    def share(self, shared: Shared) -> None:
        """From now on the cap of all of them holds."""
        self._connections.share(shared)

    async def shrink(self) -> None:
        """Closes what is idle, where there is more than there should be."""
        if self.shared.is_beyond():
            await self.close_idle()

    def fail_waiters(self, error: EngineError) -> None:
        """For a server that does not answer: nobody should wait for it in turn."""
        self._connections.fail_waiters(error)

    async def close_idle(self, database: str | None = None) -> None:
        """Closes what nobody uses: the connections of one database, or all."""
        await self._close_all(self._connections.take_idle(database))

    async def close(self) -> None:
        """Hands out nothing any more; connections in use are closed when they come back."""
        self._connections.close()
        await self.close_idle()

    async def _close_all(self, sessions: Sequence[Session]) -> None:
        try:
            await asyncio.gather(*(session.close() for session in sessions))
        finally:
            for _ in sessions:
                self._connections.put_back(None, False)

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
