"""What the group's own operator has been seen to accept and not do, or to do wrong, served on a real server.

The group's name of each field stands in the manifest; what the server has afterwards is what is compared.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from dbaas.api.core import EVENT, SECRET
from dbaas.api.resource import Key
from dbaas.contracts.client import Invalid
from dbaas.contracts.engine import Address
from dbaas.contracts.reconcile import PATIENCE_SECONDS
from dbaas.contracts.rest import Selection
from dbaas.core.secrets import Secret
from dbaas.dialects.dbops import DIALECT
from dialects.dbops.make import KINDS
from fixtures.grounds import Ground
from fixtures.inhabited import real_world
from fixtures.postgres import TestServer, log_in
from simulation.world import World, simulated_world

pytestmark = pytest.mark.real_server
GROUP = DIALECT.group
HERE = {"instanceRef": {"name": "main"}}
OPEN = {"deletionProtection": False}


@dataclass
class Site:
    """A control plane that serves the group, with one real server `main`. Real names begin with `name`."""

    world: World
    address: Address
    name: str

    async def make(self, kind: str, name: str, spec: Mapping[str, Any], **annotations: str) -> None:
        metadata = {"annotations": {f"{GROUP}/{k.replace('_', '-')}": v for k, v in annotations.items()}}
        body = {"apiVersion": KINDS[kind].api_version, "kind": kind, "metadata": metadata, "spec": dict(spec)}
        await self.world.create(KINDS[kind], name, body)

    async def settle(self, *ready: tuple[str, str]) -> None:
        await self.world.settle(quiet_seconds=0.4, soon_seconds=1.2 * PATIENCE_SECONDS, limit_seconds=60.0)
        for kind, name in ready:
            status = (await self.read(kind, name)).status
            assert status["phase"] == "Ready", status

    async def read(self, kind: str, name: str) -> Any:
        return await self.world.user.get(KINDS[kind], self.key(kind, name))

    def here(self) -> Selection:
        return Selection(self.world.named("default"))

    def key(self, kind: str, name: str) -> Key:
        return self.world.key(KINDS[kind], name)

    async def change(self, kind: str, name: str, spec: Mapping[str, Any]) -> None:
        await self.world.user.patch(KINDS[kind], self.key(kind, name), {"spec": spec})

    async def delete(self, kind: str, name: str) -> None:
        await self.world.user.delete(KINDS[kind], self.key(kind, name))
        await self.settle()

    async def is_there(self, kind: str, name: str) -> bool:
        return await self.world.find(KINDS[kind], self.key(kind, name)) is not None

    async def events(self, name: str) -> list[str]:
        """Reasons of those about the group's objects of that name, and not about ours behind them."""
        page = await self.world.user.list_page(EVENT, self.here())
        found = [(event.body()["involvedObject"], event.body()["reason"]) for event in page.items]
        return [r for about, r in found if about["name"] == name and about["apiVersion"].startswith(GROUP)]

    async def ask(self, query: str, database: str = "", login: tuple[str, str] | None = None) -> list[Any]:
        address = self.address
        if login is not None:
            address = replace(address, username=login[0], password=Secret(login[1]))
        async with await log_in(address, database or "postgres") as connection:
            cursor = await connection.execute(query.encode())
            rows = await cursor.fetchall() if cursor.description else []
            return [row[0] if len(row) == 1 else row for row in rows]


@pytest.fixture
async def site(postgres_18: TestServer, prefix: str, ground: Ground) -> AsyncIterator[Site]:
    """The administrative login comes by `existingSecret`."""
    async with real_world(ground, "team", dialects={GROUP: DIALECT}) as world:
        site, address = Site(world, postgres_18.address, prefix), postgres_18.address
        await world.make_secret("admin", {"username": address.username, "password": address.password.reveal()})
        connection = {"host": address.host, "port": address.port, "sslMode": "disable"}
        spec = {
            "engine": "postgres", "connection": {**connection, "existingSecret": {"name": "admin"}},
            "resourceTracking": {"enabled": True},
        }  # fmt: skip
        await site.make("DatabaseInstance", "main", spec)
        shared = {**connection, "secretRef": {"name": "admin", "namespace": world.named("default")}}
        await site.make("ClusterDatabaseInstance", "shared", {"engine": "postgres", "connection": shared})
        await site.settle(("DatabaseInstance", "main"), ("ClusterDatabaseInstance", "shared"))
        yield site


