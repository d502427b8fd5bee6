"""Asking a server what it is, within a time: one that lets us in and then says nothing is away."""

from __future__ import annotations

import asyncio

from dbaas.contracts.engine import Engine, EngineError, ServerFacts, Unreachable
from dbaas.lanes.pool import Pool


class Prober:
    """Asks by a connection to the administrative database, before all other work."""

    def __init__(self, engine: Engine, pool: Pool, administrative: str) -> None:
        self._engine = engine
        self._pool = pool
        self._administrative = administrative

    async def ask(self, timeout_seconds: float | None) -> ServerFacts:
        """Twice where the first connection breaks. Raises EngineError."""
        try:
            return await self._ask_once(timeout_seconds)
        except Unreachable:
            await self._pool.close_idle()  # it may have been a connection that died while it was idle
            return await self._ask_once(timeout_seconds)

    async def _ask_once(self, timeout_seconds: float | None) -> ServerFacts:
        """The time begins when there is a connection: a server that is busy with our own work is not away."""
        probe = self._engine.probe
        if probe is None:
            raise EngineError(f"servers of engine {self._engine.name!r} cannot be probed", reason="NotSupported")
        async with self._pool.lease(self._administrative, urgent=True) as session:
            try:
                async with asyncio.timeout(timeout_seconds):
                    return await probe(session)
            except TimeoutError as error:
                raise Unreachable(f"no answer within {timeout_seconds} s", reason="HealthCheckTimedOut") from error
