"""A schema that two objects ask for: by itself, and in the list of its database."""

from __future__ import annotations

import asyncio
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from fixtures.operating import virtually
from simulation.world import World, simulated_world


async def make_database(world: World, *schemas: str) -> None:
    await world.connect()
    await world.make(DATABASE, "shop", {"instanceRef": {"name": "main"}, "basalt": {"schemas": list(schemas)}})
    await world.settle()


async def make_schema(world: World, name: str = "sales", **spec: Any) -> None:
    await world.make(DATABASE_SCHEMA, name, {"databaseRef": {"name": "shop"}, "name": "sales", **spec})
    await world.settle()


async def list_schemas(world: World, *schemas: str) -> None:
    await world.change(DATABASE, "shop", {"basalt": {"schemas": list(schemas)}})
    await world.settle()


@virtually
async def test_a_schema_is_made_in_its_database_and_kept_there() -> None:
    async with simulated_world() as world:
        await make_schema(world)
        assert await world.ready(DATABASE_SCHEMA, "sales") == ("False", "DatabaseNotFound")
        await make_database(world)
        assert await world.ready(DATABASE_SCHEMA, "sales") == ("True", "Applied")
        assert list(world.server.bases["shop"].schemas) == ["sales"]
        await world.delete(DATABASE_SCHEMA, "sales")
        await world.settle()
        assert list(world.server.bases["shop"].schemas) == ["sales"]


@virtually
async def test_with_delete_it_is_dropped_with_its_object() -> None:
    async with simulated_world() as world:
        await make_database(world)
        await make_schema(world, deletionPolicy="Delete")
        await world.delete(DATABASE_SCHEMA, "sales")
        await world.settle()
        assert list(world.server.bases["shop"].schemas) == []


@virtually
async def test_the_younger_of_two_waits_and_never_drops_it() -> None:
    async with simulated_world() as world:
        await make_database(world, "sales")
        await make_schema(world, deletionPolicy="Delete")
        assert await world.ready(DATABASE_SCHEMA, "sales") == ("False", "AlreadyManaged")
        await world.delete(DATABASE_SCHEMA, "sales")
        await world.settle()
        assert list(world.server.bases["shop"].schemas) == ["sales"]


@virtually
async def test_of_two_objects_for_one_schema_the_older_wins() -> None:
    async with simulated_world() as world:
        await make_database(world)
        await make_schema(world, "sales")
        await asyncio.sleep(2)
        await make_schema(world, "other", deletionPolicy="Delete")
        assert await world.ready(DATABASE_SCHEMA, "other") == ("False", "AlreadyManaged")
        await world.delete(DATABASE_SCHEMA, "sales")
        await asyncio.sleep(60)
        assert await world.ready(DATABASE_SCHEMA, "other") == ("True", "Applied")


@virtually
async def test_what_leaves_the_list_of_a_database_stays_where_an_object_stands_for_it() -> None:
    async with simulated_world() as world:
        await make_database(world, "sales", "old")
        await make_schema(world)
        await list_schemas(world)
        await asyncio.sleep(60)
        assert list(world.server.bases["shop"].schemas) == ["sales"]
        assert await world.ready(DATABASE_SCHEMA, "sales") == ("True", "Applied")


@virtually
async def test_a_database_is_held_by_the_schemas_that_refer_to_it() -> None:
    async with simulated_world() as world:
        await make_database(world)
        await make_schema(world)
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert (await world.ready(DATABASE, "shop"))[1] == "DependenciesExist"


@virtually
async def test_a_schema_that_is_gone_is_drift() -> None:
    async with simulated_world() as world:
        await make_database(world)
        await make_schema(world)
        world.server.bases["shop"].schemas.clear()
        await asyncio.sleep(90)
        assert await world.ready(DATABASE_SCHEMA, "sales") == ("False", "DriftDetected")
