"""Guests on real servers: a namespace that may use a server of somebody else tries every way to get at more of it.

Once where our login is a superuser, and once where it may only make roles and databases.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import ApiError
from fixtures.grounds import Ground
from fixtures.inhabited import Inhabited, introduce, plain_login, real_world
from fixtures.postgres import TestServer, log_in, own_server

pytestmark = pytest.mark.real_server
# All that a guest could change of others: roles, memberships, databases, settings, and who may do what.
CATALOGUE = (
    "SELECT to_jsonb(a)::text FROM pg_authid a WHERE rolname !~ '^{name}guest' AND rolname !~ '^dbaas-run-' "
    "UNION ALL SELECT concat(roleid::regrole, ' has ', member::regrole, admin_option) FROM pg_auth_members "
    "WHERE member::regrole::text !~ 'guest' AND roleid::regrole::text !~ 'guest' "
    "UNION ALL SELECT concat(datname, datdba, datacl, datconnlimit) FROM pg_database WHERE datname !~ '^{name}guest' "
    "UNION ALL SELECT to_jsonb(s)::text FROM pg_db_role_setting s "
    "UNION ALL SELECT to_jsonb(p)::text FROM pg_tablespace p ORDER BY 1"
)
INSIDE = (
    "SELECT concat(nspname, nspowner, nspacl) FROM pg_namespace UNION ALL "
    "SELECT concat(relname, relowner, relacl) FROM pg_class WHERE relnamespace <> 'pg_toast'::regnamespace UNION ALL "
    "SELECT to_jsonb(d)::text FROM pg_default_acl d ORDER BY 1"
)


@dataclass(frozen=True)
class Attempt:
    """What a guest declares, and why it is not done."""

    kind: Kind
    spec: Mapping[str, Any]
    reason: str


@pytest.fixture(scope="module")
def alone() -> Iterator[TestServer]:
    """What others do on a shared server would look as if a guest had done it."""
    with own_server("18") as server:
        yield server


@pytest.fixture(params=["superuser", "createrole"])
async def place(
    request: pytest.FixtureRequest, alone: TestServer, prefix: str, ground: Ground
) -> AsyncIterator[Inhabited]:
    """Others have a database with a table and default privileges, a user, a superuser and a maker of roles there."""
    is_super = request.param == "superuser"
    login = alone.address if is_super else await plain_login(alone, f"{prefix}admin")
    async with await log_in(login) as ours:
        for text in ("theirs LOGIN PASSWORD 'secret'", "group", "maker CREATEROLE" if is_super else "maker"):
            await ours.execute(f"CREATE ROLE {prefix}{text}".encode())
        await ours.execute(f"CREATE DATABASE {prefix}theirs".encode())
    async with await log_in(alone.address, f"{prefix}theirs") as admin:
        await admin.execute(f"CREATE ROLE {prefix}boss SUPERUSER; ALTER ROLE {prefix}maker CREATEROLE".encode())
        await admin.execute(f"CREATE SCHEMA s AUTHORIZATION {prefix}theirs; CREATE TABLE s.t ()".encode())
    async with real_world(ground, "platform", "other") as world:
        await world.make_namespace("platform")
        await world.make_namespace("other")
        allowed = [world.named("default"), world.named("other")]
        await introduce(world, login, "platform", allowedNamespaces=allowed, tenancy={"adoption": "Always"})
        yield Inhabited(world, alone, login, prefix)


async def look(place: Inhabited) -> list[Any]:
    outside = await place.ask(CATALOGUE.format(name=place.name))
    return [*outside, *await place.ask(INSIDE, f"{place.name}theirs"), *await place.ask(INSIDE)]


def there_in(place: Inhabited) -> Mapping[str, Any]:
    """A reference to the server, which is in the namespace of others."""
    return {"instanceRef": {"name": "main", "namespace": place.world.named("platform")}}


async def try_out(place: Inhabited, name: str, attempt: Attempt) -> str:
    """The reason of a refusal at once; empty where it is accepted first."""
    try:
        await place.world.make(attempt.kind, name, attempt.spec)
    except ApiError as error:
        return error.reason
    return ""


def attempts(place: Inhabited) -> Mapping[str, Attempt]:
    name, login, there = place.name, place.login.username, there_in(place)
    theirs, guest = f"{name}theirs", f"{name}guest"
    mine = {"userRef": {"name": "app"}, "databaseRef": {"name": "shop"}}

    def user(reason: str, **spec: Any) -> Attempt:
        return Attempt(DATABASE_USER, {**there, **spec}, reason)

    def base(reason: str, number: int, **spec: Any) -> Attempt:
        return Attempt(DATABASE, {**there, "name": f"{guest}{number}", **spec}, reason)

    def grant(reason: str, **entry: Any) -> Attempt:
        return Attempt(DATABASE_GRANT, {**mine, "privileges": [entry]}, reason)

    def block(reason: str, **postgres: Any) -> Attempt:
        return Attempt(DATABASE_GRANT, {**mine, "postgres": postgres}, reason)

    future = {"database": guest, "schema": "public", "objectType": "tables", "privileges": ["SELECT"]}
    setting = {"database": theirs, "configParameters": {"work_mem": "1MB"}}
    return {
        "the superuser that initdb made": user("InvalidSpec", username="postgres"),
        "another superuser": user("AdoptionNotAllowed", username=f"{name}boss"),
        "a maker of roles": user("AdoptionNotAllowed", username=f"{name}maker"),
        "our own login": user("InvalidSpec" if login == "postgres" else "AdoptionNotAllowed", username=login),
        "a role of the server": Attempt(DATABASE_ROLE, {**there, "roleName": "pg_monitor"}, "InvalidSpec"),
        "a database of the server": base("InvalidSpec", 0, name="postgres"),
        "superuser": user("InvalidSpec", username=f"{guest}1", postgres={"superuser": True}),
        "createRole": user("InvalidSpec", username=f"{guest}2", postgres={"createRole": True}),
        "replication": user("InvalidSpec", username=f"{guest}3", serverPrivileges=["REPLICATION"]),
        "bypassRLS": Attempt(
            DATABASE_ROLE, {**there, "roleName": f"{guest}4", "postgres": {"bypassRLS": True}}, "InvalidSpec"
        ),
        "a role that runs programs": user("InvalidSpec", username=f"{guest}5", roles=["pg_execute_server_program"]),
        "a role of others": user("NotOwned", username=f"{guest}6", roles=[f"{name}group"]),
        "our own login as a role": user(
            "InvalidSpec" if login == "postgres" else "NotOwned", username=f"{guest}7", roles=[login]
        ),
        "a role of others by a grant": block("NotOwned", roles=[f"{name}group"]),
        "a session parameter of superusers": user(
            "InvalidSpec", username=f"{guest}8", postgres={"configParameters": {"session_preload_libraries": "x"}}
        ),
        "a setting in a database of others": user(
            "NotOwned", username=f"{guest}9", postgres={"databaseConfigParameters": [setting]}
        ),
        "an owner of others": base("NotOwned", 1, owner=theirs),
        "an administrator as the owner": base("NotOwned", 2, owner=f"{name}boss"),
        "a copy of others": base("NotOwned", 3, postgres={"template": theirs}),
        "a schema for others": base("NotOwned", 4, postgres={"schemas": [{"name": "x", "owner": theirs}]}),
        "things left to others": user("InvalidSpec", username=f"{guest}10", drop={"reassignOwnedTo": theirs}),
        "a table of others": grant(
            "NotOwned", on="table", database=theirs, schema="s", names=["t"], privileges=["SELECT"]
        ),
        "a database of others": grant("NotOwned", on="database", database=theirs, privileges=["CREATE"]),
        "a table of the server": grant(
            "InvalidSpec", on="table", schema="pg_catalog", names=["pg_authid"], privileges=["SELECT"]
        ),
        "a parameter": grant("NotOwned", on="parameter", names=["log_statement"], privileges=["SET"]),
        "a tablespace": grant("NotOwned", on="tablespace", names=["pg_default"], privileges=["CREATE"]),
        "privileges by others": grant(
            "NotOwned", on="table", schema="public", names=["t"], privileges=["SELECT"], grantor=theirs
        ),
        "what others will make": block("NotOwned", defaultPrivileges=[{**future, "grantedBy": theirs}]),
        "what we will make": block("NotOwned", defaultPrivileges=[{**future, "grantedBy": login}]),
    }  # fmt: skip


async def test_no_way_leads_to_what_is_not_the_guests_own(place: Inhabited) -> None:
    world, guest, there = place.world, f"{place.name}guest", there_in(place)
    await world.make(DATABASE_USER, "app", {**there, "username": guest})
    await world.make(DATABASE, "shop", {**there, "name": guest, "owner": guest})
    await place.settle(patiently=True)
    assert await world.ready(DATABASE, "shop") == ("True", "Applied")
    before, tried = await look(place), attempts(place)
    found = {
        what: await try_out(place, f"try-{number}", attempt) for number, (what, attempt) in enumerate(tried.items())
    }
    await place.settle(patiently=True)
    for number, (what, attempt) in enumerate(tried.items()):
        if not found[what]:
            found[what] = (await world.ready(attempt.kind, f"try-{number}"))[1]
    assert found == {what: attempt.reason for what, attempt in tried.items()}
    assert await look(place) == before
    for number in range(len(tried)):
        assert await world.look(SECRET, f"try-{number}-credentials") is None


ESCAPES = (
    "RESET ROLE; RESET SESSION AUTHORIZATION; CREATE ROLE {guest}out SUPERUSER",
    "SET ROLE NONE; ALTER ROLE {guest} SUPERUSER",
    "SET SESSION AUTHORIZATION postgres; CREATE ROLE {guest}out SUPERUSER",
    "SET ROLE {boss}; ALTER ROLE {guest} SUPERUSER",
    "GRANT {group} TO {guest}",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "ALTER DATABASE {theirs} OWNER TO {guest}",
    "COMMIT; RESET ROLE; ALTER ROLE {theirs} PASSWORD 'mine'",
)


async def test_no_script_of_a_guest_gets_out_of_its_database(place: Inhabited) -> None:
    name, there = place.name, there_in(place)
    names = {"guest": f"{name}guest", "boss": f"{name}boss", "group": f"{name}group", "theirs": f"{name}theirs"}
    await place.world.make(DATABASE_USER, "app", {**there, "username": f"{name}guest"})
    await place.settle()
    before = await look(place)
    for number, text in enumerate(ESCAPES):
        spec = {"name": f"{name}guest{number}", "owner": f"{name}guest", "initSQL": {"inline": [text.format(**names)]}}
        await place.world.make(DATABASE, f"shop-{number}", {**there, **spec})
    await place.settle(patiently=True)
    for number, text in enumerate(ESCAPES):
        status = (await place.world.read(DATABASE, f"shop-{number}")).status
        assert status["initSQL"]["error"], text
    assert await look(place) == before
    mine = f"SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname ~ '^{name}guest'"
    assert await place.ask(mine) == [(False,)]
    assert await place.ask("SELECT 1 FROM pg_roles WHERE rolname ~ '^dbaas-run-' AND rolvaliduntil > now()") == []


async def test_a_guest_gets_an_extension_only_if_anybody_could_create_it_or_the_servers_owner_has(
    prefix: str, ground: Ground
) -> None:
    with own_server("15") as server:
        async with real_world(ground, "platform", "default") as world:
            await world.make_namespace("platform")
            await introduce(world, server.address, "platform", allowedNamespaces=[world.named("default")])
            place = Inhabited(world, server, server.address, prefix)
            for name, extension in (("search", "pg_trgm"), ("tools", "dblink")):
                spec = {**there_in(place), "name": name, "postgres": {"extensions": [{"name": extension}]}}
                await world.make(DATABASE, name, spec)
            await place.settle(patiently=True)
            assert await world.ready(DATABASE, "search") == ("True", "Applied")
            assert await world.ready(DATABASE, "tools") == ("False", "NotPossible")
            (different,) = (await world.read(DATABASE, "tools")).status["drift"]["diffs"]
            assert "extension 'dblink' is not marked as trusted" in different["actual"]
            assert await place.ask("SELECT extname FROM pg_extension ORDER BY 1", "tools") == [("plpgsql",)]
            async with await log_in(server.address, "tools") as owner:
                await owner.execute(b"CREATE EXTENSION dblink")
            await world.change(DATABASE, "tools", {"driftPolicy": {"mode": "detect"}})
            await place.settle(patiently=True)
            assert await world.ready(DATABASE, "tools") == ("True", "Applied")


async def test_a_guest_updates_an_extension_only_where_anybody_could(prefix: str, ground: Ground) -> None:
    """The scripts of an update run with all rights, like that of its creation."""
    with own_server("15") as server:
        async with real_world(ground, "platform", "default") as world:
            await world.make_namespace("platform")
            allowed = [world.named("default")]
            await introduce(
                world, server.address, "platform", allowedNamespaces=allowed, tenancy={"adoption": "Always"}
            )
            place = Inhabited(world, server, server.address, prefix)
            wishes = {"pg_trgm": ("1.3", "1.4"), "pg_stat_statements": ("1.8", "1.9")}
            async with await log_in(server.address) as owner:
                await owner.execute(b"CREATE DATABASE shop")
            async with await log_in(server.address, "shop") as owner:
                for name, (old, _) in wishes.items():
                    await owner.execute(f"CREATE EXTENSION {name} VERSION '{old}'".encode())
            extensions = [{"name": name, "version": new} for name, (_, new) in wishes.items()]
            await world.make(DATABASE, "shop", {**there_in(place), "postgres": {"extensions": extensions}})
            await place.settle(patiently=True)
            query = "SELECT extname, extversion FROM pg_extension WHERE extname LIKE 'pg_%' ORDER BY 1"
            assert await place.ask(query, "shop") == [("pg_stat_statements", "1.8"), ("pg_trgm", "1.4")]
            assert await world.ready(DATABASE, "shop") == ("False", "NotPossible")
            (different,) = (await world.read(DATABASE, "shop")).status["drift"]["diffs"]
            assert (different["expected"], different["actual"]) == ("1.9", "1.8") and different["immutable"]


async def test_of_two_guests_that_want_one_name_the_older_has_it_and_the_other_never_drops_it(
    place: Inhabited,
) -> None:
    world, name, there = place.world, f"{place.name}guest", there_in(place)
    user = {**there, "username": name}
    base = {**there, "name": name, "owner": name, "deletionPolicy": "Delete", "deletionProtection": False}
    await world.make(DATABASE_USER, "app", user)
    await world.make(DATABASE, "shop", base)
    await place.settle()
    await world.sources.clock.sleep(1.1)  # creation times have whole seconds
    await world.make(DATABASE_USER, "thief", {**user, "drop": {"dropOwned": True}}, "other")
    await world.make(DATABASE, "thief", base, "other")
    await world.make(
        DATABASE_SCHEMA,
        "thief",
        {"databaseRef": {"name": "shop", "namespace": world.named("default")}, "name": "s"},
        "other",
    )
    await place.settle(patiently=True)
    assert await world.ready(DATABASE_USER, "thief", "other") == ("False", "AlreadyManaged")
    assert await world.ready(DATABASE, "thief", "other") == ("False", "AlreadyManaged")
    assert await world.ready(DATABASE_SCHEMA, "thief", "other") == ("False", "ReferenceNotAllowed")
    assert await world.look(SECRET, "thief-credentials", "other") is None
    for kind in (DATABASE_SCHEMA, DATABASE, DATABASE_USER):
        await world.delete(kind, "thief", "other")
    await place.settle()
    assert await world.look(DATABASE, "thief", "other") is None
    session: psycopg.AsyncConnection = await place.enter("app-credentials", database=name)
    await session.execute("CREATE SCHEMA mine")
    await session.close()
