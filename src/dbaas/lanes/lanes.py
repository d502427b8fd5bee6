"""All lanes by key: each is made when it is first asked for and replaced when its address changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from dbaas.contracts.engine import Address, Engine
from dbaas.contracts.leadership import Leadership, Uncontested
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.lanes.dialling import Surroundings, tell_nobody
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.metering import Meter, no_meter


@dataclass(frozen=True)
class _Asked:
    """What a key was opened with."""

    engine: Engine
    address: Address
    max_connections: int

    def may_share(self, other: _Asked) -> bool:
        """Whether both are the same login, protected in the same way; each has proven its password itself."""
        same = replace(self.address, host=other.address.host, port=other.address.port, password=other.address.password)
        return self.engine is other.engine and same == other.address


class ServerLanes:
    """Implements `contracts.lane.Lanes`. `recovered` is told the key of a lane whose server answers again.

    Without `leadership` this process has no rivals.
    """

    def __init__(
        self, clock: Clock, randomness: Randomness, *, meter: Meter = no_meter,
        recovered: Callable[[str], None] = tell_nobody, leadership: Leadership | None = None,
    ) -> None:  # fmt: skip
        self._surroundings = Surroundings(clock, randomness, meter, recovered, leadership or Uncontested())
        self._lanes: dict[str, ServerLane] = {}
        self._asked: dict[str, _Asked] = {}
        self._identities: dict[str, str] = {}
        self._retiring: set[asyncio.Task[Any]] = set()

    def open(self, key: str, engine: Engine, address: Address, max_connections: int) -> ServerLane:
        """The same arguments give the same lane; must be called while an event loop runs.

        One that was joined to another's lane gets its own again while that one's server is away: its own way to the
        server may be open.
        """
        asked, lane = _Asked(engine, address, max_connections), self._lanes.get(key)
        if lane is not None:
            is_stranded = lane.key != key and lane.is_away
            if self._asked[key] == asked and not is_stranded:
                return lane
            self._leave(key)
        lane = self._lanes[key] = ServerLane(key, engine, address, max_connections, self._surroundings)
        self._asked[key] = asked
        return lane

    def join(self, key: str, identity: str) -> ServerLane:
        """The lane that has the fewest connections goes on for all; there must be one for `key`."""
        self._identities[key] = identity
        lane = self._lanes[key]
        for other, known in self._identities.items():
            twin = self._lanes[other]
            if twin is lane or known != identity or twin.is_away or not self._asked[key].may_share(self._asked[other]):
                continue
            kept, left = sorted((lane, twin), key=lambda each: each.max_connections)
            for moved in [name for name, each in self._lanes.items() if each is left]:
                self._lanes[moved] = kept
            self._retire(left)
            return kept
        return lane

    def get(self, key: str) -> ServerLane | None:
        return self._lanes.get(key)

    async def close(self, key: str) -> None:
        lane = self._forget(key)
        if lane is not None and lane not in self._lanes.values():
            await lane.close()

    async def close_all(self) -> None:
        """For the end of the program."""
        for key in list(self._lanes):
            await self.close(key)
        if self._retiring:
            await asyncio.wait(self._retiring)

    def _leave(self, key: str) -> None:
        lane = self._forget(key)
        if lane is not None and lane not in self._lanes.values():
            self._retire(lane)

    def _forget(self, key: str) -> ServerLane | None:
        self._asked.pop(key, None)
        self._identities.pop(key, None)
        return self._lanes.pop(key, None)

    def _retire(self, lane: ServerLane) -> None:
        task = asyncio.get_running_loop().create_task(lane.retire())
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)