async def test_what_a_user_says_of_its_password_roles_and_sessions_is_done(site: Site) -> None:
    """`existingPasswordSecret`, `roles`, `defaultRole`, `configParameters` and `generate: false` did nothing."""
    await site.world.make_secret("mine", {"word": "s3cret-and-long"})
    name = site.name
    await site.make("DatabaseRole", "staff", {**HERE, "roleName": f"{name}staff"})
    block = {"defaultRole": f"{name}staff", "configParameters": {"statement_timeout": "7s"}, "connectionLimit": 3}
    given = {"existingPasswordSecret": {"name": "mine", "key": "word"}, "roles": [f"{name}staff"]}
    await site.make("DatabaseUser", "app", {**HERE, "username": f"{name}app", **given, "postgres": block})
    keep = {"passwordSecret": {"generate": False, "secretName": "none"}}
    await site.make("DatabaseUser", "plain", {**HERE, "username": f"{name}plain", **keep})
    await site.settle(("DatabaseUser", "app"), ("DatabaseUser", "plain"))
    login = (f"{name}app", "s3cret-and-long")
    assert await site.ask("SELECT current_user", login=login) == [f"{name}staff"]
    assert await site.ask("SHOW statement_timeout", login=login) == ["7s"]
    assert await site.world.look(SECRET, "none") is None
    stored = "SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = "
    assert await site.ask(f"{stored}'{name}plain'") == [True]


async def test_a_role_has_what_it_lists_and_loses_what_leaves_the_list(site: Site) -> None:
    """A removed item was never revoked, and CONNECT on a database made no statement."""
    name = site.name
    await site.make("Database", "shop", {**HERE, "name": name, **OPEN})
    grants = [
        {"database": name, "privileges": ["TEMPORARY"]},
        {"database": name, "schema": "public", "privileges": ["CREATE"]},
    ]
    await site.make("DatabaseRole", "staff", {**HERE, "roleName": f"{name}staff", "postgres": {"grants": grants}})
    await site.settle(("DatabaseRole", "staff"))
    create = f"SELECT has_schema_privilege('{name}staff', 'public', 'CREATE')"
    assert await site.ask(create, name) == [True]
    await site.change("DatabaseRole", "staff", {"postgres": {"grants": grants[:1]}})
    await site.settle(("DatabaseRole", "staff"))
    assert await site.ask(create, name) == [False]
    await site.delete("DatabaseRole", "staff")
    assert await site.ask(f"SELECT count(*) FROM pg_roles WHERE rolname = '{name}staff'") == [0]


async def test_grants_for_roles_and_on_cluster_scoped_servers_work_and_are_counted(site: Site) -> None:
    """Such a grant ended in a nil pointer; default privileges were never revoked."""
    name = site.name
    shared = {"clusterInstanceRef": {"name": site.world.named("shared")}}
    await site.make("Database", "shop", {**HERE, "name": name, **OPEN})
    await site.make("ClusterDatabaseRole", "audit", {**shared, "roleName": f"{name}audit"})
    await site.make("DatabaseUser", "guest", {**shared, "username": f"{name}guest"})
    coming = {"database": name, "schema": "public", "grantedBy": "postgres", "objectType": "tables"}
    block = {
        "grants": [{"database": name, "schema": "public", "tables": ["*"], "privileges": ["SELECT"]}],
        "defaultPrivileges": [{**coming, "privileges": ["SELECT"]}],
    }
    await site.make(
        "ClusterDatabaseGrant",
        "audit",
        {**shared, "roleRef": {"name": site.world.named("audit")}, "postgres": block, **OPEN},
    )
    guest = {
        "userRef": {"name": "guest", "namespace": site.world.named("default")},
        "postgres": {"roles": [f"{name}audit"]},
        **OPEN,
    }
    await site.make("ClusterDatabaseGrant", "guest", {**shared, **guest})
    await site.settle(("ClusterDatabaseGrant", "audit"), ("ClusterDatabaseGrant", "guest"))
    told = (await site.read("ClusterDatabaseGrant", "audit")).status
    assert told["appliedGrants"]["applied"] == 2 and told["targetInfo"]["resolvedUsername"] == f"{name}audit"
    assert await site.ask(f"SELECT pg_has_role('{name}guest', '{name}audit', 'MEMBER')") == [True]
    reads = f"SELECT has_table_privilege('{name}guest', 'later', 'SELECT')"
    await site.ask("CREATE TABLE later (a int)", name)
    assert await site.ask(reads, name) == [True]
    await site.delete("ClusterDatabaseGrant", "audit")
    await site.ask("DROP TABLE later; CREATE TABLE later (a int)", name)
    assert await site.ask(reads, name) == [False]


