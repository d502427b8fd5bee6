"""What is being taken away on a server at this moment, by all lanes that lead there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from dbaas.contracts.lane import Taking


class Takings:
    """From the question whether somebody else has come to want it until the server has answered."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Event, Taking] = {}

    @asynccontextmanager
    async def confirmed(self, taking: Taking | None) -> AsyncIterator[None]:
        """Raises what `confirm` raises."""
        if taking is None:
            yield
            return
        ended = asyncio.Event()
        self._under_way[ended] = taking
        try:
            await taking.confirm()
            yield
        finally:
            del self._under_way[ended]
            ended.set()

    async def wait(self, part: str, database: str | None) -> None:
        """Until those that are under way there now have ended."""
        place = (part, database)
        for ended in [ended for ended, taking in self._under_way.items() if place in taking.places]:
            await ended.wait()
