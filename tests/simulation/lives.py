"""One life of the operator: runtime, lanes and all controllers, from its start to its crash."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.admission.facts import Find
from dbaas.api.resource import Key, Kind
from dbaas.contracts.client import Client
from dbaas.contracts.provider import Provider
from dbaas.contracts.reconcile import Controller
from dbaas.contracts.registry import Registry
from dbaas.contracts.rest import Rest
from dbaas.contracts.transport import Transport
from dbaas.controllers.assembly import build_controllers, instance_waker
from dbaas.controllers.servers import Servers
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.verbs import RestClient
from dbaas.lanes.lanes import ServerLanes
from dbaas.runtime.cache import Cache
from dbaas.runtime.manager import Manager
from simulation.engine import build_engine
from simulation.lines import Line
from simulation.provider import BasaltServer
from simulation.servers import StormyNetwork
from simulation.world import Sources


@dataclass(frozen=True)
class Parts:
    """What a simulation may have other than the product: each takes the real part and gives the one to run."""

    rest: Callable[[Rest], Rest] = lambda rest: rest
    client: Callable[[Client], Client] = lambda client: client
    controllers: Callable[[Sequence[Controller], Client], Sequence[Controller]] = lambda found, client: found


@dataclass(frozen=True)
class _Host:
    """A manager whose controllers get the client of `Parts`."""

    manager: Manager
    client: Client

    def enqueue(self, kind: Kind, key: Key, *, low_priority: bool = False) -> None:
        self.manager.enqueue(kind, key, low_priority=low_priority)

    def fleets(self) -> Sequence[Cache]:
        return self.manager.fleets()


@dataclass
class Life:
    """`kill` ends it as a crash does: what is under way is cut off, and nothing is sent any more."""

    manager: Manager
    lanes: ServerLanes
    line: Line
    network: StormyNetwork
    task: asyncio.Task[None]

    @property
    def is_over(self) -> bool:
        return not self.line.alive

    def kill(self) -> None:
        if not self.is_over:
            self.line.alive = self.network.alive = False
            self.task.cancel()

    async def end(self) -> int:
        """After `kill`, or where it shall stop politely: until nothing of it is left.

        The number of connections that it left open although it had the time to close them.
        """
        was_polite = not self.is_over
        if was_polite:
            await self.manager.stop()
        self.kill()
        await asyncio.gather(self.task, return_exceptions=True)
        await self.lanes.close_all()
        left = sum(not session.closed for session in self.network.sessions) if was_polite else 0
        await self.network.end()
        return left


def start_life(
    line: Line, transport: Transport, network: StormyNetwork, provider: Provider, find: Find, parts: Parts
) -> Life:  # fmt: skip
    """`transport` is the line, or something around it."""
    clock, randomness = LoopClock(), SeededRandomness(int(network.random.random() * 2**32))
    engine = build_engine(network, BasaltServer())
    registry = Registry({engine.name: engine}, {provider.name: provider}, provider.name)
    manager = Manager(parts.rest(RestClient(transport)), clock, randomness)
    lanes = ServerLanes(clock, randomness, recovered=instance_waker(manager.enqueue))
    host = _Host(manager, parts.client(manager.client))
    controllers = build_controllers(
        host,
        Servers(host.client, lanes, versions=manager.version_of),
        registry,
        Sources(clock, randomness),
        RuleAdmission(registry, find),
        CollectorRegistry(),
    )
    for controller in parts.controllers(controllers, manager.client):
        manager.add(controller)
    task = asyncio.get_running_loop().create_task(manager.run())
    return Life(manager, lanes, line, network, task)
