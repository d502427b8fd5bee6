"""Every type of object, on real servers: named in a manifest, granted, seen, and taken again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from dbaas.api.grant import Privilege
from dbaas.contracts.engine import References
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.privileges.entries import PUBLIC
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import VERSIONS, TestServer, log_in, named

pytestmark = [pytest.mark.real_server, pytest.mark.versions(*VERSIONS)]
LARGE_OBJECT = "424242"
MADE = (
    "CREATE SCHEMA s", "CREATE TABLE s.t (a int, \"b c\" text)", "CREATE SEQUENCE s.n",
    "CREATE FUNCTION s.f(integer) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION s.f(s.t[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE PROCEDURE s.p() LANGUAGE sql AS 'SELECT 1'", "CREATE AGGREGATE s.total(int) (sfunc = int4pl, stype = int)",
    "CREATE TYPE s.mood AS ENUM ('good')", "CREATE DOMAIN s.numbers AS int[]",
    "CREATE FOREIGN DATA WRAPPER w", "CREATE SERVER r FOREIGN DATA WRAPPER w",
    f"SELECT pg_catalog.lo_create({LARGE_OBJECT})",
)  # fmt: skip
KINDS: dict[str, dict[str, Any]] = {
    "database": {"privileges": ["ALL"]},
    "schema": {"schema": "s", "privileges": ["ALL"]},
    "table": {"schema": "s", "names": ["t"], "privileges": ["ALL"]},
    "column": {"schema": "s", "names": ["t"], "columns": ["a", "b c"], "privileges": ["SELECT", "UPDATE"]},
    "sequence": {"schema": "s", "names": ["n"], "privileges": ["ALL"]},
    "function": {"schema": "s", "names": ["f(int)", "f(s.t[])", "total"], "privileges": ["EXECUTE"]},
    "procedure": {"schema": "s", "names": ["p"], "privileges": ["EXECUTE"]},
    "type": {"schema": "s", "names": ["mood"], "privileges": ["USAGE"]},
    "domain": {"schema": "s", "names": ["numbers"], "privileges": ["USAGE"]},
    "language": {"names": ["plpgsql"], "privileges": ["USAGE"]},
    "foreignDataWrapper": {"names": ["w"], "privileges": ["USAGE"]},
    "foreignServer": {"names": ["r"], "privileges": ["USAGE"]},
    "largeObject": {"names": [LARGE_OBJECT], "privileges": ["ALL"]},
    "tablespace": {"names": ["pg_default"], "privileges": ["CREATE"]},
    "parameter": {"names": ["DateStyle", "my.own"], "privileges": ["SET", "ALTER SYSTEM"]},
}
CAN_BE_ALL = ("schema", "table", "sequence", "function", "procedure", "type", "domain", "language", "foreignServer")


@pytest.fixture
async def admin(postgres: TestServer, prefix: str) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await log_in(postgres.address) as connection:
        await connection.execute(f'CREATE DATABASE "{prefix}"'.encode())
        await connection.execute(f'CREATE ROLE "{prefix}"'.encode())
    async with await log_in(postgres.address, prefix) as connection:
        for statement in MADE:
            await connection.execute(statement.encode())
        yield connection


@pytest.fixture
def applier(lanes: ServerLanes, postgres: TestServer, prefix: str) -> Applier:
    engine = build_engine(InlineOffload())
    return Applier(engine, lanes.open(prefix, engine, named(postgres.address, prefix), 3))


async def check(applier: Applier, admin: psycopg.AsyncConnection, principal: str, item: dict[str, Any]) -> None:
    """It settles at once, its needs are found, and it leaves nothing behind."""
    database = admin.info.dbname
    for wish in describe_privileges([Privilege.model_validate(item)], principal, References(database=database)):
        for need in wish.needs:
            assert need.name in await applier.lane.observe(need.part, need.database, [need.name]), need
        before = (await applier.lane.observe(wish.part, wish.database, [principal]))[principal]
        plan = await applier.apply(wish)
        if any(change.immutable for change in plan.changes):
            assert " has no " in plan.changes[0].why and not plan.statements
            continue
        assert plan or principal == PUBLIC
        assert not await applier.plan(wish)
        if principal == PUBLIC:  # who would lose what everybody has
            continue
        await applier.apply(wish, gone=True, owned=applier.keys(wish))
        after = (await applier.lane.observe(wish.part, wish.database, [principal]))[principal]
        assert after.held == before.held


@pytest.mark.parametrize("grantable", [False, True])
async def test_every_type_is_granted_and_revoked(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str, grantable: bool
) -> None:
    for on, item in KINDS.items():
        await check(applier, admin, prefix, {"on": on, "withGrantOption": grantable, **item})


async def test_all_there_are_of_a_type_are_granted_and_revoked(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    for on in CAN_BE_ALL:
        place = {"schema": "s"} if "schema" in KINDS[on] and on != "schema" else {}
        await check(applier, admin, prefix, {"on": on, **place, "names": ["*"], "privileges": ["ALL"]})


async def test_everybody_can_be_granted_every_type(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    for on in ("database", "schema", "table", "column", "function", "procedure", "type", "domain", "largeObject"):
        await check(applier, admin, PUBLIC, {"on": on, **KINDS[on]})
    cursor = await admin.execute(b"SELECT has_table_privilege('public', 's.t', 'SELECT')")
    assert await cursor.fetchone() == (True,)


@pytest.mark.parametrize("on", ["schema", "table", "sequence", "function", "type", "largeObject"])
async def test_what_comes_later_is_granted_by_default_privileges(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str, on: str
) -> None:
    item = {"on": on, "future": True, "privileges": ["ALL"], "grantor": "postgres"}
    await check(applier, admin, prefix, item)
    await check(applier, admin, prefix, {**item, "withGrantOption": True})
    if on not in ("schema", "largeObject"):
        await check(applier, admin, PUBLIC, {**item, "schema": "s"})
        await check(applier, admin, PUBLIC, item)
