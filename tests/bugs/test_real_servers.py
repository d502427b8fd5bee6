"""What operators of this field have been seen to do wrong inside servers, tried from the manifest to a real server.

Each test names its source: the API group of the operator that did it, or the theme under which it was found.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Kind, Resource
from dbaas.api.role import CLUSTER_DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Address
from dbaas.contracts.reconcile import PATIENCE_SECONDS
from dbaas.contracts.rest import Selection
from dbaas.core.secrets import Secret
from fixtures.grounds import Ground
from fixtures.inhabited import real_world
from fixtures.postgres import TestServer, log_in
from simulation.world import World

pytestmark = pytest.mark.real_server
HERE = {"instanceRef": {"name": "main"}}


@dataclass
class Site:
    """A control plane with one real server, named main in `default` and shared for the whole cluster."""

    world: World
    address: Address
    name: str

    async def make(self, kind: Kind, name: str, /, **spec: Any) -> None:
        await self.world.make(kind, name, spec)

    def named(self, name: str, **more: str) -> dict[str, str]:
        """A reference to what is in no namespace."""
        return {"name": self.world.named(name), **more}

    async def settle(self, *ready: tuple[Kind, str]) -> None:
        await self.world.settle(quiet_seconds=0.4, soon_seconds=1.2 * PATIENCE_SECONDS, limit_seconds=60.0)
        for kind, name in ready:
            assert await self.world.ready(kind, name) == ("True", "Applied")

    async def list(self, kind: Kind) -> Sequence[Resource]:
        return await self.world.user.list(kind, Selection(self.world.named("default")))

    async def ask(self, query: str, user: str = "", database: str = "") -> list[Any]:
        address = self.address
        if user:
            values = await self.world.read_secret(f"{user}-credentials")
            address = replace(address, username=values["username"], password=Secret(values["password"]))
        async with await log_in(address, database or self.name) as connection:
            cursor = await connection.execute(query.encode())
            rows = await cursor.fetchall() if cursor.description else []
            return [row[0] if len(row) == 1 else row for row in rows]

    async def may(self, role: str, on: str, what: str, word: str) -> bool:
        (answer,) = await self.ask(f"SELECT has_{on}_privilege('{role}', '{what}', '{word}')")
        return bool(answer)


@pytest.fixture
async def site(postgres_18: TestServer, prefix: str, ground: Ground) -> AsyncIterator[Site]:
    """With a database of that name, its owner `boss`, and the user `app`."""
    async with real_world(ground) as world:
        address = postgres_18.address
        await world.make_secret("admin", {"username": address.username, "password": address.password.reveal()})
        site = Site(world, address, prefix)
        for kind, name, where in (
            (DATABASE_INSTANCE, "main", {}),
            (CLUSTER_DATABASE_INSTANCE, "shared", {"namespace": world.named("default")}),
        ):
            connection = {"host": address.host, "port": address.port, "secretRef": {"name": "admin", **where}}
            more = {"allowedNamespaces": ["*"], "tenancy": {"adoption": "Always"}} if where else {}
            await site.make(
                kind, name, engine="postgres", connection=connection, postgres={"sslMode": "disable"}, **more
            )
        await site.make(DATABASE_USER, "boss", **HERE, username=f"{prefix}boss")
        await site.make(DATABASE_USER, "app", **HERE, username=f"{prefix}app")
        block = {"schemas": [{"name": "sales"}]}
        await site.make(DATABASE, "shop", **HERE, name=prefix, owner=f"{prefix}boss", postgres=block)
        await site.settle((DATABASE, "shop"), (DATABASE_USER, "app"))
        await site.ask('CREATE TABLE sales.orders (id int); CREATE SEQUENCE sales.numbers; CREATE TABLE sales."a.b" ()')
        yield site


async def make_grant(site: Site, *grants: dict[str, Any], **block: Any) -> None:
    listed = [{"database": site.name, **grant} for grant in grants]
    await site.make(DATABASE_GRANT, "app", userRef={"name": "app"}, postgres={"grants": listed, **block})
    await site.settle((DATABASE_GRANT, "app"))


async def test_each_level_of_the_block_gives_what_it_says_and_no_more(site: Site) -> None:
    """dbops.dbprovision.io: privileges of databases made no SQL, CREATE on a schema was never given, USAGE always."""
    role = f"{site.name}app"
    await make_grant(site, {"privileges": ["CONNECT", "CREATE"]}, {"schema": "sales", "privileges": ["CREATE"]})
    assert await site.may(role, "database", site.name, "CREATE")
    assert await site.may(role, "schema", "sales", "CREATE")
    assert not await site.may(role, "schema", "sales", "USAGE")
    assert not await site.may(role, "table", "sales.orders", "SELECT")


async def test_a_mixed_list_and_a_star_are_what_they_mean(site: Site) -> None:
    """dbops.dbprovision.io: USAGE beside SELECT made invalid SQL, and "*" was quoted as a name."""
    mixed = {"schema": "sales", "tables": ["*"], "sequences": ["*"], "privileges": ["SELECT", "USAGE", "INSERT"]}
    await make_grant(site, mixed)
    role = f"{site.name}app"
    assert await site.may(role, "table", "sales.orders", "INSERT")
    assert await site.may(role, "sequence", "sales.numbers", "USAGE")
    assert not await site.may(role, "table", "sales.orders", "DELETE")


async def test_what_leaves_a_grant_is_revoked_and_what_was_to_come_as_well(site: Site) -> None:
    """dbops.dbprovision.io: nothing was ever revoked, default privileges least of all."""
    role = f"{site.name}app"
    coming = {"database": site.name, "schema": "sales", "grantedBy": f"{site.name}boss", "objectType": "tables"}
    listed = {"schema": "sales", "tables": ["orders"], "privileges": ["SELECT", "INSERT"]}
    await make_grant(site, listed, defaultPrivileges=[{**coming, "privileges": ["SELECT"]}])
    await site.ask("CREATE TABLE sales.later (id int)", "boss")
    assert await site.may(role, "table", "sales.later", "SELECT")
    less = {"grants": [{"database": site.name, **listed, "privileges": ["SELECT"]}], "defaultPrivileges": None}
    await site.world.change(DATABASE_GRANT, "app", {"postgres": less})
    await site.settle((DATABASE_GRANT, "app"))
    assert await site.may(role, "table", "sales.orders", "SELECT")
    assert not await site.may(role, "table", "sales.orders", "INSERT")
    await site.ask("CREATE TABLE sales.latest (id int)", "boss")
    assert not await site.may(role, "table", "sales.latest", "SELECT")


async def test_a_dot_in_a_name_is_part_of_the_name(site: Site) -> None:
    """db-operator.kubemaster.com: `schema.table` was quoted as one identifier, and crashed what read privileges."""
    item = {"on": "table", "schema": "sales", "names": ["a.b"], "privileges": ["SELECT"]}
    grant = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}, "privileges": [item]}
    await site.make(DATABASE_GRANT, "app", **grant)
    await site.settle((DATABASE_GRANT, "app"))
    assert await site.may(f"{site.name}app", "table", 'sales."a.b"', "SELECT")


async def test_roles_and_users_on_a_server_for_the_whole_cluster_can_be_granted_to(site: Site) -> None:
    """dbops.dbprovision.io: a grant for a role, or for a user on such a server, ended in a nil pointer."""
    role, shared = f"{site.name}readers", {"clusterInstanceRef": site.named("shared")}
    await site.make(CLUSTER_DATABASE_ROLE, "readers", **shared, roleName=role)
    items = [{"on": "database", "database": site.name, "privileges": ["TEMPORARY"]}]
    await site.make(CLUSTER_DATABASE_GRANT, "readers", **shared, roleRef=site.named("readers"), privileges=items)
    await site.make(DATABASE_USER, "guest", **shared, username=f"{site.name}guest")
    await site.settle((CLUSTER_DATABASE_ROLE, "readers"), (DATABASE_USER, "guest"))
    guest = {"name": "guest", "namespace": site.world.named("default")}
    await site.make(CLUSTER_DATABASE_GRANT, "guest", **shared, userRef=guest, privileges=items)
    await site.settle((CLUSTER_DATABASE_GRANT, "readers"), (CLUSTER_DATABASE_GRANT, "guest"))
    assert await site.may(role, "database", site.name, "TEMPORARY")
    assert await site.may(f"{site.name}guest", "database", site.name, "TEMPORARY")


async def test_an_owner_that_is_asked_for_later_comes_later_and_can_log_in(site: Site) -> None:
    """dbops.dbprovision.io: auto-ownership worked only at creation, and its user had neither password nor Secret."""
    await site.make(DATABASE, "late", **HERE, name=f"{site.name}late")
    await site.settle((DATABASE, "late"))
    names = {"roleName": f"{site.name}lateowner", "userName": f"{site.name}lateapp"}
    await site.world.change(DATABASE, "late", {"postgres": {"ownership": {"autoOwnership": True, **names}}})
    await site.settle((DATABASE, "late"))
    (user,) = [u for u in await site.list(DATABASE_USER) if u.spec.get("username") == names["userName"]]
    assert await site.ask("SELECT current_user", user.metadata.name, f"{site.name}late") == [names["userName"]]
    owner = f"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '{site.name}late'"
    assert await site.ask(owner) == [names["roleName"]]


async def test_attributes_go_as_they_came(site: Site) -> None:
    """db-operator.kubemaster.com: BYPASSRLS was rejected, and NO-words never took an attribute away."""
    flags = f"SELECT rolbypassrls, rolcreatedb FROM pg_roles WHERE rolname = '{site.name}app'"
    await site.world.change(DATABASE_USER, "app", {"serverPrivileges": ["BYPASSRLS", "CREATEDB"]})
    await site.settle((DATABASE_USER, "app"))
    assert await site.ask(flags) == [(True, True)]
    await site.world.change(DATABASE_USER, "app", {"serverPrivileges": ["NOBYPASSRLS"]})
    await site.settle((DATABASE_USER, "app"))
    assert await site.ask(flags) == [(False, False)]


async def test_a_schema_is_dropped_by_its_own_name_and_not_by_its_objects(site: Site) -> None:
    """db-operator.kubemaster.com: the name of the object was taken for that of the schema, and for the database's."""
    await site.make(DATABASE_SCHEMA, "sales", databaseRef={"name": "shop"}, name="Other One", deletionPolicy="Delete")
    await site.settle((DATABASE_SCHEMA, "sales"))
    await site.world.delete(DATABASE_SCHEMA, "sales")
    await site.settle()
    names = "SELECT nspname FROM pg_namespace WHERE nspname IN ('sales', 'Other One')"
    assert await site.ask(names) == ["sales"]


