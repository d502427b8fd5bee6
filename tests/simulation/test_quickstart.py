"""The same run twice is the same to the last byte: nothing reads a clock, a random number or a thread by itself."""

from __future__ import annotations

import asyncio

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.user import DATABASE_USER
from dbaas.core.simulation import run_virtually
from simulation.world import simulated_world

OBJECTS = (
    (DATABASE_CLUSTER, "main"),
    (DATABASE_USER, "shop-owner"),
    (DATABASE, "shop"),
    (DATABASE_USER, "shop-app"),
    (DATABASE_GRANT, "shop-app"),
)

Trace = list[tuple[float, str, str, bytes]]


async def run_quickstart(seed: int) -> tuple[Trace, list[str]]:
    """Everything that was asked of the API, with the moment, and every statement."""
    async with simulated_world(seed) as world:
        await world.make_quickstart()
        await world.settle()
        world.server.privileges["shop-app"].clear()
        await asyncio.sleep(90)
        for kind, name in OBJECTS:
            await world.delete(kind, name)
        await world.settle()
        sent = zip(world.faults.times, world.faults.requests, strict=True)
        return [(when, request.method, request.path, request.body) for when, request in sent], world.server.log


def test_a_run_is_the_same_every_time() -> None:
    first, second = run_virtually(run_quickstart(7)), run_virtually(run_quickstart(7))
    assert first == second
    assert len(first[0]) > 50


def test_another_seed_is_another_run() -> None:
    assert run_virtually(run_quickstart(7))[0] != run_virtually(run_quickstart(8))[0]


def test_the_quickstart_becomes_ready_within_seconds() -> None:
    async def main() -> None:
        async with simulated_world() as world:
            await world.make_quickstart()
            await asyncio.sleep(3)
            assert [await world.ready(kind, name) for kind, name in OBJECTS[1:]] == [("True", "Applied")] * 4
            assert (await world.ready(DATABASE_CLUSTER, "main"))[0] == "True"

    run_virtually(main())
