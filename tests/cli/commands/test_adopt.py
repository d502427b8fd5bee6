"""What is on a server becomes objects that leave it as it is: their plan is empty."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import pytest_asyncio
import yaml

from cli.conftest import Printed, put
from cli.servers import put_server
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.app.reading import plan_changes
from dbaas.cli.commands.adopt import AdoptOptions, adopt, read_request
from dbaas.cli.exits import WrongUsage
from dbaas.cli.formats import Format
from dbaas.cli.session import Session
from dbaas.contracts.reconcile import Refused
from dbaas.core.secrets import Secret
from fixtures.postgres import TestServer, log_in

ODD = ('Shop "A"', "shop a", "shop-a", "SHOP_A", "läden.x", "yes")


@pytest_asyncio.fixture
async def odd(session: Session, postgres: TestServer, prefix: str) -> str:
    """A server with databases, users and roles of odd names, which have attributes, memberships and privileges."""
    names = [f"{prefix} {name}" for name in ODD]
    owner, reader, writer, _, guest, ann = (name.replace('"', '""') for name in names)
    async with await log_in(postgres.address) as admin:
        for number, name in enumerate((owner, reader, writer, guest, ann)):
            login = "LOGIN CONNECTION LIMIT 3 VALID UNTIL '2031-02-03 04:05:06+01'" if number > 2 else "NOLOGIN"
            await admin.execute(f'CREATE ROLE "{name}" {login}'.encode())
        await admin.execute(f'ALTER ROLE "{guest}" CREATEDB NOINHERIT'.encode())
        await admin.execute(f'GRANT "{reader}" TO "{guest}", "{ann}" WITH ADMIN OPTION'.encode())
        await admin.execute(f'GRANT "{writer}" TO "{ann}"'.encode())
        if admin.info.server_version >= 160000:
            await admin.execute(f'GRANT "{writer}" TO "{ann}" WITH INHERIT FALSE, SET FALSE'.encode())
        for name in (owner, reader):
            await admin.execute(f'CREATE DATABASE "{name}" OWNER "{owner}" CONNECTION LIMIT 7'.encode())
        await admin.execute(f'GRANT TEMPORARY, CONNECT ON DATABASE "{owner}" TO "{writer}"'.encode())
        await admin.execute(f'CREATE DATABASE "{writer}" IS_TEMPLATE true ALLOW_CONNECTIONS false'.encode())
    async with await log_in(postgres.address, names[0]) as inside:
        for statement in (
            'CREATE SCHEMA "sa les"', 'CREATE TABLE "sa les"."or""ders" (id int, "a b" int)',
            'CREATE SEQUENCE "sa les".numbers',
            "CREATE FUNCTION area(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "CREATE FUNCTION area(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
            f'GRANT USAGE ON SCHEMA "sa les" TO "{reader}", "{ann}"',
            f'GRANT SELECT, INSERT ON "sa les"."or""ders" TO "{reader}" WITH GRANT OPTION',
            f'GRANT UPDATE ("a b"), SELECT (id) ON "sa les"."or""ders" TO "{ann}"',
            f'GRANT USAGE ON SEQUENCE "sa les".numbers TO "{ann}"',
            f'GRANT EXECUTE ON FUNCTION area(int, text) TO "{ann}"', f'SET ROLE "{owner}"',
            f'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO "{reader}"', "RESET ROLE",
        ):  # fmt: skip
            await inside.execute(statement.encode())
        await inside.execute(f'SET ROLE "{reader}"'.encode())
        await inside.execute(f'GRANT SELECT ON "sa les"."or""ders" TO "{ann}"'.encode())
    await put_server(session, postgres.address)
    return prefix


async def changes_of_all(session: Session) -> list[str]:
    """What applying all objects as they are would send or report."""
    kinds = (DATABASE, DATABASE_USER, DATABASE_ROLE)
    bodies = [(kind, each.body()) for kind in kinds for each in await session.rest.list(kind)]
    plans = await plan_changes(session.transport, bodies)
    assert plans
    return [f"{p.key.name}: {c}" for p in plans for c in (*p.changes, *p.left)] + [n for p in plans for n in p.notes]


@pytest.mark.real_server
async def test_the_plan_of_what_was_adopted_is_empty(session: Session, odd: str, printed: Printed) -> None:
    for field in ("databases", "users", "roles"):
        names = [f"{odd} {name}" for name in _names(field)]
        options = AdoptOptions(words=[field, *names], instance="main", with_privileges=True, apply=True)
        await adopt(session, options)
    assert printed().count(" created") == 8
    assert await changes_of_all(session) == []
    ann = next(each for each in await session.rest.list(DATABASE_USER) if each.spec["username"].endswith(" yes"))
    said = {(item["on"], *item["privileges"]) for item in ann.spec["privileges"]}
    assert said >= {("schema", "USAGE"), ("table", "SELECT"), ("column", "UPDATE"), ("sequence", "USAGE")}
    assert ann.spec["postgres"] == {"connectionLimit": 3, "validUntil": "2031-02-03T03:05:06Z"}


@pytest.mark.real_server
async def test_a_login_that_is_no_superuser_adopts_what_it_may_manage(
    session: Session, postgres: TestServer, prefix: str, printed: Printed
) -> None:
    login, ann, readers, shop = (f"{prefix}-{word}" for word in ("admin", "ann", "readers", "shop"))
    async with await log_in(postgres.address) as admin:
        await admin.execute(f"CREATE ROLE \"{login}\" LOGIN CREATEROLE CREATEDB PASSWORD 'p'".encode())
    address = replace(postgres.address, username=login, password=Secret("p"))
    async with await log_in(address) as plain:
        for role in (ann, readers):
            await plain.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        await plain.execute(f'GRANT "{readers}" TO "{ann}"'.encode())
        await plain.execute(f'CREATE DATABASE "{shop}"'.encode())
        await plain.execute(f'GRANT CREATE ON DATABASE "{shop}" TO "{readers}"'.encode())
    await put_server(session, address)
    for field, names in (("users", (ann, readers)), ("databases", (shop,))):
        words = [field, *names]
        await adopt(session, AdoptOptions(words=words, instance="main", with_privileges=True, apply=True))
    assert printed().count(" created") == 3
    assert await changes_of_all(session) == []


def _names(field: str) -> tuple[str, ...]:
    return {"databases": ODD[:3], "users": ODD[4:], "roles": ODD[:3]}[field]


@pytest.mark.real_server
async def test_printed_manifests_are_what_is_there_under_names_of_their_own(
    session: Session, odd: str, printed: Printed
) -> None:
    await adopt(session, AdoptOptions(words=["databases", *(f"{odd} {name}" for name in ODD[:3])], instance="main"))
    bodies = list(yaml.safe_load_all(printed()))
    assert {body["spec"]["name"] for body in bodies} == {f"{odd} {name}" for name in ODD[:3]}
    assert len({body["metadata"]["name"] for body in bodies}) == 3
    assert all(body["spec"]["deletionPolicy"] == "Retain" for body in bodies)
    assert not await session.rest.list(DATABASE)


@pytest.mark.real_server
async def test_what_is_managed_is_listed_with_its_object_and_not_adopted_again(
    session: Session, odd: str, printed: Printed
) -> None:
    name = f"{odd} {ODD[1]}"
    await put(session, DATABASE, "mine", {"instanceRef": {"name": "main"}, "name": name})
    await adopt(session, AdoptOptions(instance="main", output=Format.JSON))
    listed = {(each["type"], each["name"]): each["managedBy"] for each in json.loads(printed())}
    assert listed["databases", name] == "Database default/mine"
    assert listed["roles", name] == ""
    assert not {("databases", "postgres"), ("users", "postgres")} & listed.keys()
    with pytest.raises(Refused, match="is managed by Database default/mine already"):
        await adopt(session, AdoptOptions(words=["databases", name], instance="main"))
    with pytest.raises(Refused, match="'nothing' is not among the users of DatabaseInstance default/main"):
        await adopt(session, AdoptOptions(words=["users", "nothing"], instance="main"))


@pytest.mark.real_server
async def test_an_object_of_that_name_for_something_else_is_not_touched(
    session: Session, odd: str, printed: Printed
) -> None:
    name = f"{odd} {ODD[1]}"
    options = AdoptOptions(words=["roles", name], instance="main")
    await adopt(session, options)
    plain = yaml.safe_load(printed())["metadata"]["name"]
    await put(session, DATABASE_ROLE, plain, {"instanceRef": {"name": "other"}})
    await adopt(session, AdoptOptions(words=["roles", name], instance="main", apply=True))
    assert (await session.rest.get(DATABASE_ROLE, Key("default", f"{plain}-main"))).spec["roleName"] == name


@pytest.mark.parametrize(
    "options",
    [
        AdoptOptions(), AdoptOptions(words=["tables"], instance="main"), AdoptOptions(instance="main", apply=True),
        AdoptOptions(words=["users", "ann"], everything=True, instance="main"),
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(options: AdoptOptions) -> None:
    with pytest.raises(WrongUsage):
        read_request(options, "default")
