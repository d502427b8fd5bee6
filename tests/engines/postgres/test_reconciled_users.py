"""Users as people write them, all the way to real servers, as a superuser and as a login of a managed cloud."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Address, Item, Login
from dbaas.contracts.reconcile import PATIENCE_SECONDS
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.roles import Attributes, DesiredRole
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.grounds import Ground
from fixtures.inhabited import real_world
from fixtures.postgres import TestServer, log_in
from simulation.world import World

pytestmark = pytest.mark.real_server
HERE = {"instanceRef": {"name": "main"}}
PATIENT = 1.5 * PATIENCE_SECONDS  # so long a new object that waits says nothing
FLAGS = "rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolcanlogin, rolconnlimit, rolvaliduntil::text"


@dataclass
class Place:
    """A control plane with one real server; names of real things begin with `name`."""

    world: World
    server: TestServer
    login: Address
    name: str

    async def settle(self, quiet_seconds: float = 0.6) -> None:
        await self.world.settle(quiet_seconds=quiet_seconds, limit_seconds=60.0)

    async def ask(self, query: str) -> list[Any]:
        async with await log_in(self.server.address) as connection:
            return await (await connection.execute(query.encode())).fetchall()

    async def enter(self, secret: str) -> psycopg.AsyncConnection:
        values = await self.world.read_secret(secret)
        mine = replace(self.server.address, username=values["username"], password=Secret(values["password"]))
        return await log_in(mine)


@pytest.fixture(params=["superuser", "createrole"])
async def place(
    request: pytest.FixtureRequest, postgres: TestServer, prefix: str, ground: Ground
) -> AsyncIterator[Place]:
    login = postgres.address
    if request.param == "createrole":
        async with await log_in(postgres.address) as admin:
            await admin.execute(f"CREATE ROLE {prefix}admin LOGIN CREATEDB CREATEROLE PASSWORD 'x'".encode())
        login = replace(login, username=f"{prefix}admin", password=Secret("x"))
    async with real_world(ground) as world:
        await world.make_secret("admin", {"username": login.username, "password": login.password.reveal()})
        connection = {"host": login.host, "port": login.port, "secretRef": {"name": "admin"}}
        spec = {"engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"}}
        await world.make(DATABASE_INSTANCE, "main", spec)
        yield Place(world, postgres, login, prefix)


async def test_a_user_lives_and_goes_as_its_manifest_says(place: Place) -> None:
    staff, app = f"{place.name}-Staff", f"{place.name}-app"
    await place.world.make(DATABASE_ROLE, "staff", {**HERE, "roleName": staff})
    user = {
        **HERE, "username": app, "roles": [staff],
        "passwordSecret": {"secretTemplate": {"data": {"username": "{{ .Username }}", "url": "{{ .Password }}/"}}},
        "postgres": {
            "createDB": True, "connectionLimit": 3, "validUntil": "2033-01-01T00:00:00Z", "inherit": False,
            "defaultRole": staff, "configParameters": {"work_mem": "7MB"},
        },
    }  # fmt: skip
    await place.world.make(DATABASE_USER, "app", user)
    await place.settle()
    assert await place.world.ready(DATABASE_USER, "app") == ("True", "Applied")
    async with await place.enter("app-credentials") as session:
        row = await (await session.execute("SELECT current_user, current_setting('work_mem')")).fetchone()
        assert row == (staff, "7MB")
    flags = f"SELECT {FLAGS} FROM pg_roles WHERE rolname = '{app}'"
    assert await place.ask(flags) == [(False, True, False, False, True, 3, "2033-01-01 00:00:00+00")]
    gone = {"createDB": None, "connectionLimit": None, "validUntil": None, "inherit": None, "defaultRole": None}
    change = {"roles": None, "postgres": {**gone, "configParameters": None}}
    await place.world.change(DATABASE_USER, "app", change)
    await place.settle()
    assert await place.ask(flags) == [(False, False, False, True, True, -1, "infinity")]
    assert await place.ask(f"SELECT 1 FROM pg_auth_members WHERE member = '\"{app}\"'::regrole") == []
    assert await place.ask(f"SELECT 1 FROM pg_db_role_setting WHERE setrole = '\"{app}\"'::regrole") == []
    await place.world.delete(DATABASE_USER, "app")
    await place.settle()
    assert await place.ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{app}'") == []


async def test_a_user_that_owns_things_is_held_until_it_is_said_what_becomes_of_them(place: Place) -> None:
    name = place.name
    await place.world.make(DATABASE_ROLE, "heir", {**HERE, "roleName": f"{name}heir"})
    await place.world.make(DATABASE_USER, "app", {**HERE, "username": name, "postgres": {"createDB": True}})
    await place.settle()
    session = await place.enter("app-credentials")
    await session.execute(f"CREATE DATABASE {name}".encode())
    await place.world.delete(DATABASE_USER, "app")
    await place.settle()
    assert await place.world.ready(DATABASE_USER, "app") == ("False", "OwnsObjects")
    status = (await place.world.read(DATABASE_USER, "app")).status
    assert status["ownershipBlock"]["ownedObjects"] == [{"name": name, "type": "database"}]
    assert (await (await session.execute("SELECT 1")).fetchone()) == (1,)
    await place.world.change(DATABASE_USER, "app", {"drop": {"reassignOwnedTo": f"{name}heir"}})
    await place.settle()
    assert await place.world.look(DATABASE_USER, "app") is None
    owner = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{name}'"
    assert await place.ask(owner) == [(f"{name}heir",)]
    with pytest.raises(psycopg.OperationalError):
        await session.execute("SELECT 1")


async def test_an_existing_user_that_is_only_named_is_not_changed(place: Place) -> None:
    options = "LOGIN CREATEDB NOINHERIT CONNECTION LIMIT 4 PASSWORD 'its own'"
    async with await log_in(place.login) as admin:
        await admin.execute(f"CREATE ROLE {place.name} {options}".encode())
    before = await place.ask(f"SELECT * FROM pg_authid WHERE rolname = '{place.name}'")
    secret = {"passwordSecret": {"generate": False}}
    await place.world.make(DATABASE_USER, "app", {**HERE, "username": place.name, **secret})
    await place.settle()
    assert await place.world.ready(DATABASE_USER, "app") == ("True", "Applied")
    assert await place.ask(f"SELECT * FROM pg_authid WHERE rolname = '{place.name}'") == before


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


class TestHostileTexts:
    @pytest.fixture
    def applier(self, lanes: ServerLanes, postgres_18: TestServer) -> Applier:
        engine = build_engine(InlineOffload())
        return Applier(engine, lanes.open("hostile", engine, postgres_18.address, 2))

    @pytest.fixture
    def log(self, postgres_18: TestServer) -> Path:
        return Path(postgres_18.folder) / "log"

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(name=TEXTS.filter(lambda text: len(text.encode()) <= 45), password=TEXTS.filter(lambda text: len(text) > 8))
    async def test_a_user_is_what_it_is_called_and_its_password_is_nowhere_to_be_read(
        self, applier: Applier, log: Path, prefix: str, name: str, password: str
    ) -> None:
        size = log.stat().st_size
        whole = f"{prefix}{name}"
        assume(password.strip("\"'") not in whole)  # else the log shows it as a part of the name
        item = Item(
            "roles", None, whole, DesiredRole(whole, Attributes(login=True), login=Login(Secret(password), "1"))
        )
        await applier.apply(item)
        assert not await applier.plan(item, owned=applier.keys(item))
        await applier.lane.prove(applier.lane.address.for_login(whole, Secret(password), "postgres"))
        await applier.apply(item, gone=True)
        applier.proofs.clear()
        with log.open("rb") as written:
            written.seek(size)
            assert password.encode() not in written.read().replace(whole.encode(), b"")


async def test_a_user_and_a_database_that_need_each_other_are_both_made(place: Place) -> None:
    """Roles and databases of one folder refer to each other in both directions; none may wait for ever."""
    boss, app, shop = (f"{place.name}-{word}" for word in ("boss", "app", "shop"))
    inside = [{"on": "schema", "schema": "sales", "privileges": ["USAGE"]}]
    begins = {"databaseConfigParameters": [{"database": shop, "configParameters": {"search_path": "sales"}}]}
    await place.world.make(DATABASE_USER, "boss", {**HERE, "username": boss, "postgres": begins})
    wanted = {**HERE, "username": app, "databaseRef": {"name": "shop"}, "privileges": inside}
    await place.world.make(DATABASE_USER, "app", wanted)
    reads = [{"role": app, "schema": "sales", "objectType": "tables", "privileges": ["SELECT"]}]
    block = {"schemas": [{"name": "sales"}], "defaultPrivileges": reads}
    spec = {**HERE, "name": shop, "owner": boss, "revokePublic": False, "postgres": block}
    await place.world.make(DATABASE, "shop", spec)
    await place.settle(PATIENT)
    for kind, name in ((DATABASE_USER, "boss"), (DATABASE_USER, "app"), (DATABASE, "shop")):
        assert await place.world.ready(kind, name) == ("True", "Applied")
    assert "createdAt" in (await place.world.read(DATABASE, "shop")).status["database"]


async def test_a_user_whose_database_is_missing_says_so_and_can_be_deleted(place: Place) -> None:
    name = f"{place.name}-app"
    begins = {"databaseConfigParameters": [{"database": "nowhere", "configParameters": {"search_path": "sales"}}]}
    await place.world.make(DATABASE_USER, "app", {**HERE, "username": name, "postgres": begins})
    await place.settle(PATIENT)
    assert await place.world.ready(DATABASE_USER, "app") == ("False", "DependencyMissing")
    await place.world.delete(DATABASE_USER, "app")
    await place.settle()
    assert await place.ask(f"SELECT rolname FROM pg_roles WHERE rolname = '{name}'") == []
