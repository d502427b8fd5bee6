"""All lanes by key: each is made when it is first asked for and replaced when its address changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from dbaas.contracts.engine import Address, Engine
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.lanes.dialling import Surroundings, tell_nobody
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.metering import Meter, no_meter


class ServerLanes:
    """Implements `contracts.lane.Lanes`. `recovered` is told the key of a lane whose server answers again."""

    def __init__(
        self, clock: Clock, randomness: Randomness, *, meter: Meter = no_meter,
        recovered: Callable[[str], None] = tell_nobody,
    ) -> None:  # fmt: skip
        self._surroundings = Surroundings(clock, randomness, meter, recovered)
        self._lanes: dict[str, ServerLane] = {}
        self._retiring: set[asyncio.Task[Any]] = set()

    def open(self, key: str, engine: Engine, address: Address, max_connections: int) -> ServerLane:
        """The same arguments give the same lane; must be called while an event loop runs."""
        lane = self._lanes.get(key)
        if lane is not None:
            if (lane.engine, lane.address, lane.max_connections) == (engine, address, max_connections):
                return lane
            self._retire(lane)
        lane = self._lanes[key] = ServerLane(key, engine, address, max_connections, self._surroundings)
        return lane

    def get(self, key: str) -> ServerLane | None:
        return self._lanes.get(key)

    async def close(self, key: str) -> None:
        lane = self._lanes.pop(key, None)
        if lane is not None:
            await lane.close()

    async def close_all(self) -> None:
        """For the end of the program."""
        for key in list(self._lanes):
            await self.close(key)
        if self._retiring:
            await asyncio.wait(self._retiring)

    def _retire(self, lane: ServerLane) -> None:
        task = asyncio.get_running_loop().create_task(lane.retire())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
