"""Passwords and published Secrets."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.conditions import ready_message
from fixtures.operating import virtually
from simulation.world import HOST, World, simulated_world

HERE = {"instanceRef": {"name": "main"}}


async def make_user(world: World, **spec: Any) -> None:
    await world.connect()
    await world.make(DATABASE_USER, "app", {**HERE, **spec})
    await world.settle()


async def write_password(world: World, secret: str, password: str) -> None:
    data = {"password": base64.b64encode(password.encode()).decode()}
    await world.user.patch(SECRET, Key("default", secret), {"data": data})


@virtually
async def test_the_secret_has_everything_a_program_needs() -> None:
    async with simulated_world() as world:
        await make_user(world)
        values = await world.read_secret("app-credentials")
        password = world.server.roles["app"]
        assert values == {
            "type": "basalt", "host": HOST, "port": "7000", "database": "system", "username": "app",
            "password": password, "uri": f"basalt://app:{password}@{HOST}:7000/system",
            "jdbcUri": f"jdbc:basalt://{HOST}:7000/system", "sslmode": "disable",
        }  # fmt: skip
        assert len(password) == 32


@virtually
async def test_the_secret_is_there_before_the_role() -> None:
    async with simulated_world() as world:
        world.server.refusals["CREATE ROLE"] = "no"
        await world.connect()
        await world.make(DATABASE_USER, "app", HERE)
        await asyncio.sleep(5)
        assert "password" in await world.read_secret("app-credentials")
        assert world.server.roles == {}


@virtually
async def test_a_secret_of_somebody_else_is_never_overwritten() -> None:
    async with simulated_world() as world:
        await world.make_secret("app-credentials", {"password": "mine"})
        await make_user(world)
        assert await world.ready(DATABASE_USER, "app") == ("False", "SecretNotOurs")
        assert await world.read_secret("app-credentials") == {"password": "mine"}
        assert world.server.roles == {}
        await world.delete(SECRET, "app-credentials")
        await world.settle()
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")


@virtually
async def test_a_deleted_secret_heals_with_a_new_password() -> None:
    async with simulated_world() as world:
        await make_user(world)
        before = world.server.roles["app"]
        await world.delete(SECRET, "app-credentials")
        await world.settle()
        assert world.server.roles["app"] != before
        assert (await world.read_secret("app-credentials"))["password"] == world.server.roles["app"]
        assert "SecretRegenerated" in await world.events("app")
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")


@virtually
async def test_a_password_that_is_edited_in_the_secret_reaches_the_server() -> None:
    async with simulated_world() as world:
        await make_user(world)
        await write_password(world, "app-credentials", "chosen")
        await world.settle()
        assert world.server.roles["app"] == "chosen"
        assert "chosen" in (await world.read_secret("app-credentials"))["uri"]


@virtually
async def test_a_key_without_a_password_is_not_called_missing() -> None:
    async with simulated_world() as world:
        await world.make_secret("given", {"password": ""})
        await make_user(world, existingPasswordSecret={"name": "given", "key": "password"})
        told = ready_message(await world.read(DATABASE_USER, "app"))
        assert told.startswith("Secret default/given has nothing under the key 'password': put the password there")


@virtually
async def test_a_given_password_is_used_and_published() -> None:
    async with simulated_world() as world:
        await make_user(world, existingPasswordSecret={"name": "given", "key": "password"})
        assert await world.ready(DATABASE_USER, "app") == ("False", "SecretNotFound")
        await world.make_secret("given", {"other": "x"})
        await world.settle()
        assert await world.ready(DATABASE_USER, "app") == ("False", "SecretInvalid")
        await write_password(world, "given", "handed over")
        await world.settle()
        assert world.server.roles["app"] == "handed over"
        assert (await world.read_secret("app-credentials"))["password"] == "handed over"
        await write_password(world, "given", "changed")
        await world.settle()
        assert world.server.roles["app"] == "changed"


@virtually
async def test_the_secret_follows_the_server() -> None:
    async with simulated_world() as world:
        await make_user(world)
        world.network.servers["elsewhere.test", 7001] = world.server
        connection = {"connection": {"host": "elsewhere.test", "port": 7001}}
        await world.change(DATABASE_INSTANCE, "main", connection)
        await world.settle()
        values = await world.read_secret("app-credentials")
        assert (values["host"], values["port"]) == ("elsewhere.test", "7001")
        assert "SecretUpdated" in await world.events("app")


@virtually
async def test_rules_that_no_password_can_keep_are_refused() -> None:
    async with simulated_world() as world:
        await make_user(world, passwordSecret={"excludeChars": "0123456789"})
        assert await world.ready(DATABASE_USER, "app") == ("False", "InvalidSpec")


@virtually
async def test_a_password_changed_behind_our_back_is_drift() -> None:
    async with simulated_world() as world:
        await make_user(world)
        world.server.roles["app"] = "stolen"
        await asyncio.sleep(60)
        assert await world.ready(DATABASE_USER, "app") == ("False", "DriftDetected")
        assert world.server.roles["app"] == "stolen"


@virtually
async def test_no_password_is_in_status_or_events_or_statements() -> None:
    async with simulated_world() as world:
        await make_user(world)
        password = world.server.roles["app"]
        written = b"".join(r.body for r in world.faults.writes if "secrets" not in r.path)
        assert password.encode() not in written
        assert password not in " ".join(world.server.log)


@virtually
async def test_where_the_server_hides_what_it_stores_a_login_proves_the_password() -> None:
    async with simulated_world() as world:
        world.server.shows_verifiers = False
        await make_user(world)
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert (await world.read(DATABASE_USER, "app")).status["secret"]["proof"]


@virtually
async def test_a_password_that_is_not_ours_is_left_alone() -> None:
    async with simulated_world() as world:
        world.server.roles["app"] = "its own"
        await make_user(world, passwordSecret={"generate": False})
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert world.server.roles["app"] == "its own"
        assert await world.find(SECRET, Key("default", "app-credentials")) is None
        await asyncio.sleep(90)
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert "ALTER" not in " ".join(world.server.log)


@virtually
async def test_a_secret_that_gets_another_name_keeps_its_password() -> None:
    async with simulated_world() as world:
        await make_user(world)
        password = world.server.roles["app"]
        await world.change(DATABASE_USER, "app", {"passwordSecret": {"secretName": "app-login"}})
        await world.settle()
        assert (await world.read_secret("app-login"))["password"] == password == world.server.roles["app"]
        assert await world.find(SECRET, Key("default", "app-credentials")) is None
