"""A leader that is stopped amid its statements: when it goes on another has taken over, and it sends nothing more."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from prometheus_client import CollectorRegistry

from dbaas.admission import RuleAdmission
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.registry import Registry
from dbaas.controllers.assembly import build_controllers
from dbaas.controllers.servers import Servers
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from dbaas.kube.verbs import RestClient
from dbaas.lanes.lanes import ServerLanes
from dbaas.runtime.fencing import LeaderTransport
from dbaas.runtime.manager import Manager
from fixtures.electing import Contender, Hand, OwnClock
from simulation.engine import build_engine
from simulation.servers import StormyNetwork, StormyServer
from simulation.world import World, grant_spec, simulated_world

pytestmark = pytest.mark.slow

CLOCK = LoopClock()
OBJECTS = ((DATABASE_USER, "owner"), (DATABASE_USER, "app"), (DATABASE, "shop"), (DATABASE_GRANT, "app"))


@dataclass
class Log:
    """What a server was told to do, in order; `heard` is called with the number of each."""

    texts: list[str] = field(default_factory=list)
    heard: Callable[[int], None] = lambda number: None

    def about_to(self, server: StormyServer, text: str, database: str) -> None:
        self.texts.append(text)
        self.heard(len(self.texts))

    def done(self, server: StormyServer, text: str) -> None:
        """Told already."""

    def impossible(self, server: StormyServer, text: str, database: str) -> None:
        raise AssertionError(f"an effect was made twice: {text}")


@dataclass
class Sources:
    """A process has a clock of its own, which can be stopped with it."""

    clock: OwnClock
    randomness: SeededRandomness


class Process:
    """An operator that stands for election. It outlives the loss of its lease: here nothing but the fence stops it."""

    def __init__(self, world: World, server: StormyServer, number: int) -> None:
        self.contender = Contender(world.api, number)
        sources, leadership = Sources(self.contender.clock, SeededRandomness(number)), self.contender.elector
        network = StormyNetwork(clock=sources.clock, random=random.Random(number), find=lambda host, port: server)
        registry = Registry({"basalt": build_engine(network)}, {}, "")
        rest = RestClient(LeaderTransport(self.contender.link, leadership))
        manager = Manager(rest, sources.clock, sources.randomness, leadership=leadership)
        self._lanes = ServerLanes(sources.clock, sources.randomness, leadership=leadership)
        admission = RuleAdmission(registry, world.find)
        servers = Servers(manager.client, self._lanes)
        for controller in build_controllers(manager, servers, registry, sources, admission, CollectorRegistry()):
            manager.add(controller)
        self._task = asyncio.get_running_loop().create_task(manager.run())

    async def end(self) -> None:
        self.contender.die()
        self._task.cancel()
        await asyncio.gather(self._task, self.contender.task, return_exceptions=True)
        await self._lanes.close_all()


async def make_shop(world: World) -> None:
    """Over one connection: at any time at most one statement is on its way."""
    await world.connect(maxConnections=1)
    here = {"instanceRef": {"name": "main"}}
    await world.make(DATABASE_USER, "owner", here)
    await world.make(DATABASE_USER, "app", here)
    await world.make(DATABASE, "shop", {**here, "owner": "owner", "basalt": {"schemas": ["sales"]}})
    await world.make(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT"))


@pytest.mark.parametrize("moment", range(1, 5))
def test_a_leader_that_is_stopped_amid_its_statements_sends_none_when_it_goes_on(moment: int) -> None:
    async def story() -> None:
        async with simulated_world() as world:
            await world.stop()
            await Hand(world.api).bring()
            log = Log()
            server = StormyServer("admin", name="main", witness=log)
            first = Process(world, server, 1)
            log.heard = lambda number: first.contender.pause() if number == moment else None
            await make_shop(world)
            await CLOCK.sleep(10)
            successor = Contender(world.api, 2)
            await successor.elector.gained()
            assert len(log.texts) == moment
            first.contender.resume()
            await CLOCK.sleep(120)
            assert len(log.texts) == moment, "it sent a statement beside its successor"
            await first.end()
            await successor.leave()
            second = Process(world, server, 3)
            await CLOCK.sleep(120)
            assert {await world.ready(kind, name) for kind, name in OBJECTS} == {("True", "Applied")}
            assert len(log.texts) == len(set(log.texts)) == 5
            await second.end()

    run_virtually(story())
