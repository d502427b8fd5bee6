"""Deletion: what stays, what goes, what holds it."""

from __future__ import annotations

import asyncio

from dbaas.api.core import NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.world import World, grant_spec, simulated_world

HERE = {"instanceRef": {"name": "main"}}
DROP = {"deletionPolicy": "Delete", "deletionProtection": False}


async def is_gone(world: World, kind: Kind, name: str, namespace: str = "default") -> bool:
    return await world.find(kind, Key(namespace, name)) is None


async def make_database(world: World, **spec: object) -> None:
    await world.connect()
    await world.make(DATABASE, "shop", {**HERE, **spec})
    await world.settle()


@virtually
async def test_by_default_the_object_goes_and_the_database_stays() -> None:
    async with simulated_world() as world:
        await make_database(world)
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert await is_gone(world, DATABASE, "shop")
        assert "shop" in world.server.bases


@virtually
async def test_delete_drops_the_database() -> None:
    async with simulated_world() as world:
        await make_database(world, **DROP)
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert await is_gone(world, DATABASE, "shop")
        assert "shop" not in world.server.bases
        assert "Deleted" in await world.events("shop")


@virtually
async def test_protection_holds_a_deletion_that_would_destroy() -> None:
    async with simulated_world() as world:
        await make_database(world, deletionPolicy="Delete")
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "DeletionProtected")
        assert "shop" in world.server.bases
        assert (await world.events("shop")).count("DeletionBlocked") == 1
        await world.change(DATABASE, "shop", {"deletionProtection": False})
        await world.settle()
        assert await is_gone(world, DATABASE, "shop")


@virtually
async def test_users_roles_and_grants_can_be_protected_as_well() -> None:
    async with simulated_world() as world:
        await make_database(world)
        await world.make(DATABASE_USER, "app", {**HERE, "deletionProtection": True})
        await world.make(DATABASE_ROLE, "staff", {**HERE, "deletionProtection": True})
        await world.make(DATABASE_GRANT, "reads", {**grant_spec("app", "shop", "SELECT"), "deletionProtection": True})
        await world.settle()
        made = ((DATABASE_GRANT, "reads"), (DATABASE_USER, "app"), (DATABASE_ROLE, "staff"))
        for kind, name in made:
            await world.delete(kind, name)
            await world.settle()
            assert await world.ready(kind, name) == ("False", "DeletionProtected")
        assert set(world.server.roles) == {"app", "staff"} and world.server.privileges["app"]
        message = (await world.read(DATABASE_GRANT, "reads")).status["message"]
        assert message.endswith("set spec.deletionProtection to false"), "a grant has no policy"
        for kind, name in made:
            await world.change(kind, name, {"deletionProtection": False})
            await world.settle()
            assert await is_gone(world, kind, name)
        assert world.server.roles == {}


@virtually
async def test_a_user_goes_with_its_role_and_its_secret() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE_USER, "app", HERE)
        await world.settle()
        await world.delete(DATABASE_USER, "app")
        await world.settle()
        assert world.server.roles == {}
        assert await is_gone(world, Kind("", "v1", "Secret", "secrets"), "app-credentials")


@virtually
async def test_a_grant_takes_away_what_it_gave_and_no_more() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        world.server.privileges["app"].add("by hand")
        await world.delete(DATABASE_GRANT, "app")
        await world.settle()
        assert world.server.privileges == {"app": {"by hand"}}


@virtually
async def test_grants_hold_their_user_and_let_it_go_at_once() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await world.delete(DATABASE_USER, "app")
        await world.settle()
        assert await world.ready(DATABASE_USER, "app") == ("False", "DependenciesExist")
        message = (await world.read(DATABASE_USER, "app")).status["message"]
        assert message == "1 object depends on it: DatabaseGrant default/app: delete them first"
        await world.delete(DATABASE_GRANT, "app")
        await asyncio.sleep(1)
        assert await is_gone(world, DATABASE_USER, "app")


@virtually
async def test_everything_at_once_in_any_order_ends() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE, "shop", DROP)
        await world.settle()
        for kind, name in ((DATABASE_INSTANCE, "main"), (DATABASE_USER, "owner"), (DATABASE, "shop"),
                           (DATABASE_USER, "app"), (DATABASE_GRANT, "app")):  # fmt: skip
            await world.delete(kind, name)
        await world.settle()
        assert await is_gone(world, DATABASE_INSTANCE, "main")
        assert world.server.roles == {}
        assert list(world.server.bases) == ["system"]


