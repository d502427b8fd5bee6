"""Tags in comments: plans from values alone, and what real servers make of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, LiteralString

import pytest
from psycopg import sql

from dbaas.contracts.engine import Address, Item, PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.blueprints.parts import DATABASE_COMMENTS, ROLE_COMMENTS
from dbaas.engines.postgres.comments import (
    OUR_WORDS,
    DatabaseComments,
    DesiredComment,
    ObservedComment,
    RoleComments,
    tag_with_comment,
)
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.names import MOST_BYTES
from dbaas.engines.postgres.roles import DesiredRole
from dbaas.engines.postgres.schemas import DesiredSchema
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import TestServer, log_in

ROOT = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
ADMIN = PlanRules(ServerFacts("18.4", 180004, "1", "admin", frozenset({"createrole"})))
NOTHING: frozenset[str] = frozenset()
OURS = f"{OUR_WORDS}Database default/shop"
OLD = f"{OUR_WORDS}Database gone/shop"
DESIRED = DesiredComment("shop", OURS, "boss")
HOSTILE = ["'a\"b''c\"\"`$$", '"; DROP DATABASE postgres; --', "\\'; SELECT 1; --", "{name} %s %(names)s", "größe-🐘\n"]


def plan(
    text: str | None, *, desired: DesiredComment | None = DESIRED, owned: frozenset[str] = NOTHING,
    rules: PlanRules = ROOT, may_change: bool = True,
) -> Plan:  # fmt: skip
    return DatabaseComments().plan(desired, ObservedComment("shop", text, "boss", may_change), owned, NOTHING, rules)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_what_says_nothing_is_tagged_and_what_is_tagged_is_left() -> None:
    assert shown(plan(None)) == [f"COMMENT ON DATABASE \"shop\" IS '{OURS}'"]
    assert not plan(OURS)
    assert not plan(OURS, owned=frozenset({OURS}))


def test_a_comment_of_others_is_no_difference() -> None:
    assert not plan("of the shop team")
    assert not plan("of the shop team", owned=frozenset({OURS}))
    assert not plan("of the shop team", desired=None, owned=frozenset({OURS}))


def test_an_older_tag_is_replaced_but_not_one_that_has_replaced_ours() -> None:
    assert plan(OLD)
    assert plan("custom", owned=frozenset({"custom"}))
    assert not plan(OLD, owned=frozenset({OURS}))


def test_only_what_was_written_here_is_taken_away() -> None:
    assert shown(plan(OURS, desired=None, owned=frozenset({OURS}))) == ['COMMENT ON DATABASE "shop" IS NULL']
    assert not plan(OURS, desired=None)
    assert not plan(None, desired=None, owned=frozenset({OURS}))
    claimed = DatabaseComments().plan(
        None, ObservedComment("shop", OURS, "boss", True), frozenset({OURS}), frozenset({OURS}), ROOT
    )
    assert not claimed


def test_a_tag_is_incidental_but_for_what_is_yet_to_be_made() -> None:
    """Where a database that was dropped behind our back is only reported, there is nothing to comment on."""
    (change,) = plan(None).changes
    assert (change.field, change.expected, change.actual, change.incidental) == ("resourceTracking", OURS, None, True)
    (new,) = DatabaseComments().plan(DESIRED, None, NOTHING, NOTHING, ROOT).changes
    assert new.statements == change.statements
    assert not new.incidental
    assert not DatabaseComments().plan(None, None, frozenset({OURS}), NOTHING, ROOT)


def test_without_superuser_the_owner_is_borrowed_and_without_the_right_there_is_no_tag() -> None:
    first, comment, last = shown(plan(None, rules=ADMIN))
    assert first.startswith('GRANT "boss" TO "admin"')
    assert comment.startswith("COMMENT ON DATABASE")
    assert last.startswith('REVOKE "boss" FROM "admin"')
    assert not plan(None, rules=ADMIN, may_change=False)
    assert not plan(OURS, desired=None, owned=frozenset({OURS}), may_change=False)


def test_a_role_has_no_owner() -> None:
    made = RoleComments().plan(DesiredComment("app", OURS), None, NOTHING, NOTHING, ADMIN)
    assert shown(made) == [f"COMMENT ON ROLE \"app\" IS '{OURS}'"]
    assert made.statements[0].locks == {"role:app"}


def test_databases_and_roles_have_tags_and_nothing_else() -> None:
    database = tag_with_comment(Item("databases", None, "shop", DesiredDatabase("shop", "boss")), OURS)
    assert database == Item(DATABASE_COMMENTS, None, "shop", DESIRED, dropped=False)
    role = tag_with_comment(Item("roles", None, "app", DesiredRole("app")), OURS)
    assert role == Item(ROLE_COMMENTS, None, "app", DesiredComment("app", OURS), dropped=False)
    assert tag_with_comment(Item("schemas", "shop", "sales", DesiredSchema("shop", "sales")), OURS) is None


@dataclass
class Place:
    """A server, seen by our login through `applier` and by its superuser through `run` and `ask`."""

    server: TestServer
    applier: Applier
    name: str

    async def run(self, template: LiteralString, **names: str) -> None:
        holes = {name: sql.Identifier(value) for name, value in names.items()}
        connection = await log_in(self.server.address)
        async with connection:
            await connection.execute(sql.SQL(template).format(**holes))

    async def comment(self, catalogue: str, name: str) -> str | None:
        query = (
            "SELECT shobj_description(oid, %s) FROM pg_database WHERE datname = %s AND %s = 'pg_database' UNION ALL "
        )
        query += "SELECT shobj_description(oid, %s) FROM pg_roles WHERE rolname = %s AND %s = 'pg_authid'"
        connection = await log_in(self.server.address)
        async with connection:
            cursor = await connection.execute(query.encode(), [catalogue, name, catalogue] * 2)
            row = await cursor.fetchone()
            assert row is not None, f"there is no {name!r}"
            return str(row[0]) if row[0] is not None else None

    def tags(self, text: str, owner: str | None = None) -> tuple[Item, Item]:
        database, role = DesiredDatabase(self.name, owner), DesiredRole(self.name)
        items = Item("databases", None, self.name, database), Item("roles", None, self.name, role)
        first, second = (tag_with_comment(item, text) for item in items)
        assert first is not None
        assert second is not None
        return first, second

    async def memberships(self) -> dict[str, Any]:
        """Of the roles of this test alone: others have theirs on the same server."""
        observed = await self.applier.lane.observe("memberships", None, None)
        return {member: held for member, held in observed.items() if member.startswith(self.name)}

    async def comments(self) -> tuple[str | None, str | None]:
        return await self.comment("pg_database", self.name), await self.comment("pg_authid", self.name)


def by_login(name: str, server: TestServer, login: str) -> Address:
    return server.address if name == "superuser" else replace(server.address, username=login, password=Secret("x"))


@pytest.fixture(params=["superuser", "createrole"])
async def place(request: pytest.FixtureRequest, postgres: TestServer, prefix: str, lanes: ServerLanes) -> Place:
    login, engine = f"{prefix}-admin", build_engine(InlineOffload())
    address = by_login(request.param, postgres, login)
    found = Place(postgres, Applier(engine, lanes.open("tags", engine, address, 2)), prefix)
    if request.param == "createrole":
        await found.run("CREATE ROLE {login} LOGIN CREATEDB CREATEROLE PASSWORD 'x'", login=login)
    return found


async def make(place: Place, owner: str) -> None:
    """A role and a database, made by our login as always, and owned by another role."""
    for role in (owner, place.name):
        await place.applier.apply(Item("roles", None, role, DesiredRole(role)))
    await place.applier.apply(Item("databases", None, place.name, DesiredDatabase(place.name, owner)))


@pytest.mark.real_server
@pytest.mark.parametrize("hostile", [*HOSTILE, "x" * MOST_BYTES], ids=[*"abcde", "longest"])
async def test_hostile_names_and_texts_are_written_and_taken_away(place: Place, hostile: str) -> None:
    owner = f"{place.name}-o"
    place.name = f"{place.name}{hostile}".encode()[:MOST_BYTES].decode(errors="ignore")
    await make(place, owner)
    text = f"tag {hostile}"
    for item in place.tags(text, owner):
        assert await place.applier.apply(item)
        assert not await place.applier.plan(item, owned=place.applier.keys(item))
    assert await place.comments() == (text, text)
    for item in place.tags(text, owner):
        await place.applier.apply(item, gone=True, owned=place.applier.keys(item))
        assert not await place.applier.plan(item, gone=True, owned=place.applier.keys(item))
    assert await place.comments() == (None, None)


@pytest.mark.real_server
async def test_nothing_of_a_borrowed_owner_is_kept(place: Place) -> None:
    await make(place, f"{place.name}-o")
    before = await place.memberships()
    for item in place.tags(OURS, f"{place.name}-o"):
        await place.applier.apply(item)
    assert await place.comments() == (OURS, OURS)
    assert await place.memberships() == before


@pytest.mark.real_server
async def test_what_is_new_is_tagged_as_it_is_made(place: Place) -> None:
    owner = f"{place.name}-o"
    await place.applier.apply(Item("roles", None, owner, DesiredRole(owner)))
    things = [
        Item("databases", None, place.name, DesiredDatabase(place.name, owner)),
        Item("roles", None, place.name, DesiredRole(place.name)),
    ]
    plans = [await place.applier.plan(item) for item in (*things, *place.tags(OURS, owner))]
    await place.applier.lane.execute([statement for each in plans for statement in each.statements])
    assert await place.comments() == (OURS, OURS)


@pytest.mark.real_server
async def test_what_others_have_written_survives(place: Place) -> None:
    await make(place, f"{place.name}-o")
    await place.run("COMMENT ON DATABASE {name} IS 'theirs'", name=place.name)
    await place.run("COMMENT ON ROLE {name} IS 'theirs'", name=place.name)
    for item in place.tags(OURS):
        assert not await place.applier.apply(item, owned=place.applier.keys(item))
        assert not await place.applier.apply(item, gone=True, owned=place.applier.keys(item))
    assert await place.comments() == ("theirs", "theirs")


@pytest.mark.real_server
async def test_what_our_login_may_not_comment_on_goes_without(place: Place) -> None:
    """Of a superuser nobody else may become or mark anything, on whatever version."""
    await place.run("CREATE ROLE {name} SUPERUSER", name=place.name)
    await place.run("CREATE DATABASE {name}", name=place.name)
    is_root = "superuser" in (await place.applier.lane.facts()).capabilities
    expected = OURS if is_root else None
    for item in place.tags(OURS):
        assert bool(await place.applier.apply(item)) == is_root
    assert await place.comments() == (expected, expected)


@pytest.mark.real_server
async def test_since_version_16_roles_of_others_need_admin_option(place: Place) -> None:
    await place.run("CREATE ROLE {name}", name=place.name)
    facts = await place.applier.lane.facts()
    may = "superuser" in facts.capabilities or facts.version_number < 160000
    item = place.tags(OURS)[1]
    assert bool(await place.applier.apply(item)) == may
    assert await place.comment("pg_authid", place.name) == (OURS if may else None)