async def test_a_failed_extension_is_told_and_never_ready(site: Site) -> None:
    """dbops.dbprovision.io: errors of extensions and schemas were swallowed, and Ready was shown."""
    for extension, why in (
        ({"name": "no_such_thing"}, "no_such_thing"),
        (
            {"name": "plpgsql", "version": "9.9"},
            'extension "plpgsql" has no update path from version "1.0" to version "9.9"',
        ),
    ):
        await site.world.change(DATABASE, "shop", {"postgres": {"extensions": [extension]}})
        await site.settle()
        status, reason = await site.world.ready(DATABASE, "shop")
        assert (status, reason) != ("True", "Applied") and status == "False"
        assert why in (await site.world.read(DATABASE, "shop")).status["message"]


async def test_a_parent_that_is_gone_leaves_nothing_behind(site: Site) -> None:
    """Order of deletion: a parent deleted first must neither block its children nor leave things on the server."""
    await make_grant(site, {"schema": "sales", "privileges": ["USAGE"]})
    for kind, name in ((DATABASE_USER, "app"), (DATABASE_GRANT, "app")):
        await site.world.delete(kind, name)
    await site.settle()
    assert await site.ask(f"SELECT 1 FROM pg_roles WHERE rolname = '{site.name}app'") == []
    assert await site.list(DATABASE_GRANT) == []


async def test_a_password_is_quoted_wherever_it_goes(site: Site) -> None:
    """Security: passwords went into SQL unescaped, or into annotations and logs as they are."""
    hostile = "a'; DROP ROLE x; --\\\"$$ %s {0}"
    await site.world.make_secret("given", {"pw": hostile})
    await site.world.change(DATABASE_USER, "app", {"existingPasswordSecret": {"name": "given", "key": "pw"}})
    await site.settle((DATABASE_USER, "app"))
    mine = replace(site.address, username=f"{site.name}app", password=Secret(hostile))
    async with await log_in(mine, "postgres") as connection:
        assert isinstance(connection, psycopg.AsyncConnection)
    assert hostile not in str((await site.world.read(DATABASE_USER, "app")).body())
