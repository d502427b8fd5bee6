"""All lanes by key: each is made when it is first asked for and replaced when its address changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

from dbaas.contracts.engine import Address, Engine
from dbaas.contracts.leadership import Leadership, Uncontested
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.lanes.dialling import Surroundings, tell_nobody
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.metering import Meter, no_meter
from dbaas.lanes.sharing import Shared


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
        self._keys: dict[str, dict[str, None]] = {}  # by identity
        self._retiring: set[asyncio.Task[Any]] = set()

    def open(self, key: str, engine: Engine, address: Address, max_connections: int) -> ServerLane:
        """The same arguments give the same lane; must be called while an event loop runs.

        Lanes to one address share its connections from the start, whatever their logins.
        One that was joined to another's lane gets its own again while that one's server is away: its own way to the
        server may be open.
        """
        asked, lane = _Asked(engine, address, max_connections), self._lanes.get(key)
        if lane is not None:
            is_stranded = lane.key != key and lane.is_away
            if self._asked[key] == asked and not is_stranded:
                return lane
        shared = self._find_shared(address)
        if lane is not None:
            self._leave(key)
        lane = self._lanes[key] = ServerLane(key, engine, address, max_connections, self._surroundings, shared)
        self._asked[key] = asked
        return lane

    def join(self, key: str, identity: str) -> ServerLane:
        """The lane that has the fewest connections goes on for all; there must be one for `key`.

        Those with other logins stay apart, but have their connections and their locks together.
        """
        self._identify(key, identity)
        lane = self._lanes[key]
        twins = {other: self._lanes[other] for other in self._keys[identity]}
        twins = {other: twin for other, twin in twins.items() if twin is not lane and not twin.is_away}
        for other, twin in twins.items():
            if self._asked[key].may_share(self._asked[other]):
                return self._unite(lane, twin)
        if twins:
            self._share(lane, next(iter(twins.values())).pool.shared)
        elif not lane.pool.shared.is_alone and self._is_astray(lane, identity):
            self._share(lane, Shared(self._surroundings.clock))
        return lane

    def get(self, key: str) -> ServerLane | None:
        return self._lanes.get(key)

    async def close(self, key: str) -> None:
        lane = self._forget(key)
        if lane is not None and lane not in self._lanes.values():
            await lane.close()

    async def close_all(self) -> None:
        """For the end of the program."""
        await asyncio.gather(*(self.close(key) for key in list(self._lanes)))
        if self._retiring:
            await asyncio.wait(self._retiring)

    def _find_shared(self, address: Address) -> Shared | None:
        place = _place(address)
        return next((lane.pool.shared for lane in self._lanes.values() if _place(lane.address) == place), None)

    def _unite(self, lane: ServerLane, twin: ServerLane) -> ServerLane:
        kept, left = sorted((lane, twin), key=lambda each: each.max_connections)
        for moved in [name for name, each in self._lanes.items() if each is left]:
            self._lanes[moved] = kept
        self._share(left, kept.pool.shared)
        self._end(left.retire())
        return kept

    def _is_astray(self, lane: ServerLane, identity: str) -> bool:
        """Whether it shares with lanes to another server, as behind an address that leads to several."""
        others = (key for key, each in self._lanes.items() if each is not lane and each.pool.shared is lane.pool.shared)
        return any(self._identities.get(key, identity) != identity for key in others)

    def _share(self, lane: ServerLane, shared: Shared) -> None:
        if lane.pool.shared is not shared:
            lane.pool.share(shared)
            self._end(lane.pool.shrink())

    def _leave(self, key: str) -> None:
        lane = self._forget(key)
        if lane is not None and lane not in self._lanes.values():
            self._end(lane.retire())

    def _forget(self, key: str) -> ServerLane | None:
        self._asked.pop(key, None)
        self._identify(key, None)
        return self._lanes.pop(key, None)

    def _identify(self, key: str, identity: str | None) -> None:
        known = self._identities.pop(key, None)
        if known is not None:
            self._keys[known].pop(key)
            if not self._keys[known]:
                del self._keys[known]
        if identity is not None:
            self._identities[key] = identity
            self._keys.setdefault(identity, {})[key] = None

    def _end(self, work: Coroutine[Any, Any, None]) -> None:
        """What was begun here comes to its end, whoever waits for it."""
        task = asyncio.get_running_loop().create_task(work)
        self._retiring.add(task)
        task.add_done_callback(self._retiring.discard)


def _place(address: Address) -> tuple[str, int]:
    return address.via or (address.host, address.port)
