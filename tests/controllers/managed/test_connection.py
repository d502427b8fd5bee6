"""The connection Secret of a database."""

from __future__ import annotations

from dbaas.api.database import DATABASE
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.world import simulated_world

HERE = {"instanceRef": {"name": "main"}}


@virtually
async def test_it_holds_the_login_of_the_owner_and_the_database() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, "owner": "boss", "connectionSecret": {"name": "login"}})
        await world.make(DATABASE_USER, "boss", HERE)
        await world.settle()
        values = await world.read_secret("login")
        assert (values["username"], values["database"]) == ("boss", "shop")
        assert values["password"] == world.server.roles["boss"]


@virtually
async def test_a_database_whose_owner_has_no_login_here_says_so() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, "connectionSecret": {}})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "OwnerHasNoLogin")
