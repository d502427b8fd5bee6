"""Reviewers see who may do what, how that comes, and which manifest says so, or that nobody does."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from cli.conftest import Printed, put
from cli.servers import put_server
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.resource import Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.cli.commands.access import AccessOptions, access, read_question, split_name
from dbaas.cli.exits import WrongUsage
from dbaas.cli.formats import Format
from dbaas.cli.session import Session
from dbaas.contracts.reconcile import Refused
from dbaas.core.secrets import Secret
from fixtures.postgres import TestServer, log_in


async def put_on_main(session: Session, kind: Kind, name: str, spec: Mapping[str, Any]) -> None:
    await put(session, kind, name, {"instanceRef": {"name": "main"}, **spec})


@pytest_asyncio.fixture
async def shop(session: Session, postgres_18: TestServer, prefix: str) -> str:
    """A database with a table that a role reads by a manifest, and a guest without one; the name of all begins so."""
    owner, reader, ann, guest = (f"{prefix}-{word}" for word in ("owner", "reader", "ann", "guest"))
    async with await log_in(postgres_18.address) as admin:
        for role in (owner, reader, ann, guest):
            await admin.execute(f'CREATE ROLE "{role}" LOGIN'.encode())
        await admin.execute(f'CREATE DATABASE "{prefix}" OWNER "{owner}"'.encode())
        await admin.execute(f'GRANT "{reader}" TO "{ann}"'.encode())
    async with await log_in(postgres_18.address, prefix) as inside:
        await inside.execute(f'SET ROLE "{owner}"'.encode())
        await inside.execute(b'CREATE SCHEMA sales CREATE TABLE "or.ders" (id int)')
        await inside.execute(f'GRANT SELECT ON sales."or.ders" TO "{reader}"'.encode())
        await inside.execute(f'GRANT DELETE ON sales."or.ders" TO "{guest}" WITH GRANT OPTION'.encode())
    await put_server(session, postgres_18.address)
    await put_on_main(session, DATABASE, "shop", {"name": prefix, "owner": owner})
    await put_on_main(session, DATABASE_ROLE, "readers", {"roleName": reader})
    await put_on_main(session, DATABASE_USER, "ann", {"username": ann, "roles": [reader]})
    privilege = {"on": "table", "schema": "sales", "names": ["*"], "privileges": ["SELECT"]}
    spec = {"roleRef": {"name": "readers"}, "databaseRef": {"name": "shop"}, "privileges": [privilege]}
    await put(session, DATABASE_GRANT, "read-sales", spec)
    return prefix


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("   ") if cell.strip()]


@pytest.mark.real_server
async def test_each_way_to_a_table_is_told_with_the_manifest_that_says_so(
    session: Session, shop: str, printed: Printed
) -> None:
    await access(session, AccessOptions(words=['shop.sales."or.ders"']))
    lines = {cells(line)[0]: cells(line)[1:] for line in printed().splitlines()}
    owner, useless = f"{shop}-owner", "; of no use without USAGE on schema sales"
    grant = "DatabaseGrant default/read-sales"
    assert printed().startswith(f'table sales."or.ders" in {shop}\n')
    assert lines["WHO"] == ["PRIVILEGES", "THROUGH", "DECLARED BY"]
    assert lines[f"{shop}-reader"] == ["SELECT", f"granted by {owner}{useless}", grant]
    assert lines[f"{shop}-ann"] == [
        "SELECT", f"member of {shop}-reader: granted by {owner}{useless}", f"DatabaseUser default/ann, {grant}",
    ]  # fmt: skip
    assert lines[f"{shop}-guest"] == ["DELETE*", f"granted by {owner}{useless}", f"nobody (granted by {owner})"]
    assert lines[owner][0].startswith("DELETE*, ") and lines[owner][-1] == "-"
    assert lines["postgres"] == ["SUPERUSER", "attribute", "-"]


@pytest.mark.real_server
async def test_machines_get_every_fact_and_its_objects(session: Session, shop: str, printed: Printed) -> None:
    await access(session, AccessOptions(words=["schema", f"{shop}.sales"], instance="main", output=Format.JSON))
    (usage,) = (
        fact for fact in json.loads(printed()) if (fact["who"], fact["privilege"]) == (f"{shop}-owner", "USAGE")
    )
    assert usage["on"] == {"type": "schema", "name": "sales", "database": shop}
    assert (usage["way"], usage["through"], usage["grantable"]) == ("owner", [], True)
    assert usage["declaredBy"] == [{"fact": f"{shop}-owner owns schema sales", "objects": [], "declarable": True}]


@pytest.mark.real_server
async def test_the_owner_of_a_database_is_declared_by_its_manifest(
    session: Session, shop: str, printed: Printed
) -> None:
    await access(session, AccessOptions(words=["database", "shop"], output=Format.JSON))
    (owner,) = (fact for fact in json.loads(printed()) if fact["privilege"] == "OWNER")
    assert owner["who"] == f"{shop}-owner"
    assert owner["declaredBy"][0]["objects"] == ["Database default/shop"]


@pytest.mark.real_server
async def test_all_that_a_user_may_do_is_told_at_once(session: Session, shop: str, printed: Printed) -> None:
    await access(session, AccessOptions(user="ann", database="shop", output=Format.JSON))
    found = {(fact["who"], fact["on"]["type"], fact["privilege"]) for fact in json.loads(printed())}
    assert (f"{shop}-ann", "table", "SELECT") in found
    assert ("PUBLIC", "database", "CONNECT") in found
    assert not {who for who, _, _ in found} - {f"{shop}-ann", "PUBLIC"}


@pytest.mark.real_server
async def test_a_login_that_is_no_superuser_sees_the_same(
    session: Session, shop: str, printed: Printed, postgres_18: TestServer
) -> None:
    login, table = f"{shop}-admin", f'{shop}.sales."or.ders"'
    async with await log_in(postgres_18.address) as admin:
        await admin.execute(f"CREATE ROLE \"{login}\" LOGIN CREATEROLE PASSWORD 'p'".encode())
    await access(session, AccessOptions(words=[table], instance="main", output=Format.JSON))
    seen = printed()
    await put_server(session, replace(postgres_18.address, username=login, password=Secret("p")))
    await access(session, AccessOptions(words=[table], instance="main", output=Format.JSON))
    assert printed() == seen * 2
    assert f"{shop}-guest" in seen


@pytest.mark.real_server
async def test_what_is_not_there_is_said(session: Session, shop: str) -> None:
    for options in (AccessOptions(words=["shop.sales.nothing"]), AccessOptions(user="nobody", instance="main"),
                    AccessOptions(words=["warehouse.a.b"])):  # fmt: skip
        with pytest.raises(Refused, match="there is no "):
            await access(session, options)


@pytest.mark.parametrize(
    ("text", "parts"), [("a.b.c", ["a", "b", "c"]), ('a."b.c"', ["a", "b.c"]), ('"a""b"', ['a"b'])]
)
def test_names_are_read_as_in_sql(text: str, parts: list[str]) -> None:
    assert split_name(text) == parts


@pytest.mark.parametrize("text", ["", "a.", ".a", 'a."b', '"a"b', "a..b", '""'])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage):
        split_name(text)


@pytest.mark.parametrize(
    "options",
    [
        AccessOptions(), AccessOptions(words=["a.b"]), AccessOptions(words=["a.b.c"], user="ann"),
        AccessOptions(words=["index", "a.b"]), AccessOptions(words=["database", "a.b"]),
        AccessOptions(words=["a.b.c"], database="d"),
    ],
)  # fmt: skip
def test_a_question_that_is_not_complete_is_refused(options: AccessOptions) -> None:
    with pytest.raises(WrongUsage):
        read_question(options, "default")
