"""Users that own things in several databases go as their manifests say, with logins of both sorts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from fixtures.grounds import Ground
from fixtures.inhabited import Inhabited, introduce, plain_login, real_world
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server
HERE = {"instanceRef": {"name": "main"}}


@pytest.fixture(params=["superuser", "createrole"])
async def place(
    request: pytest.FixtureRequest, postgres: TestServer, prefix: str, ground: Ground
) -> AsyncIterator[Inhabited]:
    login = postgres.address if request.param == "superuser" else await plain_login(postgres, f"{prefix}admin")
    async with real_world(ground) as world:
        await introduce(world, login)
        yield Inhabited(world, postgres, login, prefix)


async def settle_in(place: Inhabited, **user: Any) -> None:
    """User `app` owns a schema with a table, a function and default privileges in each of two databases."""
    name = place.name
    await place.world.make(DATABASE_USER, "app", {**HERE, "username": f"{name}app", **user})
    await place.settle()
    async with await log_in(place.login) as ours:
        for database in (f"{name}a", f"{name}b"):
            await ours.execute(f"CREATE DATABASE {database}".encode())
            await ours.execute(f"GRANT CREATE ON DATABASE {database} TO {name}app".encode())
    for database in (f"{name}a", f"{name}b"):
        async with await place.enter("app-credentials", database=database) as session:
            await session.execute(
                b"CREATE SCHEMA sales; CREATE TABLE sales.orders (id serial);"
                b"CREATE VIEW sales.v AS TABLE sales.orders;"
                b"CREATE FUNCTION sales.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TYPE sales.mood AS ENUM ();"
                b"ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;"
                b"ALTER DEFAULT PRIVILEGES IN SCHEMA sales GRANT EXECUTE ON FUNCTIONS TO PUBLIC; SELECT lo_create(0)"
            )
        async with await log_in(place.login, database) as ours:
            await ours.execute(b"CREATE SCHEMA ours; CREATE TABLE ours.theirs ()")
            await ours.execute(f"GRANT ALL ON ours.theirs TO {name}app WITH GRANT OPTION".encode())


async def is_gone(place: Inhabited) -> bool:
    there = await place.ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{place.name}app'")
    return not there and await place.world.look(DATABASE_USER, "app") is None


async def left(place: Inhabited, database: str) -> list[Any]:
    """Schemas and large objects by owner, what is in the schema with its owners, and default privileges."""
    return await place.ask(
        "SELECT nspname, nspowner::regrole::text FROM pg_namespace WHERE nspname = 'sales' UNION "
        "SELECT relname, relowner::regrole::text FROM pg_class WHERE relname IN ('orders', 'v', 'theirs') UNION "
        "SELECT 'lo', lomowner::regrole::text FROM pg_largeobject_metadata UNION "
        "SELECT proname, proowner::regrole::text FROM pg_proc WHERE proname = 'f' UNION "
        "SELECT 'default', defaclrole::regrole::text FROM pg_default_acl ORDER BY 1",
        database,
    )


async def test_all_that_it_owns_is_dropped_in_each_database(place: Inhabited) -> None:
    await settle_in(place, drop={"dropOwned": True})
    await place.world.delete(DATABASE_USER, "app")
    await place.settle()
    assert await is_gone(place)
    for database in (f"{place.name}a", f"{place.name}b"):
        assert await left(place, database) == [("theirs", place.login.username)]


async def test_all_that_it_owns_goes_to_the_heir_in_each_database(place: Inhabited) -> None:
    heir = f"{place.name}heir"
    await place.world.make(DATABASE_ROLE, "heir", {**HERE, "roleName": heir})
    await settle_in(place, drop={"reassignOwnedTo": heir, "revokePrivileges": True})
    await place.world.delete(DATABASE_USER, "app")
    await place.settle()
    assert await is_gone(place)
    for database in (f"{place.name}a", f"{place.name}b"):
        assert await left(place, database) == [
            ("f", heir), ("lo", heir), ("orders", heir), ("sales", heir), ("theirs", place.login.username), ("v", heir)
        ]  # fmt: skip
    members = f"SELECT member::regrole::text FROM pg_auth_members WHERE roleid = '{heir}'::regrole AND NOT admin_option"
    assert await place.ask(members) == []  # we were a member for a moment only


async def test_a_database_that_it_owns_is_never_dropped_with_the_rest(place: Inhabited) -> None:
    await settle_in(place, drop={"dropOwned": True})
    await place.ask(f"ALTER DATABASE {place.name}b OWNER TO {place.name}app")
    await place.world.delete(DATABASE_USER, "app")
    await place.settle(patiently=True)
    assert await place.world.ready(DATABASE_USER, "app") == ("False", "OwnsObjects")
    status = (await place.world.read(DATABASE_USER, "app")).status["ownershipBlock"]
    assert status["ownedObjects"] == [{"name": f"{place.name}b", "type": "database"}]
    assert "spec.drop.reassignOwnedTo" in status["resolution"]
    assert len(await left(place, f"{place.name}a")) > 1  # nothing is dropped of what cannot go as a whole


async def test_privileges_hold_it_until_it_is_said_that_they_go(place: Inhabited) -> None:
    heir = f"{place.name}heir"
    await place.world.make(DATABASE_ROLE, "heir", {**HERE, "roleName": heir})
    await settle_in(place, drop={"reassignOwnedTo": heir})
    await place.world.delete(DATABASE_USER, "app")
    await place.settle(patiently=True)
    conditions = (await place.world.read(DATABASE_USER, "app")).status["conditions"]
    assert "spec.drop.revokePrivileges" in next(each["message"] for each in conditions if each["type"] == "Ready")
    await place.world.change(DATABASE_USER, "app", {"drop": {"revokePrivileges": True}})
    await place.settle()
    assert await is_gone(place)
