"""Roles: plans from values alone, and what a real server makes of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime

import psycopg
import pytest

from dbaas.contracts.engine import Denied, InUse, Item, Login, PlanRules, ServerFacts
from dbaas.contracts.statement import UNKNOWN, Plan
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.roles import Attributes, DesiredRole, ObservedRole, Roles, bar_of, proof_of
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import VERSIONS, TestServer, log_in

RULES = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
NOTHING: frozenset[str] = frozenset()
LOGIN = Login(Secret("open sesame"), "1")
PLAIN = Attributes(True, False, False, False, False, False, True)
OBSERVED = ObservedRole("app", PLAIN, -1, "infinity", None)


def plan(desired: DesiredRole | None, observed: ObservedRole | None, owned: frozenset[str] = NOTHING) -> Plan:
    return Roles().plan(desired, observed, owned, NOTHING, RULES)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_who_cannot_log_in_whatever_the_password_is_told_apart() -> None:
    now = datetime(2031, 1, 1, tzinfo=UTC)
    assert bar_of(OBSERVED, now) == ""
    assert bar_of(replace(OBSERVED, attributes=replace(PLAIN, login=False)), now) == "it may not log in"
    assert bar_of(replace(OBSERVED, valid_until="2031-01-01T00:00:01Z"), now) == ""
    expired = bar_of(replace(OBSERVED, valid_until="2031-01-01T00:00:00Z"), now)
    assert expired == "its password has not been valid since 2031-01-01T00:00:00Z"


def test_a_new_role_is_made_with_all_that_is_said_of_it() -> None:
    attributes = Attributes(login=True, superuser=False, create_db=True, inherit=False)
    desired = DesiredRole("app", attributes, 5, "2031-01-01T01:00:00+01:00", LOGIN)
    assert shown(plan(desired, None)) == [
        "CREATE ROLE \"app\" LOGIN CREATEDB NOINHERIT CONNECTION LIMIT 5 VALID UNTIL '2031-01-01T00:00:00Z' "
        "PASSWORD '********'"
    ]


def test_each_difference_is_a_change_of_its_own() -> None:
    observed = replace(OBSERVED, attributes=replace(PLAIN, login=False, superuser=True), connection_limit=3)
    changes = plan(DesiredRole("app", Attributes(True, False), connection_limit=7), observed).changes
    assert [(change.field, change.expected, change.actual) for change in changes] == [
        ("postgres.login", True, False),
        ("postgres.superuser", False, True),
        ("postgres.connectionLimit", 7, 3),
    ]
    assert [change.destructive for change in changes] == [False, True, False]


def test_what_the_manifest_does_not_say_is_left_alone() -> None:
    attributes = Attributes(False, True, True, True, True, True, False)
    observed = ObservedRole("app", attributes, 3, "2031-01-01T00:00:00Z", None)
    assert not plan(DesiredRole("app"), observed)


def test_what_it_does_not_say_any_more_goes_back_to_the_default() -> None:
    stated = DesiredRole("app", Attributes(True, True, True, True, True, True, False), 3, "2031-01-01T00:00:00Z")
    observed = ObservedRole("app", stated.attributes, 3, "2031-01-01T00:00:00Z", None)
    assert shown(plan(DesiredRole("app"), observed, Roles().keys(stated))) == [
        'ALTER ROLE "app" NOLOGIN',
        'ALTER ROLE "app" NOSUPERUSER',
        'ALTER ROLE "app" NOCREATEDB',
        'ALTER ROLE "app" NOCREATEROLE',
        'ALTER ROLE "app" NOREPLICATION',
        'ALTER ROLE "app" NOBYPASSRLS',
        'ALTER ROLE "app" INHERIT',
        'ALTER ROLE "app" CONNECTION LIMIT -1',
        "ALTER ROLE \"app\" VALID UNTIL 'infinity'",
    ]


def test_what_is_stated_is_remembered_but_for_what_is_always_said() -> None:
    attributes = Attributes(login=True, create_db=False)
    assert Roles().keys(DesiredRole("app", attributes)) == {"postgres.login", "postgres.createDB"}
    assert Roles().keys(DesiredRole("app", attributes, always_logs_in=True)) == {"postgres.createDB"}


def test_our_own_login_cannot_be_claimed_or_dropped() -> None:
    with pytest.raises(Denied, match="itself"):
        plan(DesiredRole("postgres"), replace(OBSERVED, name="postgres"))
    with pytest.raises(Denied, match="itself"):
        plan(None, replace(OBSERVED, name="postgres"))


def test_a_proven_password_is_not_checked_again() -> None:
    """No verifier of that form could be checked: only the proof speaks for it."""
    observed = replace(OBSERVED, verifier=Secret("SCRAM-SHA-256$4096:not$really:one"))
    assert proof_of(observed, LOGIN) is None
    assert [change.field for change in plan(DesiredRole("app", login=LOGIN), observed).changes] == ["password"]


def test_a_hidden_password_is_set_once_per_version_of_its_secret() -> None:
    hidden = replace(OBSERVED, verifier=UNKNOWN)
    proven = replace(LOGIN, proof=proof_of(hidden, LOGIN) or "")
    assert plan(DesiredRole("app", login=LOGIN), hidden)
    assert not plan(DesiredRole("app", login=proven), hidden)
    assert plan(DesiredRole("app", login=replace(proven, version="2")), hidden)


@pytest.mark.versions(*VERSIONS)
class TestOnAServer:
    pytestmark = pytest.mark.real_server

    @pytest.fixture
    def applier(self, lanes: ServerLanes, postgres: TestServer) -> Applier:
        engine = build_engine(InlineOffload())
        return Applier(engine, lanes.open("roles", engine, postgres.address, 2))

    @pytest.fixture
    async def admin(self, postgres: TestServer) -> AsyncIterator[psycopg.AsyncConnection]:
        async with await log_in(postgres.address) as connection:
            yield connection

    @pytest.fixture
    def item(self, prefix: str) -> Item:
        return Item("roles", None, prefix, DesiredRole(prefix, Attributes(login=True), login=LOGIN))

    async def test_the_password_logs_in(self, applier: Applier, item: Item, postgres: TestServer) -> None:
        await applier.apply(item)
        await applier.lane.prove(replace(postgres.address, username=item.name, password=LOGIN.password))

    @pytest.mark.parametrize(
        "what", ["PASSWORD 'other'", "PASSWORD NULL", "PASSWORD 'md5b9d11b3be25f5a1a7dc8ca04cd310b28'"]
    )
    async def test_a_password_changed_behind_our_back_is_noticed(
        self, applier: Applier, item: Item, admin: psycopg.AsyncConnection, what: str
    ) -> None:
        await applier.apply(item)
        await admin.execute(f'ALTER ROLE "{item.name}" {what}'.encode())
        (change,) = (await applier.apply(item)).changes
        assert change.field == "password"
        assert not await applier.plan(item)

    async def test_a_role_that_owns_something_is_not_dropped(
        self, applier: Applier, item: Item, admin: psycopg.AsyncConnection
    ) -> None:
        await applier.apply(item)
        await admin.execute(f'CREATE DATABASE "{item.name}" OWNER "{item.name}"'.encode())
        with pytest.raises(InUse, match=f"owner of database {item.name}"):
            await applier.apply(item, gone=True)

    async def test_the_systems_own_roles_are_seen_only_when_asked_for(self, applier: Applier) -> None:
        assert "pg_monitor" not in await applier.lane.observe("roles", None, None)
        assert "pg_monitor" in await applier.lane.observe("roles", None, ["pg_monitor"])

    async def test_a_verifier_is_as_strong_as_the_server_wants_them_and_never_md5(
        self, lanes: ServerLanes, postgres_18: TestServer, prefix: str
    ) -> None:
        login = f"{prefix}admin"
        async with await log_in(postgres_18.address) as admin:
            await admin.execute(f"CREATE ROLE {login} LOGIN SUPERUSER PASSWORD 'x'".encode())
            await admin.execute(f"ALTER ROLE {login} SET scram_iterations = 5000")
            await admin.execute(f"ALTER ROLE {login} SET password_encryption = md5")
            address = replace(postgres_18.address, username=login, password=Secret("x"))
            engine = build_engine(InlineOffload())
            applier = Applier(engine, lanes.open("strength", engine, address, 2))
            item = Item("roles", None, prefix, DesiredRole(prefix, Attributes(login=True), login=LOGIN))
            await applier.apply(item)
            assert not await applier.plan(item)
            cursor = await admin.execute(f"SELECT rolpassword FROM pg_authid WHERE rolname = '{prefix}'".encode())
            (stored,) = await cursor.fetchone() or ("",)
        assert stored.startswith("SCRAM-SHA-256$5000:")
        await applier.lane.prove(applier.lane.address.for_login(prefix, LOGIN.password, "postgres"))