@virtually
async def test_an_owner_that_cannot_be_dropped_stays_when_the_server_goes_anyway() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        for kind, name in ((DATABASE_INSTANCE, "main"), (DATABASE_USER, "owner"), (DATABASE, "shop"),
                           (DATABASE_USER, "app"), (DATABASE_GRANT, "app")):  # fmt: skip
            await world.delete(kind, name)
        await world.settle()
        assert await is_gone(world, DATABASE_USER, "owner")
        assert "Retained" in await world.events("owner")
        assert "shop" in world.server.bases


@virtually
async def test_an_owner_that_cannot_be_dropped_says_why() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await world.delete(DATABASE_USER, "owner")
        await asyncio.sleep(30)
        assert await world.ready(DATABASE_USER, "owner") == ("False", "InUse")
        assert "set spec.deletionPolicy to Retain" in (await world.read(DATABASE_USER, "owner")).status["message"]
        assert "DeleteFailed" in await world.events("owner")


@virtually
async def test_an_owner_waits_quietly_for_a_database_that_is_on_its_way_out() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE, "shop", {**DROP, "deletionProtection": True})
        await world.settle()
        await world.delete(DATABASE, "shop")
        await world.delete(DATABASE_USER, "owner")
        await asyncio.sleep(30)
        assert await world.ready(DATABASE_USER, "owner") == ("False", "DependenciesExist")
        assert "DeleteFailed" not in await world.events("owner")
        await world.delete(DATABASE_GRANT, "app")
        await world.change(DATABASE, "shop", DROP)
        await asyncio.sleep(60)
        assert await is_gone(world, DATABASE, "shop")
        assert await is_gone(world, DATABASE_USER, "owner")


@virtually
async def test_a_server_that_stays_away_lets_go_after_ten_minutes() -> None:
    async with simulated_world() as world:
        await make_database(world, **DROP)
        world.server.is_down = True
        await world.delete(DATABASE, "shop")
        await asyncio.sleep(560)
        assert await world.ready(DATABASE, "shop") == ("False", "InstanceNotReady")
        await asyncio.sleep(120)
        assert await is_gone(world, DATABASE, "shop")
        assert "Retained" in await world.events("shop")
        assert "shop" in world.server.bases


@virtually
async def test_a_server_that_comes_back_gets_its_statement() -> None:
    async with simulated_world() as world:
        await make_database(world, **DROP)
        world.server.is_down = True
        await world.delete(DATABASE, "shop")
        await asyncio.sleep(300)
        world.server.is_down = False
        await world.settle()
        assert "shop" not in world.server.bases


@virtually
async def test_in_a_namespace_that_goes_protection_becomes_retain() -> None:
    async with simulated_world() as world:
        await world.make_namespace("team")
        await world.connect(allowedNamespaces=["team"])
        await world.make(DATABASE, "shop", {"instanceRef": {"name": "main", "namespace": "default"},
                                            "deletionPolicy": "Delete"}, "team")  # fmt: skip
        await world.settle()
        await world.user.delete(NAMESPACE, Key("", "team"))
        await world.settle()
        assert await is_gone(world, DATABASE, "shop", "team")
        assert "shop" in world.server.bases


@virtually
async def test_a_namespace_that_takes_its_server_down_is_not_held_by_what_lives_on_it() -> None:
    async with simulated_world() as world:
        await world.make_namespace("team")
        await world.connect("main", "team", clusterRef={"name": "main"})
        await world.make(DATABASE, "shop", {**HERE, **DROP}, "team")
        await world.settle()
        world.server.is_down = True
        await world.user.delete(NAMESPACE, Key("", "team"))
        await asyncio.sleep(30)
        assert await is_gone(world, DATABASE, "shop", "team")
        assert await is_gone(world, DATABASE_INSTANCE, "main", "team")


@virtually
async def test_what_was_never_applied_goes_at_once() -> None:
    async with simulated_world() as world:
        await world.make(DATABASE, "shop", {**HERE, **DROP})
        await world.settle()
        await world.delete(DATABASE, "shop")
        await asyncio.sleep(1)
        assert await is_gone(world, DATABASE, "shop")


@virtually
async def test_a_database_dropped_by_hand_is_no_trouble() -> None:
    async with simulated_world() as world:
        await make_database(world, **DROP)
        del world.server.bases["shop"]
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert await is_gone(world, DATABASE, "shop")


@virtually
async def test_while_its_server_is_gone_and_going_it_says_that_there_is_no_answer() -> None:
    async with simulated_world() as world:
        await make_database(world, **DROP)
        world.server.is_down = True
        await asyncio.sleep(120)
        await world.delete(DATABASE_INSTANCE, "main")
        await world.settle()
        assert await world.ready(DATABASE_INSTANCE, "main") == ("False", "DependenciesExist")
        await world.delete(DATABASE, "shop")
        await asyncio.sleep(5)
        message = (await world.read(DATABASE, "shop")).status["message"]
        assert "connection" in message and "depends" not in message