async def test_options_that_were_ignored_are_what_the_database_has(site: Site) -> None:
    """`allowConnections` and comments did nothing; auto-ownership made a user with neither password nor Secret."""
    name = site.name
    await site.make("Database", "shut", {**HERE, "name": name, "postgres": {"allowConnections": False}, **OPEN})
    own = {"ownership": {"autoOwnership": True, "roleName": f"{name}owner", "userName": f"{name}user"}}
    await site.make("Database", "shop", {**HERE, "name": f"{name}shop", "postgres": own, **OPEN})
    await site.settle(("Database", "shut"), ("Database", "shop"))
    allowed = f"SELECT datallowconn, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    tag = f"managed-by:dbaas,cr:{site.world.named('default')}/shut"
    assert await site.ask(allowed) == [(False, tag)]
    logins = [each for each in await site.world.user.list(SECRET, site.here()) if each.metadata.owner is not None]
    (values,) = [await site.world.read_secret(each.metadata.name) for each in logins]
    assert await site.ask("SELECT 1", f"{name}shop", (values["username"], values["password"])) == [1]


async def test_whoever_depends_holds_a_deletion_from_any_namespace(site: Site) -> None:
    """The check looked only in the same namespace, and let go where it failed."""
    await site.world.make_namespace("team")
    spec = {"instanceRef": {"name": "main", "namespace": site.world.named("default")}, "name": site.name, **OPEN}
    await site.world.make(KINDS["Database"], "far", spec, "team")
    await site.settle()
    far = await site.world.read(KINDS["Database"], "far", "team")
    assert far.status["phase"] == "Ready"
    await site.change("DatabaseInstance", "main", OPEN)
    await site.delete("DatabaseInstance", "main")
    status = (await site.read("DatabaseInstance", "main")).status
    assert (status["phase"], f"Database {site.world.named('team')}/far" in status["message"]) == ("Failed", True)
    await site.world.delete(KINDS["Database"], "far", "team")
    await site.settle()
    assert not await site.is_there("DatabaseInstance", "main")
    assert await site.ask(f"SELECT count(*) FROM pg_database WHERE datname = '{site.name}'") == [0]


async def test_protection_by_annotation_and_by_default_holds_and_retain_keeps(site: Site) -> None:
    """Grants are protected unless they say not; users and roles say it by annotations."""
    name = site.name
    await site.make("DatabaseUser", "app", {**HERE, "username": f"{name}app"}, deletion_policy="Retain")
    await site.make("DatabaseRole", "staff", {**HERE, "roleName": f"{name}staff"}, deletion_protection="true")
    await site.make("DatabaseGrant", "app", {"userRef": {"name": "app"}, "postgres": {"roles": [f"{name}staff"]}})
    await site.settle(("DatabaseGrant", "app"))
    for kind, object_name in (("DatabaseGrant", "app"), ("DatabaseRole", "staff")):
        await site.delete(kind, object_name)
        status = (await site.read(kind, object_name)).status
        assert (status["phase"], status["conditions"][0]["reason"]) == ("Failed", "DeletionProtected")
    await site.change("DatabaseGrant", "app", OPEN)
    force = {"metadata": {"annotations": {f"{GROUP}/force-delete": "true"}}}
    await site.world.user.patch(KINDS["DatabaseRole"], site.key("DatabaseRole", "staff"), force)
    await site.settle()
    await site.delete("DatabaseUser", "app")
    gone = [("DatabaseGrant", "app"), ("DatabaseRole", "staff"), ("DatabaseUser", "app")]
    assert [await site.is_there(*each) for each in gone] == [False] * 3
    assert await site.ask(f"SELECT rolname FROM pg_roles WHERE rolname LIKE '{name}%'") == [f"{name}app"]


@pytest.mark.parametrize("kind", sorted(KINDS))
async def test_an_empty_manifest_is_refused_by_its_fields(kind: str) -> None:
    """The group's scaffolds have nothing in them."""
    async with simulated_world(fit=lambda registry: replace(registry, dialects={GROUP: DIALECT})) as world:
        site = Site(world, Address("nowhere", 1, "", Secret("")), "")
        with pytest.raises(Invalid, match=r"spec"):
            await site.make(kind, "empty", {})


async def test_a_password_is_in_no_annotation_and_a_lost_secret_is_made_again(site: Site) -> None:
    """Rotated passwords were kept in clear text in an annotation."""
    await site.make("DatabaseUser", "app", {**HERE, "username": f"{site.name}app"})
    await site.settle(("DatabaseUser", "app"))
    secret = f"{site.name}app-credentials".replace("_", "-")
    before = await site.world.read_secret(secret)
    foreign = await site.read("DatabaseUser", "app")
    assert before["password"] not in foreign.raw.decode()
    await site.world.settle(quiet_seconds=1.2, limit_seconds=60.0)  # when it was made is known to the second
    await site.world.delete(SECRET, secret)
    await site.settle(("DatabaseUser", "app"))
    after = await site.world.read_secret(secret)
    assert after["password"] != before["password"]
    assert await site.ask("SELECT 1", login=(after["username"], after["password"])) == [1]
    with pytest.raises(psycopg.OperationalError):
        await site.ask("SELECT 1", login=(before["username"], before["password"]))
    assert "SecretRegenerated" in await site.events("app")
