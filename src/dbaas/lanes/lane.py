"""The lane of one server: the only way to it for everything but the clients that users start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any, TypeVar

from dbaas.contracts.engine import (
    Address,
    Engine,
    EngineError,
    MaySend,
    ServerFacts,
    Session,
)
from dbaas.contracts.lane import Taking
from dbaas.contracts.statement import Statement
from dbaas.lanes.batching import Place, Visits
from dbaas.lanes.dialling import Dialler, Surroundings
from dbaas.lanes.executing import Executor
from dbaas.lanes.grouping import group_statements
from dbaas.lanes.metering import LaneEvent, Work
from dbaas.lanes.pool import Pool
from dbaas.lanes.probing import Prober
from dbaas.lanes.sharing import Shared

T = TypeVar("T")
# Whoever has written looks at once whether it is right now; whoever has only looked may be done.
LINGER_AFTER_WRITING_SECONDS = 0.2
LINGER_AFTER_LOOKING_SECONDS = 0.03


class ServerLane:
    """Implements `contracts.lane.Lane` over one engine and one address."""

    def __init__(
        self, key: str, engine: Engine, address: Address, max_connections: int, surroundings: Surroundings,
        shared: Shared | None = None,
    ) -> None:  # fmt: skip
        """Without `shared` it is the only one to its server."""
        self.key = key
        self.engine = engine
        self.address = address
        self.max_connections = max_connections
        self._surroundings = surroundings
        self._clock = surroundings.clock
        self._may_send: MaySend = partial(surroundings.check_leads, key)
        self._dialler = Dialler(key, engine, address, surroundings, self._fail, lambda *of: self.pool.try_out(*of))
        self._breaker = self._dialler.breaker
        self.pool = Pool(self._dialler.dial, max_connections, surroundings.clock, self._dialler.administrative, shared)
        self._visits = Visits(self._lease, self._observe_part, self.pool.close_idle, self._clock)
        self._executor = Executor(self.pool, self._linger_after_writing, self._may_send, self._meter, surroundings)
        self._prober = Prober(engine, self.pool, self._dialler.administrative)
        self._facts: ServerFacts | None = None
        self._facts_lock = asyncio.Lock()

    @property
    def is_away(self) -> bool:
        """Whether its server did not answer when it was last tried."""
        return self._breaker.is_open

    async def facts(self, *, fresh: bool = False, timeout_seconds: float | None = None) -> ServerFacts:
        """One probe at a time, before all other work: a busy server must not look like one that is away.

        Whoever waited for it shares its answer.
        """
        self._breaker.check()
        known = self._facts
        if known is not None and not fresh:
            return known
        async with self._facts_lock:
            if self._facts is None or self._facts is known:
                self._facts = await self._prober.ask(timeout_seconds)
            return self._facts

    async def observe(
        self, part: str, database: str | None, names: Collection[str] | None, *, background: bool = False
    ) -> Mapping[str, Any]:
        self._breaker.check()
        if not background:
            await self.pool.shared.takings.wait(part, database)
        place = Place(database or self._dialler.administrative, background)
        return await self._visits.request(place, part, names)

    async def execute(self, statements: Sequence[Statement], taking: Taking | None = None) -> None:
        self._breaker.check()
        await self._executor.run(group_statements(statements, self._dialler.administrative), taking)

    async def visit(
        self, database: str | None, work: Callable[[Any, MaySend], Awaitable[T]],
        connect: Callable[[], Awaitable[Session]] | None = None,
    ) -> T:  # fmt: skip
        self._breaker.check()
        if connect is None:
            async with self.pool.lease(database or self._dialler.administrative) as own:
                return await work(own, self._may_send)
        async with self.pool.room():
            session = await connect()
            try:
                return await work(session, self._may_send)
            finally:
                await session.close()

    async def prove(self, address: Address) -> None:
        """The proof needs a connection of its own, within the cap."""
        self._breaker.check()
        async with self.pool.room():
            await self._dialler.prove(address)

    async def close(self) -> None:
        """Ends what is under way and closes all connections."""
        await self._visits.close()
        await self.retire()

    async def retire(self) -> None:
        """Takes nothing new; what is under way comes to its end on its connection, which is closed then."""
        self._breaker.close()
        await self.pool.close()

    def _fail(self, failure: EngineError) -> None:
        self._facts = None  # another version may come back
        self.pool.fail_waiters(failure)

    def _linger_after_writing(self, database: str) -> float:
        return self._linger(database, LINGER_AFTER_WRITING_SECONDS)

    def _linger(self, database: str, seconds: float) -> float:
        """The pool keeps one connection to the administrative database anyway."""
        return 0.0 if database == self._dialler.administrative else seconds

    def _lease(self, place: Place) -> AbstractAsyncContextManager[Session]:
        """Whoever looks at what all databases share looks for many, so a single change lets it go first."""
        linger = 0.0 if place.background else self._linger(place.database, LINGER_AFTER_LOOKING_SECONDS)
        looks_for_many = not place.background and place.database == self._dialler.administrative
        return self.pool.lease(place.database, background=place.background, urgent=looks_for_many, linger=linger)

    async def _observe_part(self, part: str, session: Session, names: Collection[str] | None) -> Mapping[str, Any]:
        began = self._clock.monotonic()
        answer = await self.engine.parts[part].observe(session, names)
        self._meter("observe", began, len(answer))
        return answer

    def _meter(self, work: Work, began: float, count: int, failure: str = "") -> None:
        seconds = self._clock.monotonic() - began
        self._surroundings.meter(LaneEvent(self.key, work, seconds, count, failure, self.engine.name))
