"""Databases as people write them, all the way: from the object through a control plane to a real server and back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Address
from dbaas.core.secrets import Secret
from fixtures.grounds import Ground
from fixtures.inhabited import real_world
from fixtures.postgres import TestServer, log_in
from simulation.world import World

pytestmark = pytest.mark.real_server
HERE = {"instanceRef": {"name": "main"}}
QUIET = 0.6


@dataclass
class Site:
    """A control plane with one real server; names of real things begin with `name`."""

    world: World
    address: Address
    name: str

    async def make(self, kind: Kind, name: str, /, **spec: Any) -> None:
        await self.world.make(kind, name, spec)

    async def change(self, kind: Kind, name: str, /, **spec: Any) -> None:
        await self.world.change(kind, name, spec)

    async def settle(self) -> None:
        await self.world.settle(quiet_seconds=QUIET, limit_seconds=60.0)

    async def ready(self, kind: Kind, name: str) -> tuple[str, str]:
        return await self.world.ready(kind, name)

    async def find(self, kind: Kind, name: str) -> Resource | None:
        return await self.world.look(kind, name)

    async def status(self, kind: Kind, name: str) -> dict[str, Any]:
        return (await self.world.read(kind, name)).status

    async def ask(self, query: str, database: str | None = None, address: Address | None = None) -> list[Any]:
        connection = await log_in(address or self.address, database or self.name)
        async with connection:
            cursor = await connection.execute(query.encode())
            rows = await cursor.fetchall() if cursor.description else []
            return [row[0] if len(row) == 1 else row for row in rows]

    async def login(self, secret: str) -> Address:
        values = await self.world.read_secret(secret)
        return replace(self.address, username=values["username"], password=Secret(values["password"]))


@pytest.fixture
async def site(postgres_18: TestServer, prefix: str, ground: Ground) -> AsyncIterator[Site]:
    async with real_world(ground) as world:
        address = postgres_18.address
        login = {"username": address.username, "password": address.password.reveal()}
        await world.make_secret("main-admin", login)
        connection = {"host": address.host, "port": address.port, "secretRef": {"name": "main-admin"}}
        options = {"sslMode": "disable"}
        await world.make(
            DATABASE_INSTANCE, "main", {"engine": "postgres", "connection": connection, "postgres": options}
        )
        yield Site(world, address, prefix)


async def test_ready_made_access_is_there_for_what_is_made_later(site: Site) -> None:
    await site.make(DATABASE, "shop", **HERE, name=site.name, access={}, postgres={"schemas": [{"name": "sales"}]})
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("True", "Applied")
    for name in ("shop-owner", "shop-writer", "shop-reader"):
        assert await site.ready(DATABASE_GRANT, name) == ("True", "Applied"), name
    await site.ask(f'SET ROLE "{site.name}_owner"; CREATE TABLE sales.orders (id serial)')
    rights = await site.ask(
        "SELECT r.rolname, has_table_privilege(r.oid, 'sales.orders', 'SELECT'), "
        "has_table_privilege(r.oid, 'sales.orders', 'INSERT'), "
        "has_sequence_privilege(r.oid, 'sales.orders_id_seq', 'USAGE') "
        f"FROM pg_roles r WHERE rolname IN ('{site.name}_writer', '{site.name}_reader') ORDER BY 1 DESC"
    )
    assert rights == [(f"{site.name}_writer", True, True, True), (f"{site.name}_reader", True, False, False)]


async def test_what_comes_along_goes_as_the_policy_says(site: Site) -> None:
    spec = {**HERE, "name": site.name, "deletionProtection": False}
    await site.make(DATABASE, "shop", **spec, access={"reader": f"{site.name}-r"}, deletionPolicy="Delete")
    await site.settle()
    await site.world.delete(DATABASE, "shop")
    await site.settle()
    assert await site.find(DATABASE, "shop") is None
    assert await site.ask(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{site.name}%'", "postgres") == []
    assert await site.ask(f"SELECT 1 FROM pg_database WHERE datname = '{site.name}'", "postgres") == []


async def test_owner_and_user_can_each_use_what_the_other_makes(site: Site) -> None:
    await site.make(DATABASE, "shop", **HERE, name=site.name, postgres={"ownership": {"autoOwnership": True}})
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("True", "Applied")
    app = await site.login("shop-app-credentials")
    assert app.username == f"db_{site.name}_app"
    await site.ask(f'GRANT CREATE ON SCHEMA public TO "{app.username}"')
    await site.ask("CREATE TABLE public.by_app (id int)", address=app)
    owner = f"db_{site.name}_owner"
    await site.ask(
        f'SET ROLE "{owner}"; CREATE SCHEMA s; CREATE TABLE s.by_owner (id int); INSERT INTO public.by_app VALUES (1)'
    )
    assert await site.ask("INSERT INTO s.by_owner VALUES (1) RETURNING id", address=app) == [1]
    assert await site.ask(f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{site.name}'") == [owner]


async def test_retained_privileges_stay_when_the_object_goes(site: Site) -> None:
    await site.make(DATABASE, "shop", **HERE, name=site.name, postgres={"ownership": {"autoOwnership": True}})
    await site.settle()
    await site.world.delete(DATABASE, "shop")
    await site.settle()
    assert await site.find(DATABASE, "shop") is None and await site.find(DATABASE_GRANT, "shop-app") is None
    assert len(await site.ask("SELECT 1 FROM pg_default_acl WHERE defaclobjtype = 'r'")) == 2
    assert await site.find(DATABASE_USER, "shop-app") is None


async def test_an_object_of_somebody_else_is_not_taken_for_a_companion(site: Site) -> None:
    await site.make(DATABASE_ROLE, "shop-owner", **HERE, roleName=f"{site.name}-mine")
    await site.make(DATABASE, "shop", **HERE, name=site.name, access={})
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("False", "NameTaken")


async def test_default_privileges_are_those_of_the_owner_and_go_with_the_list(site: Site) -> None:
    await site.make(DATABASE_USER, "owner", **HERE, username=f"{site.name}-o")
    await site.make(DATABASE_ROLE, "reader", **HERE, roleName=f"{site.name}-r")
    given = {"role": f"{site.name}-r", "schema": "sales", "objectType": "tables", "privileges": ["SELECT"]}
    block = {"schemas": [{"name": "sales"}], "defaultPrivileges": [given]}
    await site.make(DATABASE, "shop", **HERE, name=site.name, owner=f"{site.name}-o", postgres=block)
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("True", "Applied")
    query = "SELECT pg_get_userbyid(defaclrole), defaclacl::text FROM pg_default_acl"
    ((grantor, entries),) = await site.ask(query)
    assert grantor == f"{site.name}-o" and f"{site.name}-r" in entries
    await site.change(DATABASE, "shop", postgres={**block, "defaultPrivileges": []})
    await site.settle()
    assert await site.ask(query) == []


async def test_sql_runs_as_the_owner_that_comes_along(site: Site) -> None:
    sql = ["CREATE SCHEMA s; CREATE TABLE s.t (id int)", "INSERT INTO s.t VALUES (1)"]
    await site.make(DATABASE, "shop", **HERE, name=site.name, access={}, initSQL={"inline": sql})
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("True", "Applied")
    assert (await site.status(DATABASE, "shop"))["initSQL"]["statementsExecuted"] == 3
    assert await site.ask("SELECT tableowner FROM pg_tables WHERE tablename = 't'") == [f"{site.name}_owner"]
    assert await site.ask("SELECT id FROM s.t") == [1]


async def test_a_database_is_put_away_before_it_is_dropped(site: Site) -> None:
    spec = {**HERE, "name": site.name, "deletionProtection": False, "deletionPolicy": "Delete", "quarantine": "1h"}
    await site.make(DATABASE, "shop", **spec)
    await site.settle()
    guest = await log_in(site.address, site.name)
    await site.world.delete(DATABASE, "shop")
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("False", "Quarantined")
    name = (await site.status(DATABASE, "shop"))["quarantine"]["name"]
    query = f"SELECT datname, datallowconn FROM pg_database WHERE datname LIKE '{site.name}%'"
    assert await site.ask(query, "postgres") == [(name, False)]
    await guest.close()
    force = {"metadata": {"annotations": {"dbaas.io/force-delete": "true"}}}
    await site.world.user.patch(DATABASE, site.world.key(DATABASE, "shop"), force)
    await site.settle()
    assert await site.find(DATABASE, "shop") is None
    assert await site.ask(query, "postgres") == []


async def test_the_connection_secret_opens_the_database_and_heals(site: Site) -> None:
    await site.make(DATABASE_USER, "owner", **HERE, username=f"{site.name}-o")
    template = {"data": {"DSN": "{{ .Username }}@{{ .Database }}"}}
    secret = {"connectionSecret": {"name": "shop-login", "template": template}}
    await site.make(DATABASE, "shop", **HERE, name=site.name, owner=f"{site.name}-o", **secret)
    await site.settle()
    values = await site.world.read_secret("shop-login")
    assert values["DSN"] == f"{site.name}-o@{site.name}"
    owner = replace(site.address, username=f"{site.name}-o", password=Secret(values["password"]))
    assert await site.ask("SELECT current_user::text", address=owner) == [f"{site.name}-o"]
    await site.world.delete(SECRET, "shop-login")
    await site.world.delete(SECRET, "owner-credentials")
    await site.settle()
    healed = await site.world.read_secret("shop-login")
    assert healed["password"] not in ("", values["password"])


async def test_a_connection_secret_without_a_login_is_told(site: Site) -> None:
    await site.make(DATABASE, "shop", **HERE, name=site.name, connectionSecret={})
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("False", "OwnerHasNoLogin")


async def test_sql_without_an_owner_is_refused(site: Site) -> None:
    await site.make(DATABASE, "shop", **HERE, name=site.name, initSQL={"inline": ["SELECT 1"]})
    await site.settle()
    assert await site.ready(DATABASE, "shop") == ("False", "InvalidSpec")


async def test_a_schema_of_its_own_belongs_to_its_creator_and_goes_with_all_in_it(site: Site) -> None:
    await site.make(DATABASE_USER, "app", **HERE, username=f"{site.name}-a")
    await site.make(DATABASE, "shop", **HERE, name=site.name)
    await site.make(DATABASE_SCHEMA, "sales", databaseRef={"name": "shop"}, creator="app", deletionPolicy="Delete")
    await site.settle()
    assert await site.ready(DATABASE_SCHEMA, "sales") == ("True", "Applied")
    assert (await site.status(DATABASE_SCHEMA, "sales"))["schema"]["owner"] == f"{site.name}-a"
    await site.ask("CREATE TABLE sales.t (id int)")
    await site.world.delete(DATABASE_SCHEMA, "sales")
    await site.settle()
    assert await site.find(DATABASE_SCHEMA, "sales") is not None
    await site.change(DATABASE_SCHEMA, "sales", cascade=True)
    await site.settle()
    assert await site.find(DATABASE_SCHEMA, "sales") is None
    assert await site.ask("SELECT 1 FROM pg_namespace WHERE nspname = 'sales'") == []
