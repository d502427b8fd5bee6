"""What is changed behind our back is told within a minute, in the words of the plan; what is right is left alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.drift import describe_differences
from dbaas.controllers.managed.planning import ObjectPlan, plan_objects
from fixtures.operating import virtually
from simulation.engine import SimulatedServer
from simulation.world import World, simulated_world

HERE = {"instanceRef": {"name": "main"}}
OBJECTS: tuple[tuple[Kind, str, dict[str, Any]], ...] = (
    (DATABASE_USER, "owner", HERE),
    (DATABASE_ROLE, "readers", HERE),
    (DATABASE, "shop", {**HERE, "owner": "owner", "basalt": {"schemas": ["sales"]}}),
    (DATABASE_SCHEMA, "extra", {"databaseRef": {"name": "shop"}}),
    (
        DATABASE_GRANT, "readers",
        {
            "roleRef": {"name": "readers"}, "databaseRef": {"name": "shop"},
            "privileges": [{"on": "table", "schema": "sales", "privileges": ["SELECT", "INSERT"]}],
        },
    ),
)  # fmt: skip


def set_owner(name: str) -> Callable[[SimulatedServer], None]:
    return lambda server: setattr(server.bases["shop"], "owner", name)


def drop_schemas(server: SimulatedServer) -> None:
    server.bases["shop"].schemas.clear()


MEDDLING: Mapping[str, tuple[Kind, str, Callable[[SimulatedServer], None]]] = {
    "a database's owner": (DATABASE, "shop", set_owner("root")),
    "a database's owner and schema": (DATABASE, "shop", lambda s: (drop_schemas(s), set_owner("root")(s))[0]),
    "a schema": (DATABASE_SCHEMA, "extra", drop_schemas),
    "a role": (DATABASE_ROLE, "readers", lambda s: s.roles.__delitem__("readers")),
    "a user": (DATABASE_USER, "owner", lambda s: s.roles.__delitem__("owner")),
    "a privilege": (DATABASE_GRANT, "readers", lambda s: s.privileges["readers"].clear()),
}


async def prepare(world: World) -> None:
    await world.connect()
    for kind, name, spec in OBJECTS:
        await world.make(kind, name, spec)
    await world.settle()
    for kind, name, _ in OBJECTS:
        assert await world.ready(kind, name) == ("True", "Applied")


async def plan(world: World, kind: Kind, name: str) -> ObjectPlan:
    assert world.operator is not None
    body = (await world.read(kind, name)).body()
    manager, lanes = world.operator.manager, world.operator.lanes
    (planned,) = await plan_objects(manager.client, lanes, world.registry, [(kind, body)])
    return planned


async def check(world: World, kind: Kind, name: str) -> None:
    """The status has the differences of the plan: the same ones, in the same order, with the same flags."""
    planned = await plan(world, kind, name)
    assert planned.left and not planned.changes
    assert (await world.read(kind, name)).status["drift"]["diffs"] == describe_differences(planned.left)


@pytest.mark.parametrize("meddling", MEDDLING.values(), ids=MEDDLING)
def test_a_change_behind_our_back_is_told_within_a_minute(
    meddling: tuple[Kind, str, Callable[[SimulatedServer], None]],
) -> None:
    kind, name, meddle = meddling

    @virtually
    async def run() -> None:
        async with simulated_world() as world:
            await prepare(world)
            meddle(world.server)
            await asyncio.sleep(60)
            assert await world.ready(kind, name) == ("False", "DriftDetected")
            await check(world, kind, name)

    run()


@virtually
async def test_another_value_of_the_same_field_is_told_as_well() -> None:
    async with simulated_world() as world:
        await prepare(world)
        for owner in ("root", "readers"):
            world.server.bases["shop"].owner = owner
            await asyncio.sleep(60)
            await check(world, DATABASE, "shop")
            assert (await world.read(DATABASE, "shop")).status["drift"]["diffs"][0]["actual"] == owner


@virtually
async def test_what_is_right_and_what_has_been_told_is_not_written_again() -> None:
    async with simulated_world() as world:
        await prepare(world)
        set_owner("root")(world.server)
        await asyncio.sleep(120)
        before = [(await world.user.get(kind, Key("default", name))).metadata for kind, name, _ in OBJECTS]
        await asyncio.sleep(1200)
        after = [(await world.user.get(kind, Key("default", name))).metadata for kind, name, _ in OBJECTS]
        assert [each.resourceVersion for each in before] == [each.resourceVersion for each in after]
