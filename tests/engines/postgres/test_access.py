"""Whoever is said to have access has it, and nobody else: the server itself is asked, for random roles and grants.

`DBAAS_EXAMPLES` says how many states are tried on each server.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbaas.contracts.engine import MaySend
from dbaas.contracts.reviewing import Path, Question
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.access.catalogue import Edge
from dbaas.engines.postgres.access.reach import Reach
from dbaas.engines.postgres.engine import build_engine
from dbaas.lanes.lanes import ServerLanes
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server
EXAMPLES = int(os.environ.get("DBAAS_EXAMPLES", "40"))
ROLES = ("ann", "ben", "cid", "dee", "eve")
TABLE_RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
COLUMN_RIGHTS = ("SELECT", "UPDATE")
SCHEMA_RIGHTS = ("USAGE", "CREATE")
PREDEFINED = ("pg_read_all_data", "pg_write_all_data")
SPACE, TABLE, COLUMN = "sa les", 'or"ders', "a.b"


@dataclass(frozen=True)
class State:
    """`edges` are positions of roles: a member, and a role before it in the list; with INHERIT and SET where known."""

    edges: tuple[tuple[int, int, bool, bool], ...]
    no_inherit: frozenset[int]
    superuser: int | None
    owner: int
    grants: tuple[tuple[int, str, str], ...]  # to whom (-1: everybody), on what, which
    predefined: frozenset[tuple[int, str]]


def _edges() -> st.SearchStrategy[tuple[tuple[int, int, bool, bool], ...]]:
    one = st.tuples(st.integers(1, 4), st.integers(0, 3), st.booleans(), st.booleans()).filter(lambda e: e[1] < e[0])
    return st.lists(one, max_size=8, unique_by=lambda e: e[:2]).map(tuple)


def _grants() -> st.SearchStrategy[tuple[tuple[int, str, str], ...]]:
    holder = st.integers(-1, 4)
    kinds = {"table": TABLE_RIGHTS, "column": COLUMN_RIGHTS, "schema": SCHEMA_RIGHTS}
    of = [st.tuples(holder, st.just(on), st.sampled_from(rights)) for on, rights in kinds.items()]
    return st.lists(st.one_of(of), max_size=8).map(tuple)


STATES = st.builds(
    State, _edges(), st.frozensets(st.integers(0, 4), max_size=2), st.none() | st.integers(0, 4), st.integers(0, 4),
    _grants(), st.frozensets(st.tuples(st.integers(0, 4), st.sampled_from(PREDEFINED)), max_size=1),
)  # fmt: skip


@dataclass
class Place:
    """A database with a table, and five roles whose names begin with its own."""

    lanes: ServerLanes
    server: TestServer
    admin: psycopg.AsyncConnection
    name: str

    def role(self, number: int) -> str:
        return f"{self.name}-{ROLES[number]}" if number >= 0 else "public"

    async def run(self, *statements: str) -> None:
        for statement in statements:
            await self.admin.execute(statement.encode())

    async def make(self, state: State) -> None:
        names = [f'"{self.role(number)}"' for number in range(len(ROLES))]
        await self.run("RESET ROLE", 'DROP SCHEMA IF EXISTS "sa les" CASCADE')
        for name in names:
            await self.run(f"DROP ROLE IF EXISTS {name}")
        for number, name in enumerate(names):
            inherit = "NOINHERIT" if number in state.no_inherit else "INHERIT"
            await self.run(f"CREATE ROLE {name} {inherit} {'SUPERUSER' if number == state.superuser else ''}")
        for member, role, inherits, may_set in state.edges:
            options = f"WITH INHERIT {inherits}, SET {may_set}" if self.admin.info.server_version >= 160000 else ""
            await self.run(f"GRANT {names[role]} TO {names[member]} {options}")
        for holder, predefined in sorted(state.predefined):
            if self.admin.info.server_version >= 140000:
                await self.run(f"GRANT {predefined} TO {names[holder]}")
        await self.run(f'CREATE SCHEMA "{SPACE}"', f'CREATE TABLE "{SPACE}"."or""ders" (id int, "{COLUMN}" int)')
        await self.run(f'ALTER TABLE "{SPACE}"."or""ders" OWNER TO {names[state.owner]}')
        on = {"table": f'ON "{SPACE}"."or""ders"', "column": f'("{COLUMN}") ON "{SPACE}"."or""ders"',
              "schema": f'ON SCHEMA "{SPACE}"'}  # fmt: skip
        for number, kind, right in state.grants:
            to = names[number] if number >= 0 else "PUBLIC"
            await self.run(f"GRANT {right} {on[kind]} TO {to}")

    async def explain(self, question: Question) -> list[Path]:
        engine = build_engine(InlineOffload())
        assert engine.reviewing is not None
        lane = self.lanes.open(self.name, engine, self.server.address, 2)
        reviewing = engine.reviewing
        found = await lane.visit(self.name, lambda session, may_send: reviewing.explain(session, question))
        return list(found or ())

    async def truth(self, function: str, arguments: str, who: Iterable[str]) -> set[str]:
        text = f"SELECT rolname FROM pg_roles WHERE rolname = ANY(%s::text[]) AND {function}(rolname, {arguments})"
        return {name for (name,) in await (await self.admin.execute(text.encode(), [list(who)])).fetchall()}

    async def may_become(self, member: str) -> list[str]:
        """The role itself and those that SET ROLE would let it become."""
        await self.run(f'SET SESSION AUTHORIZATION "{member}"')
        found = [member]
        for role in (*map(self.role, range(len(ROLES))), *PREDEFINED):
            try:
                await self.run(f'SET ROLE "{role}"')
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.InvalidParameterValue):
                continue  # version 13 has no predefined roles of that kind
            found.append(role)
        await self.run("RESET SESSION AUTHORIZATION")
        return found


@pytest.fixture
async def place(lanes: ServerLanes, postgres: TestServer, prefix: str) -> AsyncIterator[Place]:
    async with await log_in(postgres.address) as connection:
        await connection.execute(f'CREATE DATABASE "{prefix}"'.encode())
    async with await log_in(postgres.address, prefix) as admin:
        yield Place(lanes, postgres, admin, prefix)


def _who(paths: Iterable[Path], right: str, name: str, roles: list[str], *, becoming: bool) -> set[str]:
    """Of these roles, who is said to have a right; a right on a table is one on each of its columns."""
    fitting = [
        path for path in paths
        if path.privilege in (right, "SUPERUSER") and name.startswith(path.name) and (becoming or not path.becoming)
    ]  # fmt: skip
    everybody = any(path.who == "PUBLIC" for path in fitting)
    return {role for role in roles if everybody or any(path.who == role for path in fitting)}


@settings(
    max_examples=EXAMPLES, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(state=STATES)
async def test_what_is_said_of_access_is_what_the_server_says(place: Place, state: State) -> None:
    await place.make(state)
    roles = [place.role(number) for number in range(len(ROLES))]
    table = '"sa les"."or""ders"'
    of_table = await place.explain(Question("table", place.name, TABLE, SPACE))
    of_schema = await place.explain(Question("schema", place.name, SPACE))
    becomes = {role: set(await place.may_become(role)) for role in roles}

    reaches = await place.truth("has_schema_privilege", f"'{SPACE}', 'USAGE'", roles)
    for path in of_table:
        if path.who in roles and not path.becoming and path.way != "attribute":
            assert path.lacks == (() if path.who in reaches else (f'USAGE on schema "{SPACE}"',)), path

    asked = [
        *(("has_table_privilege", f"'{table}', '{right}'", of_table, right, table) for right in TABLE_RIGHTS),
        *(("has_column_privilege", f"'{table}', '{COLUMN}', '{right}'", of_table, right, f'{table} ("{COLUMN}")')
          for right in COLUMN_RIGHTS),
        *(("has_schema_privilege", f"'{SPACE}', '{right}'", of_schema, right, f'"{SPACE}"') for right in SCHEMA_RIGHTS),
    ]  # fmt: skip
    for function, arguments, paths, right, name in asked:
        truth = await place.truth(function, arguments, [*roles, *PREDEFINED])
        assert _who(paths, right, name, roles, becoming=False) == truth - {*PREDEFINED}, (function, right)
        later = {role for role in roles if becomes[role] & truth}
        assert _who(paths, right, name, roles, becoming=True) == later, (function, right)


async def test_what_comes_with_new_things_is_no_grant_of_anybody(place: Place) -> None:
    await place.run(f'CREATE ROLE "{place.role(0)}"')
    paths = await place.explain(Question("database", place.name, place.name))
    (connect,) = (path for path in paths if (path.who, path.privilege) == ("PUBLIC", "CONNECT"))
    assert (connect.way, connect.grantor) == ("everybody", "")
    assert not any(ground.marks for ground in connect.grounds)


async def test_what_will_be_there_is_told_of_the_schema_and_not_of_its_tables(place: Place) -> None:
    owner, ann = place.role(0), place.role(1)
    await place.run(f'CREATE ROLE "{owner}"', f'CREATE ROLE "{ann}"', "CREATE SCHEMA s", "CREATE TABLE s.t (id int)")
    await place.run(f'ALTER DEFAULT PRIVILEGES FOR ROLE "{owner}" IN SCHEMA s GRANT SELECT ON TABLES TO "{ann}"')
    future = [path for path in await place.explain(Question("schema", place.name, "s")) if path.way == "future"]
    assert [(path.who, path.privilege, path.on, path.grantor) for path in future] == [
        (ann, "SELECT", "future table", owner)
    ]
    assert not [path for path in await place.explain(Question("table", place.name, "t", "s")) if path.who == ann]


async def test_of_one_role_all_its_things_and_attributes_are_told(place: Place) -> None:
    boss, ann = place.role(0), place.role(1)
    await place.run(f'CREATE ROLE "{boss}" CREATEROLE', f'CREATE ROLE "{ann}"', f'GRANT "{boss}" TO "{ann}"')
    await place.run("CREATE TABLE t (id int)", f'ALTER TABLE t OWNER TO "{boss}"', "CREATE TABLE other (id int)")
    paths = [path for path in await place.explain(Question("role", place.name, ann)) if path.who == ann]
    assert {(path.name, path.way, path.through) for path in paths if path.privilege == "OWNER"} == {
        ("public.t", "owner", (boss,))
    }
    (attribute,) = (path for path in paths if path.way == "attribute")
    assert (attribute.privilege, attribute.on, attribute.becoming) == ("CREATEROLE", "server", True)


async def test_there_is_no_answer_about_what_is_not_there(place: Place) -> None:
    engine = build_engine(InlineOffload())
    assert engine.reviewing is not None
    reviewing, lane = engine.reviewing, place.lanes.open(place.name, engine, place.server.address, 2)
    questions = [
        Question("table", place.name, "t", "public"), Question("schema", place.name, "s"),
        Question("role", place.name, f"{place.name}-nobody"),
    ]  # fmt: skip
    for question in questions:

        async def ask(session: Any, may_send: MaySend, question: Question = question) -> object:
            return await reviewing.explain(session, question)

        assert await lane.visit(place.name, ask) is None


def test_each_membership_that_leads_somewhere_is_on_a_way_of_its_own() -> None:
    edges = [Edge("ann", "a", True, True), Edge("ann", "b", False, True), Edge("a", "goal", True, True),
             Edge("b", "goal", True, False), Edge("goal", "ann", True, True)]  # fmt: skip
    routes = {(route.roles, route.becoming) for route in Reach(edges).routes("ann")}
    assert routes == {(("a",), False), (("b",), True), (("a", "goal"), False), (("b", "goal"), True)}
    assert {route.roles for route in Reach(edges).attainable("ann")} == {("a",), ("b",), ("a", "goal")}
