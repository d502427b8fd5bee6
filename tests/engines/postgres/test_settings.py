"""Parameters of sessions: plans from values alone, and what real servers make of them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dbaas.contracts.engine import Item, PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.settings import DesiredSettings, ObservedSettings, Setting, Settings, read_value
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import TestServer, log_in

RULES = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
NOTHING: frozenset[str] = frozenset()
MEMORY = Setting(None, "work_mem", "64MB")


def plan(
    desired: DesiredSettings | None, observed: ObservedSettings | None = None, owned: frozenset[str] = NOTHING
) -> Plan:
    return Settings().plan(desired, observed, owned, NOTHING, RULES)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_each_parameter_is_a_change_of_its_own() -> None:
    wanted = (MEMORY, Setting("shop", "app.tenant", "7"), Setting(None, "role", "Staff"))
    changes = plan(DesiredSettings("app", wanted)).changes
    assert [change.field for change in changes] == [
        "postgres.configParameters.work_mem",
        "postgres.databaseConfigParameters[shop].app.tenant",
        "postgres.defaultRole",
    ]
    assert [str(change.statements[0].sql) for change in changes] == [
        'ALTER ROLE "app" SET "work_mem" TO \'64MB\'',
        'ALTER ROLE "app" IN DATABASE "shop" SET "app"."tenant" TO \'7\'',
        'ALTER ROLE "app" SET "role" TO \'Staff\'',
    ]


def test_only_what_was_set_here_is_reset() -> None:
    observed = ObservedSettings("app", {(None, "work_mem"): "64MB", (None, "jit"): "off", ("shop", "jit"): "on"})
    owned = Settings().keys(DesiredSettings("app", (MEMORY, Setting("shop", "JIT", "on"))))
    assert sorted(shown(plan(None, observed, owned))) == [
        'ALTER ROLE "app" IN DATABASE "shop" RESET "jit"',
        'ALTER ROLE "app" RESET "work_mem"',
    ]
    assert not plan(DesiredSettings("app"), observed)


def test_names_are_the_same_in_any_letters() -> None:
    observed = ObservedSettings("app", {(None, "timezone"): "UTC"})
    assert not plan(DesiredSettings("app", (Setting(None, "TimeZone", "UTC"),)), observed)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("app, Public", ("app", "public")), ('"$user", "My ""own"""', ("$user", 'My "own"')), ("", ("",)),
        ('""', ("",)), ('"a, b" ,c', ("a, b", "c")),
    ],
)  # fmt: skip
def test_a_list_is_read_name_by_name(text: str, names: tuple[str, ...]) -> None:
    assert read_value("search_path", text) == names


@given(st.text())
def test_any_text_can_be_read_as_a_list(text: str) -> None:
    assert read_value("search_path", text)


class TestOnAServer:
    pytestmark = pytest.mark.real_server

    @pytest.fixture
    def applier(self, lanes: ServerLanes, postgres: TestServer) -> Applier:
        engine = build_engine(InlineOffload())
        return Applier(engine, lanes.open("settings", engine, postgres.address, 2))

    @pytest.fixture
    async def role(self, postgres: TestServer, prefix: str) -> AsyncIterator[str]:
        async with await log_in(postgres.address) as admin:
            await admin.execute(f"CREATE ROLE {prefix}")
        yield prefix

    async def test_what_is_set_is_observed_as_it_was_stated_and_reset_when_it_leaves(
        self, applier: Applier, role: str
    ) -> None:
        wanted = (
            MEMORY, Setting("postgres", "app.Tenant", "it's \\ %s"),
            Setting(None, "search_path", 'app, "My ""own"" x"'),
            Setting("postgres", "search_path", ""), Setting(None, "DateStyle", "ISO, MDY"), Setting(None, "role", role),
        )  # fmt: skip
        item = Item("settings", None, role, DesiredSettings(role, wanted))
        await applier.apply(item)
        assert not await applier.plan(item, owned=applier.keys(item))
        fewer = Item("settings", None, role, DesiredSettings(role, wanted[:1]))
        assert len((await applier.apply(fewer, owned=applier.keys(item))).changes) == 5
        observed = (await applier.lane.observe("settings", None, [role]))[role]
        assert observed.values == {(None, "work_mem"): "64MB"}

    @settings(
        max_examples=40, deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )  # fmt: skip
    @given(value=st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=60))
    async def test_no_value_is_more_than_a_value(self, applier: Applier, role: str, value: str) -> None:
        item = Item("settings", None, role, DesiredSettings(role, (Setting(None, "app.note", value),)))
        await applier.apply(item)
        assert not await applier.plan(item, owned=applier.keys(item))

    async def test_a_session_begins_with_them(self, applier: Applier, role: str, postgres: TestServer) -> None:
        item = Item("settings", None, role, DesiredSettings(role, (Setting(None, "app.note", "remember"),)))
        await applier.apply(item)
        async with await log_in(postgres.address) as admin:
            await admin.execute(f"ALTER ROLE {role} LOGIN PASSWORD 'x'")
        connection = await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=postgres.port, user=role, password="x", dbname="postgres"
        )
        async with connection:
            row = await (await connection.execute("SHOW app.note")).fetchone()
        assert row == ("remember",)
