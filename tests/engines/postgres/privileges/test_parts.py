"""Privileges on real servers: whatever is wanted and owned, one plan makes it so and the next is empty."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbaas.contracts.engine import Item
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, Entry, Target, key_of
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import TestServer, log_in, named

pytestmark = pytest.mark.real_server
PRIVILEGES = {"schema": ("CREATE", "USAGE", "ALL"), "table": ("SELECT", "INSERT", "TRIGGER", "ALL"),
              "sequence": ("USAGE", "UPDATE", "ALL")}  # fmt: skip
NAMES = {"schema": ("sa les", "public", "*"), "table": ('or"ders', "items", "seen", "*"), "sequence": ("num'bers", "*")}


def targets(on: str) -> st.SearchStrategy[Target]:
    named = st.sampled_from(NAMES[on]).map(lambda name: Target(on, "" if on == "schema" else "sa les", name))
    place = st.sampled_from([""]) if on == "schema" else st.sampled_from(["", "sa les"])
    return named | place.map(lambda schema: Target(on, schema, grantor="postgres"))


def entries(on: str) -> st.SearchStrategy[Entry]:
    return st.builds(Entry, targets(on), st.sampled_from(PRIVILEGES[on]), st.booleans())


WANTED = st.frozensets(entries("schema") | entries("table") | entries("sequence"), max_size=6)


@pytest.fixture
def applier(lanes: ServerLanes, postgres: TestServer, prefix: str) -> Applier:
    engine = build_engine(InlineOffload())
    return Applier(engine, lanes.open("privileges", engine, named(postgres.address, prefix), 3))


@pytest.fixture
async def admin(postgres: TestServer, prefix: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """In a database with some things in it."""
    async with await log_in(postgres.address) as connection:
        await connection.execute(f'CREATE DATABASE "{prefix}"'.encode())
    async with await log_in(postgres.address, prefix) as connection:
        for statement in ('CREATE SCHEMA "sa les"', 'CREATE TABLE "sa les"."or""ders" (id int)',
                          'CREATE TABLE "sa les".items ()', 'CREATE VIEW "sa les".seen AS SELECT 1',
                          "CREATE SEQUENCE \"sa les\".\"num'bers\"", f'CREATE ROLE "{prefix}" LOGIN'):  # fmt: skip
            await connection.execute(statement.encode())
        yield connection


def item(prefix: str, entries: frozenset[Entry]) -> Item:
    return Item("privileges", prefix, prefix, DesiredPrivileges(prefix, entries, prefix))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(WANTED, min_size=1, max_size=3))
async def test_any_manifest_after_any_other_is_reached_in_one_step(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str, steps: list[frozenset[Entry]]
) -> None:
    owned: frozenset[str] = frozenset()
    for wanted in steps:
        now = item(prefix, wanted)
        await applier.apply(now, owned=owned | applier.keys(now))
        owned = applier.keys(now)
        assert not await applier.plan(now, owned=owned)
    await applier.apply(item(prefix, frozenset()), gone=True, owned=owned)
    (left,) = (await applier.lane.observe("privileges", prefix, [prefix])).values()
    assert left.held == frozenset()


async def test_a_table_made_later_is_missing_from_the_star(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    every = item(prefix, frozenset({Entry(Target("table", "sa les", "*"), "SELECT")}))
    await applier.apply(every)
    await admin.execute(b'CREATE TABLE "sa les".later ()')
    (change,) = (await applier.apply(every)).changes
    assert change.field == "privileges[table sa les.later]"


async def test_a_default_privilege_comes_true_for_tables_of_its_grantor(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str, postgres: TestServer
) -> None:
    future = Entry(Target("table", "sa les", grantor="postgres"), "SELECT")
    await applier.apply(item(prefix, frozenset({future})))
    await admin.execute(b'CREATE TABLE "sa les".later ()')
    every = item(prefix, frozenset({Entry(Target("table", "sa les", "later"), "SELECT")}))
    assert not await applier.plan(every)


async def test_what_others_were_granted_is_not_touched(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    """Neither PUBLIC, nor what somebody else with the grant option gave."""
    await admin.execute(f'GRANT SELECT ON "sa les".items TO PUBLIC, "{prefix}"'.encode())
    mine = item(prefix, frozenset({Entry(Target("table", "sa les", "items"), "SELECT")}))
    assert not await applier.plan(mine)
    await applier.apply(mine, gone=True, owned=applier.keys(mine))
    cursor = await admin.execute(b"SELECT has_table_privilege('public', '\"sa les\".items', 'SELECT')")
    assert await cursor.fetchone() == (True,)


async def test_nothing_but_the_plan_is_sent(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str, postgres: TestServer
) -> None:
    entries = itertools.chain.from_iterable(
        (Entry(Target("schema", name=name), "USAGE"), Entry(Target("schema", grantor="postgres"), "CREATE"))
        for name in ("sa les", "public")
    )
    plan = await applier.apply(item(prefix, frozenset(entries)))
    sent = [line for line in postgres.statements(prefix) if line and not line.startswith("SELECT")]
    expected = [str(statement.sql) for statement in plan.statements]
    assert sent == ["BEGIN", *expected, "COMMIT"]


async def test_databases_are_granted_from_outside(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    entries = frozenset(
        {Entry(Target("database", name=prefix), "TEMP"), Entry(Target("database", name=prefix), "CREATE")}
    )
    outside = Item("databasePrivileges", None, prefix, DesiredPrivileges(prefix, entries))
    plan = await applier.apply(outside)
    assert [str(s.sql) for s in plan.statements] == [f'GRANT CREATE, TEMPORARY ON DATABASE "{prefix}" TO "{prefix}"']
    assert not await applier.plan(outside)
    await applier.apply(outside, gone=True, owned=applier.keys(outside))
    (left,) = (await applier.lane.observe("databasePrivileges", None, [prefix])).values()
    assert left.held == frozenset()


async def test_a_named_grantor_is_recorded_also_where_our_login_is_no_superuser(
    lanes: ServerLanes, postgres: TestServer, prefix: str
) -> None:
    """And what another grantor gave is neither counted as ours nor taken away."""
    login, giver, guest = (f"{prefix}-{name}" for name in ("login", "giver", "guest"))
    async with await log_in(postgres.address) as admin:
        await admin.execute(f"CREATE ROLE \"{login}\" LOGIN CREATEROLE CREATEDB PASSWORD 'login'".encode())
    address = replace(postgres.address, username=login, password=Secret("login"))
    async with await log_in(address) as connection:
        for statement in (f'CREATE DATABASE "{prefix}"', f'CREATE ROLE "{giver}"', f'CREATE ROLE "{guest}"'):
            await connection.execute(statement.encode())
    async with await log_in(address, prefix) as connection:
        for statement in ("CREATE SCHEMA s", "CREATE TABLE s.t ()",
                          f'GRANT SELECT ON s.t TO "{giver}" WITH GRANT OPTION', f'GRANT SELECT ON s.t TO "{guest}"',
                          f'GRANT USAGE ON SCHEMA s TO "{giver}"'):  # fmt: skip
            await connection.execute(statement.encode())
    engine = build_engine(InlineOffload())
    applier = Applier(engine, lanes.open(prefix, engine, address, 2))
    entry = Entry(Target("table", "s", "t", giver), "SELECT")
    mine = Item("privileges", prefix, guest, DesiredPrivileges(guest, frozenset({entry}), prefix))
    assert await applier.apply(mine)
    assert not await applier.plan(mine)
    (seen,) = (await applier.lane.observe("privileges", prefix, [guest])).values()
    from_owner = Entry(Target("table", "s", "t"), "SELECT")
    assert seen.held == {entry, from_owner}
    await applier.apply(mine, gone=True, owned=applier.keys(mine))
    (left,) = (await applier.lane.observe("privileges", prefix, [guest])).values()
    assert left.held == {from_owner}


async def test_exact_takes_what_nobody_asked_for_on_the_objects_that_are_named(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    for statement in (f'GRANT ALL ON "sa les".items TO "{prefix}"', f'GRANT SELECT ON "sa les".seen TO "{prefix}"'):
        await admin.execute(statement.encode())
    items = Target("table", "sa les", "items")
    exact = Item("privileges", prefix, prefix, DesiredPrivileges(
        prefix, frozenset({Entry(items, "SELECT")}), prefix, exact=True
    ))  # fmt: skip
    claims = frozenset({key_of(Entry(items, "INSERT"))})
    (change,) = (await applier.apply(exact, claims=claims)).changes
    assert change.destructive and change.expected is None
    assert not await applier.plan(exact, claims=claims)
    (left,) = (await applier.lane.observe("privileges", prefix, [prefix])).values()
    seen = Target("table", "sa les", "seen")
    assert left.held == {Entry(items, "SELECT"), Entry(items, "INSERT"), Entry(seen, "SELECT")}


async def test_a_column_keeps_what_is_wanted_there_when_the_table_loses_it(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    """The server takes a privilege on a table from all columns too."""
    await admin.execute(f'GRANT SELECT (id) ON "sa les"."or""ders" TO "{prefix}"'.encode())
    table = item(prefix, frozenset({Entry(Target("table", "sa les", 'or"ders'), "SELECT")}))
    await applier.apply(table)
    await applier.apply(table, gone=True, owned=applier.keys(table))
    (left,) = (await applier.lane.observe("privileges", prefix, [prefix])).values()
    assert left.held == {Entry(Target("column", "sa les", 'or"ders', None, "id"), "SELECT")}


async def test_of_two_that_overlap_each_takes_its_own_whatever_crashed(
    applier: Applier, admin: psycopg.AsyncConnection, prefix: str
) -> None:
    """What is owned is recorded before it is sent: it may be owned and not there, or there already."""
    items = Target("table", "sa les", "items")
    both = item(prefix, frozenset({Entry(items, "SELECT"), Entry(items, "INSERT")}))
    one = item(prefix, frozenset({Entry(items, "SELECT")}))
    assert not await applier.plan(both, gone=True, owned=applier.keys(both))  # recorded, and never sent
    await applier.apply(both, owned=applier.keys(both))
    assert not await applier.apply(one, claims=applier.keys(both))  # sent by another, and recorded now
    await applier.apply(both, gone=True, owned=applier.keys(both), claims=applier.keys(one))
    (left,) = (await applier.lane.observe("privileges", prefix, [prefix])).values()
    assert left.held == {Entry(items, "SELECT")}
    await applier.apply(one, gone=True, owned=applier.keys(one))
    (left,) = (await applier.lane.observe("privileges", prefix, [prefix])).values()
    assert left.held == frozenset()
