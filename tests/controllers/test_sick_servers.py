"""Servers that accept and never answer, among healthy ones."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.contracts.engine import Address, Connect, Session, Unreachable
from dbaas.contracts.registry import Registry
from dbaas.core.clock import LoopClock
from fixtures.faults import is_write
from fixtures.operating import virtually
from simulation.engine import SimulatedServer
from simulation.world import HOST, World, simulated_world

CLOCK = LoopClock()
SERVERS, SICK = 120, 40
FIRST_PORT = 9000
CONNECT_SECONDS = 10.0
LATE_SECONDS = 0.5


def hanging(ports: set[int], found: list[float] | None = None) -> Callable[[Registry], Registry]:
    """Whoever connects to one of these ports waits for as long as a client waits; `found` is when others answered."""

    def fit(registry: Registry) -> Registry:
        engine = registry.engines["basalt"]
        connect = engine.connect
        assert connect is not None
        return replace(
            registry, engines={"basalt": replace(engine, connect=_hang(connect, ports, [] if found is None else found))}
        )

    return fit


def _hang(connect: Connect, ports: set[int], found: list[float]) -> Connect:
    async def hang(address: Address, database: str | None) -> Session:
        if address.port in ports:
            await CLOCK.sleep(CONNECT_SECONDS)
            raise Unreachable("no answer")
        found.append(CLOCK.monotonic())
        return await connect(address, database)

    return hang


async def introduce(world: World, number: int) -> None:
    """A server of its own, and the object for it."""
    server = SimulatedServer(identity=f"basalt-{number}")
    world.network.servers[HOST, FIRST_PORT + number] = server
    connection = {"host": HOST, "port": FIRST_PORT + number, "secretRef": {"name": "admin"}}
    await world.make(DATABASE_INSTANCE, f"server-{number}", {"engine": "basalt", "connection": connection})


async def is_seen(world: World, number: int, generation: int) -> bool:
    status = (await world.read(DATABASE_INSTANCE, f"server-{number}")).status
    return status.get("observedGeneration") == generation and status.get("phase") == "Ready"


@virtually
async def test_those_that_hang_keep_nobody_else_waiting() -> None:
    """All begin to be looked at in the same moment; a healthy one waits for none of the others."""
    ports = {FIRST_PORT + number for number in range(SICK)}
    async with simulated_world(fit=hanging(ports)) as world:
        await world.make_secret("admin", {"username": "root", "password": world.server.password})
        for number in range(SERVERS):
            await introduce(world, number)
        await asyncio.sleep(LATE_SECONDS)
        assert [number for number in range(SICK, SERVERS) if not await is_seen(world, number, 1)] == []
        assert [number for number in range(SICK) if await is_seen(world, number, 1)] == []


@virtually
async def test_one_that_comes_back_is_found_within_its_longest_pause() -> None:
    ports = {FIRST_PORT}
    async with simulated_world(fit=hanging(ports)) as world:
        await world.make_secret("admin", {"username": "root", "password": world.server.password})
        await introduce(world, 0)
        await asyncio.sleep(300)
        ports.clear()
        await asyncio.sleep(30 + CONNECT_SECONDS)
        assert (await world.user.get(DATABASE_INSTANCE, Key("default", "server-0"))).status["phase"] == "Ready"


@virtually
async def test_one_that_stays_away_costs_next_to_nothing() -> None:
    """Its lane knocks and tells when it is back; nobody else has to look often, and nobody asks for its login again."""
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        world.server.is_down = True
        await asyncio.sleep(300)
        looked, asked = looks(world), len(world.faults.requests)
        await asyncio.sleep(600)
        assert 600 / 30 / 1.2 <= looks(world) - looked <= 600 / 30 + 2
        assert [request.path for request in world.faults.requests[asked:] if "/secrets/" in request.path] == []
        assert [request.path for request in world.faults.requests[asked:] if is_write(request)] == []


def looks(world: World) -> float:
    """How often an instance has been reconciled."""
    samples = [each for metric in world.collected.collect() for each in metric.samples]
    mine = {"controller": "databaseinstance"}
    return sum(
        each.value
        for each in samples
        if each.name == "controller_runtime_reconcile_total" and mine.items() <= each.labels.items()
    )


@virtually
async def test_many_that_come_back_are_all_found_within_it_and_not_all_at_once() -> None:
    """Who hung together would else be knocked at together, for ever."""
    ports = {FIRST_PORT + number for number in range(SICK)}
    found: list[float] = []
    async with simulated_world(fit=hanging(ports, found)) as world:
        await world.make_secret("admin", {"username": "root", "password": world.server.password})
        for number in range(SICK):
            await introduce(world, number)
        await asyncio.sleep(300)
        found.clear()
        ports.clear()
        await asyncio.sleep(30 + CONNECT_SECONDS)
        assert [number for number in range(SICK) if not await is_seen(world, number, 1)] == []
    assert len(found) >= SICK
    assert max(sum(moment <= other < moment + 1 for other in found) for moment in found) <= SICK / 4
