"""How a lane gets new connections: through its circuit breaker, with what it learns told to the meter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dbaas.contracts.engine import Address, Connect, Engine, EngineError, LoginRefused, Session, Unreachable
from dbaas.contracts.leadership import Leadership, NotLeading, Uncontested
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.lanes.breaker import Breaker
from dbaas.lanes.metering import LaneEvent, Meter, Work, no_meter


def tell_nobody(key: str) -> None:
    """Nobody wants to know which server answers again."""


@dataclass(frozen=True)
class Surroundings:
    """What all lanes share. `recovered` is told a lane's key when its server answers again after it did not.

    Statements are sent only while `leadership` holds.
    """

    clock: Clock
    randomness: Randomness
    meter: Meter = no_meter
    recovered: Callable[[str], None] = tell_nobody
    leadership: Leadership = field(default_factory=Uncontested)

    def check_leads(self, key: str) -> None:
        """Raises NotLeading where another process may lead now."""
        if not self.leadership.holds():
            raise NotLeading(f"cannot send statements to {key}: another process may lead now")


TryOut = Callable[[str, Callable[[], Awaitable[Session]]], Awaitable[None]]


class Dialler:
    """`failed` is called when the circuit opens; `try_out` finds a probe its place and keeps what it makes."""

    def __init__(
        self, key: str, engine: Engine, address: Address, surroundings: Surroundings,
        failed: Callable[[EngineError], None], try_out: TryOut,
    ) -> None:  # fmt: skip
        self.administrative = address.database or engine.default_database
        self._key = key
        self._engine = engine
        self._address = address
        self._surroundings = surroundings
        self._failed = failed
        self._try_out = try_out
        self.breaker = Breaker(self._probe, surroundings.clock, surroundings.randomness, self._circuit_changed)

    async def dial(self, database: str) -> Session:
        """A new connection with the lane's own login. Raises at once while the circuit is open."""
        self.breaker.check()
        try:
            return await self._log_in(database)
        except (Unreachable, LoginRefused) as failure:
            self.breaker.trip(failure)
            raise

    async def prove(self, address: Address) -> None:
        """In and out with another login; what happens says nothing about ours."""
        session = await self._connect(address, address.database or self.administrative)
        await session.close()

    async def _log_in(self, database: str) -> Session:
        began = self._surroundings.clock.monotonic()
        try:
            session = await self._connect(self._address, database)
        except (Unreachable, LoginRefused) as failure:
            self._meter("connect", began, failure.reason)
            raise
        self._meter("connect", began)
        return session

    @property
    def _connect(self) -> Connect:
        if self._engine.connect is None:
            raise EngineError(f"servers of engine {self._engine.name!r} cannot be logged in to", reason="NotSupported")
        return self._engine.connect

    async def _probe(self) -> None:
        await self._try_out(self.administrative, lambda: self._log_in(self.administrative))

    def _circuit_changed(self, failure: EngineError | None) -> None:
        now = self._surroundings.clock.monotonic()
        if failure is None:
            self._meter("close", now)
            self._surroundings.recovered(self._key)
        else:
            self._meter("open", now, failure.reason)
            self._failed(failure)

    def _meter(self, work: Work, began: float, failure: str = "") -> None:
        seconds = self._surroundings.clock.monotonic() - began
        self._surroundings.meter(LaneEvent(self._key, work, seconds, failure=failure, engine=self._engine.name))
