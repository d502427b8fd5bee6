"""Databases: plans from values alone, and what a real server makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from dbaas.contracts.engine import Item, PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.databases import DatabaseQuarantine, Databases, DesiredDatabase, ObservedDatabase
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession
from dbaas.engines.postgres.statements import DatabaseOptions
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import VERSIONS, TestServer

SUPERUSER = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
CREATOR = PlanRules(ServerFacts("18.4", 180004, "1", "us", frozenset({"createdb"})))
NOTHING: frozenset[str] = frozenset()
OBSERVED = ObservedDatabase("shop", "owner", "UTF8", "C", "C", False, True, -1, False, True, "libc")


def plan(
    desired: DesiredDatabase | None, observed: ObservedDatabase | None, owned: frozenset[str] = NOTHING,
    rules: PlanRules = SUPERUSER,
) -> Plan:  # fmt: skip
    return Databases().plan(desired, observed, owned, NOTHING, rules)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_a_database_is_made_closed_and_opened_when_it_is_finished() -> None:
    desired = DesiredDatabase("shop", "owner", revoke_public=True, connection_limit=5)
    made = plan(desired, None)
    assert shown(made) == [
        'CREATE DATABASE "shop" TEMPLATE "template0" OWNER "owner" ALLOW_CONNECTIONS false',
        'REVOKE CONNECT ON DATABASE "shop" FROM PUBLIC',
        'ALTER DATABASE "shop" CONNECTION LIMIT 5',
        'ALTER DATABASE "shop" ALLOW_CONNECTIONS true',
    ]
    assert [statement.transactional for statement in made.statements] == [False, True, True, True]


def test_without_superuser_the_owner_is_borrowed_for_one_transaction() -> None:
    made = plan(DesiredDatabase("shop", "owner", revoke_public=True), None, rules=CREATOR)
    assert shown(made) == [
        'CREATE DATABASE "shop" TEMPLATE "template0" ALLOW_CONNECTIONS false',
        'GRANT "owner" TO "us" WITH INHERIT TRUE, SET TRUE',
        'REVOKE CONNECT ON DATABASE "shop" FROM PUBLIC',
        'ALTER DATABASE "shop" ALLOW_CONNECTIONS true',
        'ALTER DATABASE "shop" OWNER TO "owner"',
        'GRANT CONNECT ON DATABASE "shop" TO "us"',
        'REVOKE "owner" FROM "us"',
    ]


def test_what_was_left_unfinished_is_finished_without_asking() -> None:
    unfinished = replace(OBSERVED, owner="owner", allow_connections=False, public_may_connect=True)
    finishing = plan(DesiredDatabase("shop", "owner", revoke_public=True), unfinished)
    assert shown(finishing) == [
        'REVOKE CONNECT ON DATABASE "shop" FROM PUBLIC',
        'ALTER DATABASE "shop" ALLOW_CONNECTIONS true',
    ]
    assert not any(change.destructive for change in finishing.changes)


def test_taking_access_from_people_who_have_it_is_destructive() -> None:
    adopted = replace(OBSERVED, public_may_connect=True)
    (closing,) = plan(DesiredDatabase("shop", revoke_public=True), adopted).changes
    (giving,) = plan(DesiredDatabase("shop", "other"), OBSERVED).changes
    assert closing.destructive and giving.destructive


def test_adopting_changes_nothing_that_is_not_said() -> None:
    strange = replace(OBSERVED, is_template=True, connection_limit=3, lc_collate="de_DE.utf8", provider="icu")
    assert not plan(DesiredDatabase("shop"), strange)


def test_what_is_not_said_any_more_goes_back_to_the_default() -> None:
    stated = DesiredDatabase("shop", connection_limit=3, is_template=True, allow_connections=False)
    observed = replace(OBSERVED, connection_limit=3, is_template=True, allow_connections=False)
    assert shown(plan(DesiredDatabase("shop"), observed, Databases().keys(stated))) == [
        'ALTER DATABASE "shop" CONNECTION LIMIT -1',
        'ALTER DATABASE "shop" IS_TEMPLATE false',
        'ALTER DATABASE "shop" ALLOW_CONNECTIONS true',
    ]


def test_what_is_settled_at_creation_is_only_reported() -> None:
    options = DatabaseOptions(encoding="LATIN1", lc_collate="C", lc_ctype="de_DE")
    changes = plan(DesiredDatabase("shop", options=options), replace(OBSERVED, provider="builtin")).changes
    assert [(change.field, change.actual) for change in changes] == [
        ("postgres.encoding", "UTF8"),
        ("postgres.lcCollate", "C (by provider builtin)"),
        ("postgres.lcCtype", "C (by provider builtin)"),
    ]
    assert all(change.immutable and not change.statements for change in changes)


def test_another_tablespace_is_only_reported() -> None:
    desired = DesiredDatabase("shop", options=DatabaseOptions(tablespace="fast"))
    (change,) = plan(desired, OBSERVED).changes
    assert (change.field, change.immutable, change.actual) == ("postgres.tablespace", True, "pg_default")
    assert 'TABLESPACE "fast" ALLOW_CONNECTIONS' in shown(plan(desired, None))[0]


def test_the_name_of_a_database_that_is_put_away_fits() -> None:
    renamed = DatabaseQuarantine().rename("ö" * 31, "20260101000000")
    assert len(renamed.encode()) <= 63 and renamed.endswith("-quarantine-20260101000000")
    assert DatabaseQuarantine().rename("shop", "1") == "shop-quarantine-1"


def test_a_template_is_dropped_after_it_ceased_to_be_one() -> None:
    dropping = plan(None, replace(OBSERVED, is_template=True))
    assert shown(dropping) == ['ALTER DATABASE "shop" IS_TEMPLATE false', 'DROP DATABASE "shop" WITH (FORCE)']
    assert dropping.statements[-1].vacates == "shop"


@pytest.mark.versions(*VERSIONS)
class TestOnAServer:
    pytestmark = pytest.mark.real_server

    @pytest.fixture
    def applier(self, lanes: ServerLanes, postgres: TestServer) -> Applier:
        engine = build_engine(InlineOffload())
        return Applier(engine, lanes.open("databases", engine, postgres.address, 2))

    @pytest.fixture
    def item(self, prefix: str) -> Item:
        return Item("databases", None, prefix, DesiredDatabase(prefix, revoke_public=True))

    @pytest.fixture
    async def guest(self, postgres: TestServer, applier: Applier, item: Item) -> AsyncIterator[PostgresSession]:
        """Somebody who is in the database."""
        await applier.apply(item)
        session = await PostgresConnect(InlineOffload())(postgres.address, item.name)
        yield session
        await session.close()

    async def test_a_database_with_sessions_in_it_is_dropped(
        self, applier: Applier, item: Item, guest: PostgresSession
    ) -> None:
        assert await guest.fetch("SELECT 1") == [(1,)]
        await applier.lane.observe("schemas", item.name, None)  # our own connection is in it too
        await applier.apply(item, gone=True)
        assert item.name not in await applier.lane.observe("databases", None, [item.name])

    async def test_public_is_kept_out(self, applier: Applier, item: Item) -> None:
        await applier.apply(item)
        (database,) = (await applier.lane.observe("databases", None, [item.name])).values()
        assert not database.public_may_connect and database.we_may_connect
