"""Two objects that want the same."""

from __future__ import annotations

import asyncio

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.world import grant_spec, simulated_world

HERE = {"instanceRef": {"name": "main"}, "name": "shop"}
DROP = {"deletionPolicy": "Delete", "deletionProtection": False}


@virtually
async def test_the_older_of_two_objects_keeps_the_thing() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "zebra", HERE)
        await asyncio.sleep(2)
        await world.make(DATABASE, "ant", HERE)
        await world.settle()
        assert await world.ready(DATABASE, "zebra") == ("True", "Applied")
        assert await world.ready(DATABASE, "ant") == ("False", "AlreadyManaged")


@virtually
async def test_of_those_made_in_one_second_the_one_that_has_begun_keeps_the_thing() -> None:
    """Whatever their uids are, by which nobody could tell who was first."""
    async with simulated_world() as world:
        await world.connect()
        await asyncio.sleep(1 - asyncio.get_running_loop().time() % 1)
        await world.make(DATABASE, "zebra", HERE)
        await asyncio.sleep(0.5)
        for number in range(8):
            await world.make(DATABASE, f"ant-{number}", HERE)
        await world.settle()
        made = {(await world.read(DATABASE, name)).metadata.creationTimestamp for name in ("zebra", "ant-7")}
        assert len(made) == 1
        assert await world.ready(DATABASE, "zebra") == ("True", "Applied")
        for number in range(8):
            assert await world.ready(DATABASE, f"ant-{number}") == ("False", "AlreadyManaged")


@virtually
async def test_the_newer_object_never_drops_the_thing() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "zebra", HERE)
        await asyncio.sleep(2)
        await world.make(DATABASE, "ant", {**HERE, **DROP})
        await world.settle()
        await world.delete(DATABASE, "ant")
        await world.settle()
        assert await world.find(DATABASE, (await world.read(DATABASE, "zebra")).key._replace(name="ant")) is None
        assert "shop" in world.server.bases


@virtually
async def test_the_newer_object_takes_over_when_the_older_one_goes() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "zebra", HERE)
        await asyncio.sleep(2)
        await world.make(DATABASE, "ant", HERE)
        await world.settle()
        await world.delete(DATABASE, "zebra")
        await world.settle()
        assert await world.ready(DATABASE, "ant") == ("True", "Applied")


@virtually
async def test_two_instances_that_are_one_server_share_their_things() -> None:
    async with simulated_world() as world:
        await world.connect("main")
        await world.connect("alias")
        await world.make(DATABASE, "first", HERE)
        await asyncio.sleep(2)
        await world.make(DATABASE, "second", {**HERE, "instanceRef": {"name": "alias"}})
        await world.settle()
        assert await world.ready(DATABASE, "second") == ("False", "AlreadyManaged")


@virtually
async def test_what_another_grant_wants_is_not_revoked() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.make(DATABASE_GRANT, "more", grant_spec("app", "shop", "SELECT", "INSERT"))
        await world.settle()
        await world.delete(DATABASE_GRANT, "more")
        await world.settle()
        assert world.server.privileges == {"app": {"table shop.sales SELECT"}}


@virtually
async def test_a_user_object_that_lost_its_role_gives_no_grants() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await asyncio.sleep(2)
        await world.make(DATABASE_USER, "copy", {"instanceRef": {"name": "main"}, "username": "app"})
        await world.make(DATABASE_GRANT, "copy", grant_spec("copy", "shop", "DELETE"))
        await world.settle()
        assert await world.ready(DATABASE_USER, "copy") == ("False", "AlreadyManaged")
        assert await world.ready(DATABASE_GRANT, "copy") == ("False", "UserNotReady")
        assert world.server.privileges == {"app": {"table shop.sales SELECT"}}


@virtually
async def test_a_user_and_a_role_cannot_be_the_same_role() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
        await asyncio.sleep(2)
        await world.make(DATABASE_ROLE, "copy", {"instanceRef": {"name": "main"}, "roleName": "app"})
        await world.settle()
        assert await world.ready(DATABASE_ROLE, "copy") == ("False", "AlreadyManaged")
        await world.delete(DATABASE_ROLE, "copy")
        await world.settle()
        assert "app" in world.server.roles
        await world.change(DATABASE_USER, "app", {"deletionPolicy": "Retain"})
        await world.make(DATABASE_ROLE, "copy", {"instanceRef": {"name": "main"}, "roleName": "app"})
        await world.delete(DATABASE_USER, "app")
        await asyncio.sleep(60)
        assert await world.ready(DATABASE_ROLE, "copy") == ("True", "Applied")
