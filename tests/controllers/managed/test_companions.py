"""Objects that come along with one: made, put right, taken away, and never taken from somebody else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.companions import Companion
from dbaas.contracts.registry import Registry
from fixtures.operating import virtually
from simulation.world import World, grant_spec, simulated_world


def bring(spec: Any, name: str) -> Sequence[Companion]:
    """A user and a grant for it, where the database has an option that says so."""
    if not spec.block("basalt").get("locale"):
        return ()
    grant = grant_spec(f"{name}-app", name, "SELECT")
    return (Companion(DATABASE_USER, f"{name}-app", {}), Companion(DATABASE_GRANT, f"{name}-app", grant))


@asynccontextmanager
async def world_with_companions() -> AsyncIterator[World]:
    def fit(registry: Registry) -> Registry:
        engine = replace(registry.engines["basalt"], companions={"Database": bring})
        return replace(registry, engines={"basalt": engine})

    async with simulated_world(fit=fit) as world:
        await world.connect()
        yield world


async def make_shop(world: World, **spec: Any) -> None:
    await world.make(DATABASE, "shop", {"instanceRef": {"name": "main"}, "basalt": {"locale": "C"}, **spec})
    await world.settle()


@virtually
async def test_they_are_made_and_told_and_not_written_again() -> None:
    async with world_with_companions() as world:
        await make_shop(world)
        assert await world.ready(DATABASE_GRANT, "shop-app") == ("True", "Applied")
        status = (await world.read(DATABASE, "shop")).status
        assert status["companions"] == ["DatabaseGrant/shop-app", "DatabaseUser/shop-app"]
        before = len(world.faults.writes)
        await world.stop()
        world.start()
        await world.settle()
        assert [write for write in world.faults.writes[before:] if "/databases/" in write.path] == []


@virtually
async def test_one_that_is_deleted_is_made_again() -> None:
    async with world_with_companions() as world:
        await make_shop(world)
        await world.delete(DATABASE_GRANT, "shop-app")
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "shop-app") == ("True", "Applied")


@virtually
async def test_what_is_not_asked_for_any_more_goes() -> None:
    async with world_with_companions() as world:
        await make_shop(world)
        await world.change(DATABASE, "shop", {"basalt": {"locale": None}})
        await world.settle()
        assert await world.find(DATABASE_USER, Key("default", "shop-app")) is None
        assert "companions" not in (await world.read(DATABASE, "shop")).status


@virtually
async def test_they_never_hold_the_deletion_of_the_object_they_came_with() -> None:
    for policy, held in (("Retain", True), ("Delete", False)):
        async with world_with_companions() as world:
            await make_shop(world, deletionPolicy=policy, deletionProtection=False)
            await world.delete(DATABASE, "shop")
            await world.settle()
            assert await world.find(DATABASE, Key("default", "shop")) is None
            assert await world.find(DATABASE_GRANT, Key("default", "shop-app")) is None
            assert bool(world.server.bases.get("shop")) == held


@virtually
async def test_an_object_of_that_name_that_is_somebody_elses_is_left_alone() -> None:
    async with world_with_companions() as world:
        await world.make(DATABASE_USER, "shop-app", {"instanceRef": {"name": "main"}})
        await make_shop(world)
        assert await world.ready(DATABASE, "shop") == ("False", "NameTaken")


@virtually
async def test_the_user_that_comes_along_opens_the_connection_secret() -> None:
    async with world_with_companions() as world:
        await make_shop(world, connectionSecret={})
        values = await world.read_secret("shop")
        assert (values["username"], values["database"]) == ("shop-app", "shop")
        assert values["password"] == world.server.roles["shop-app"]
        await world.delete(SECRET, "shop")
        await world.settle()
        assert (await world.read_secret("shop"))["password"] == values["password"]
