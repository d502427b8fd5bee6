"""Whatever is wanted and whatever there is: one plan makes it so, the next is empty, and nothing else is sent.

`DBAAS_EXAMPLES` says how many pairs of states are tried on each server.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from dbaas.contracts.engine import Item
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, Entry, Target, key_of, with_implied
from dbaas.engines.postgres.privileges.holdings import ObservedPrivileges
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import RARE, TestServer, log_in, named

# On versions that few tests run on, one is enough in this many.
RARELY = 6
EXAMPLES = int(os.environ.get("DBAAS_EXAMPLES", "60"))
pytestmark = [pytest.mark.real_server, pytest.mark.timeout(120 + 5 * EXAMPLES)]
SPACE = "sa les"
MADE = (
    f'CREATE SCHEMA "{SPACE}"', f'CREATE TABLE "{SPACE}"."or""ders" (id int, "a b" int)',
    f'CREATE TABLE "{SPACE}".items (id int)', f'CREATE SEQUENCE "{SPACE}".numbers',
    f"CREATE FUNCTION \"{SPACE}\".area(integer) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    f"CREATE FUNCTION \"{SPACE}\".area(text, integer[]) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    f"CREATE FUNCTION \"{SPACE}\".\"f(x)\"() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    f"CREATE PROCEDURE \"{SPACE}\".tidy() LANGUAGE sql AS 'SELECT 1'",
    f"CREATE TYPE \"{SPACE}\".mood AS ENUM ('good')", f'CREATE DOMAIN "{SPACE}".amount AS int',
)  # fmt: skip
OBJECTS = {
    "schema": (SPACE, "*"), "table": ('or"ders', "items", "*"), "column": ('or"ders',), "sequence": ("numbers", "*"),
    "function": ("area(integer)", "area(text, int4[])", "f(x)", "*"), "procedure": ("tidy",), "type": ("mood", "*"),
    "domain": ("amount",),
}  # fmt: skip
WORDS = {
    "schema": ("USAGE", "ALL"), "table": ("SELECT", "INSERT", "ALL"), "column": ("SELECT", "UPDATE", "ALL"),
    "sequence": ("USAGE", "ALL"), "function": ("EXECUTE",), "procedure": ("EXECUTE",), "type": ("USAGE",),
    "domain": ("USAGE",),
}  # fmt: skip
OWNER, GIVER, GUEST = "owner", "giver", "guest"


def _target(on: str, name: str, by: str | None) -> Target:
    column = "a b" if on == "column" else ""
    return Target(on, "" if on == "schema" else SPACE, name, by, column)


def targets(on: str) -> st.SearchStrategy[Target]:
    now = st.builds(_target, st.just(on), st.sampled_from(OBJECTS[on]), st.sampled_from([None, None, OWNER, GIVER]))
    if on in ("column", "procedure", "domain"):
        return now
    place = st.just("") if on == "schema" else st.sampled_from(["", SPACE])
    return now | place.map(lambda schema: Target(on, schema, grantor=OWNER))


def entries(on: str) -> st.SearchStrategy[Entry]:
    return st.builds(Entry, targets(on), st.sampled_from(WORDS[on]), st.booleans())


SOME = st.frozensets(st.one_of(*map(entries, OBJECTS)), max_size=7)


@dataclass
class Place:
    """A database with some things in it, and three roles. `name` begins the names of all."""

    applier: Applier
    admin: psycopg.AsyncConnection
    server: TestServer
    name: str
    read: int = field(default=0)

    async def reset(self) -> None:
        for role in (GUEST, GIVER, OWNER):
            await self.admin.execute(f'DROP OWNED BY "{self.name}-{role}" CASCADE'.encode())
        await self.admin.execute(f'GRANT CREATE ON DATABASE "{self.name}" TO "{self.name}-{OWNER}"'.encode())
        await self.admin.execute(f'SET ROLE "{self.name}-{OWNER}"'.encode())
        for statement in MADE:
            await self.admin.execute(statement.encode())
        objects = (f'SCHEMA "{SPACE}"', f'TABLE "{SPACE}"."or""ders", "{SPACE}".items', f'SEQUENCE "{SPACE}".numbers',
                   f'ALL ROUTINES IN SCHEMA "{SPACE}"', f'TYPE "{SPACE}".mood', f'DOMAIN "{SPACE}".amount')  # fmt: skip
        for each in objects:
            await self.admin.execute(f'GRANT ALL ON {each} TO "{self.name}-{GIVER}" WITH GRANT OPTION'.encode())
        column = f'GRANT ALL ("a b") ON "{SPACE}"."or""ders" TO "{self.name}-{GIVER}" WITH GRANT OPTION'
        await self.admin.execute(column.encode())  # who may give the table on may not give the right to a column on
        await self.admin.execute(b"RESET ROLE")

    def item(self, wanted: frozenset[Entry], principal: str, *, exact: bool = False) -> Item:
        return Item("privileges", self.name, principal, DesiredPrivileges(principal, self.of(wanted), self.name, exact))

    def of(self, wanted: frozenset[Entry]) -> frozenset[Entry]:
        """With the names that its roles have; columns and the like come as they are."""

        def rename(target: Target) -> Target:
            if target.grantor is None:
                return target
            return Target(target.on, target.schema, target.name, f"{self.name}-{target.grantor}", target.column)

        return frozenset(Entry(rename(entry.target), entry.privilege, entry.grantable) for entry in wanted)

    async def observe(self, principal: str) -> ObservedPrivileges:
        seen: ObservedPrivileges = (await self.applier.lane.observe("privileges", self.name, [principal]))[principal]
        return seen

    def sent(self) -> list[str]:
        """What our login has sent since the last time, but for questions."""
        with (Path(self.server.folder) / "log").open() as log:
            log.seek(self.read)
            text = log.read()
            self.read = log.tell()
        marks = (f"{self.name}|LOG:  statement: ", f"{self.name}|LOG:  execute <unnamed>: ")
        lines = [line.removeprefix(mark) for line in text.splitlines() for mark in marks if line.startswith(mark)]
        return [line for line in lines if line.startswith(("GRANT", "REVOKE", "ALTER", "SET LOCAL", "DROP", "CREATE"))]


@pytest.fixture
async def place(lanes: ServerLanes, postgres: TestServer, prefix: str) -> AsyncIterator[Place]:
    engine = build_engine(InlineOffload())
    async with await log_in(postgres.address) as connection:
        await connection.execute(f'CREATE DATABASE "{prefix}"'.encode())
        for role in (OWNER, GIVER, GUEST):
            await connection.execute(f'CREATE ROLE "{prefix}-{role}"'.encode())
    async with await log_in(postgres.address, prefix) as admin:
        lane = lanes.open(prefix, engine, named(postgres.address, prefix), 2)
        yield Place(Applier(engine, lane), admin, postgres, prefix)


def without_options(wanted: frozenset[Entry]) -> frozenset[Entry]:
    return frozenset(Entry(entry.target, entry.privilege) for entry in wanted)


@dataclass(frozen=True)
class State:
    """What was granted before, what is wanted now, and what others want."""

    before: frozenset[Entry]
    wanted: frozenset[Entry]
    others: frozenset[Entry]
    owns: Callable[[Entry], bool]
    is_everybody: bool
    exact: bool


ANY = st.builds(
    State, before=SOME, wanted=SOME, others=SOME,
    owns=st.sampled_from([lambda entry: True, lambda entry: entry.grantable]),
    is_everybody=st.booleans(), exact=st.booleans(),
)  # fmt: skip


def trying(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )  # fmt: skip


@trying(EXAMPLES)
@given(state=ANY)
async def test_any_manifest_in_any_state_is_reached_in_one_step(place: Place, state: State) -> None:
    await check(place, state)


@pytest.mark.versions(*RARE)
@trying(-(-EXAMPLES // RARELY))
@given(state=ANY)
async def test_it_is_reached_on_the_other_versions_too(place: Place, state: State) -> None:
    await check(place, state)


async def check(place: Place, state: State) -> None:
    before, wanted, others = state.before, state.wanted, state.others
    await place.reset()
    principal = "public" if state.is_everybody else f"{place.name}-{GUEST}"
    if state.is_everybody:  # who cannot be given the right to give on
        before, wanted, others = map(without_options, (before, wanted, others))
    await place.applier.apply(place.item(before, principal))
    was = (await place.observe(principal)).held
    place.sent()
    now = place.item(wanted, principal, exact=state.exact)
    applied = place.of(frozenset(filter(state.owns, before)))
    owned, claims = (frozenset(map(key_of, with_implied(each))) for each in (applied, place.of(others)))

    plan = await place.applier.apply(now, owned=owned, claims=claims)
    sent, held = place.sent(), (await place.observe(principal)).held
    expected = [str(statement.sql) for statement in plan.statements]
    assert sent == expected
    assert not await place.applier.plan(now, owned=place.applier.keys(now), claims=claims)
    assert not await place.applier.plan(now, owned=owned | place.applier.keys(now), claims=claims)
    if not owned and not state.exact:
        assert was <= held
    if not state.exact:
        everything = place.item(wanted | before, principal)
        assert not held - was - await reached(place, everything, principal)


async def reached(place: Place, item: Item, principal: str) -> frozenset[Entry]:
    await place.applier.apply(item)
    return (await place.observe(principal)).held
