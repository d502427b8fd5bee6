"""Extensions: plans from values alone, and a missing one on a real server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.contracts.engine import EngineError, Item, PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.extensions import (
    AvailableExtension,
    DesiredExtension,
    Extensions,
    Observed,
    ObservedExtension,
)
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier
from fixtures.postgres import TestServer

RULES = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
NOTHING: frozenset[str] = frozenset()
OBSERVED = ObservedExtension("shop", "vector", "public", "0.7.0", "postgres")


def plan(desired: DesiredExtension | None, observed: Observed | None, owned: frozenset[str] = NOTHING) -> Plan:
    return Extensions().plan(desired, observed, owned, NOTHING, RULES)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_an_extension_never_lands_in_the_system_catalogue() -> None:
    assert shown(plan(DesiredExtension("shop", "vector"), None)) == ['CREATE EXTENSION "vector" SCHEMA "public"']


def test_whatever_schema_and_version_it_has_is_right_if_none_is_said() -> None:
    assert not plan(DesiredExtension("shop", "vector"), OBSERVED)


def test_schema_and_version_are_changed_in_place() -> None:
    assert shown(plan(DesiredExtension("shop", "vector", "ext", "0.8.0"), OBSERVED)) == [
        'ALTER EXTENSION "vector" SET SCHEMA "ext"',
        "ALTER EXTENSION \"vector\" UPDATE TO '0.8.0'",
    ]


def test_a_schema_that_cannot_be_changed_is_only_reported() -> None:
    (change,) = plan(DesiredExtension("shop", "vector", "ext"), replace(OBSERVED, is_relocatable=False)).changes
    assert change.immutable and not change.statements and change.field == "postgres.extensions[vector].schema"


def test_a_guest_of_the_server_gets_only_versions_that_are_trusted() -> None:
    rules, available = replace(RULES, is_guest=True), AvailableExtension("hstore", "1.8", frozenset({"1.8"}))
    (made,) = Extensions().plan(DesiredExtension("shop", "hstore"), available, NOTHING, NOTHING, rules).changes
    assert [str(statement.sql) for statement in made.statements] == ['CREATE EXTENSION "hstore" SCHEMA "public"']
    old = DesiredExtension("shop", "hstore", version="1.3")
    (refused,) = Extensions().plan(old, available, NOTHING, NOTHING, rules).changes
    assert refused.immutable and not refused.statements and "spec.tenancy.privilegedAttributes" in refused.why
    assert Extensions().plan(old, available, NOTHING, NOTHING, RULES).statements


def test_a_guest_of_the_server_updates_only_to_versions_that_are_trusted() -> None:
    guest, wish = replace(RULES, is_guest=True), DesiredExtension("shop", "vector", version="0.8.0")
    safe = replace(OBSERVED, trusted=frozenset({"0.8.0"}))
    (made,) = Extensions().plan(wish, safe, NOTHING, NOTHING, guest).changes
    assert [str(statement.sql) for statement in made.statements] == ["ALTER EXTENSION \"vector\" UPDATE TO '0.8.0'"]
    (refused,) = Extensions().plan(wish, OBSERVED, NOTHING, NOTHING, guest).changes
    assert refused.immutable and not refused.statements and refused.field == "postgres.extensions[vector].version"
    assert "'vector' 0.8.0 is not marked as trusted" in refused.why and "could take the whole server" in refused.why
    assert Extensions().plan(wish, OBSERVED, NOTHING, NOTHING, RULES).statements


def test_one_that_is_not_there_and_not_wanted_needs_nothing() -> None:
    assert not plan(None, AvailableExtension("hstore", "1.8"), frozenset({"hstore"}))


def test_what_depends_on_an_extension_goes_with_it_only_if_that_is_said() -> None:
    rules = replace(RULES, cascade=True)
    dropping = Extensions().plan(None, OBSERVED, frozenset({"vector"}), NOTHING, rules)
    assert shown(dropping) == ['DROP EXTENSION "vector" CASCADE']


def test_an_extension_that_leaves_the_manifest_is_dropped_if_it_was_ours() -> None:
    assert not plan(None, OBSERVED)
    (change,) = plan(None, OBSERVED, frozenset({"vector"})).changes
    assert change.destructive and [str(s.sql) for s in change.statements] == ['DROP EXTENSION "vector"']


@pytest.mark.real_server
async def test_an_extension_that_the_server_does_not_have_is_refused_with_the_reason(
    lanes: ServerLanes, postgres: TestServer, prefix: str
) -> None:
    engine = build_engine(InlineOffload())
    applier = Applier(engine, lanes.open("extensions", engine, postgres.address, 2))
    await applier.apply(Item("databases", None, prefix, DesiredDatabase(prefix)))
    with pytest.raises(EngineError, match='extension "postgis" is not available') as caught:
        await applier.apply(Item("extensions", prefix, "postgis", DesiredExtension(prefix, "postgis")))
    assert caught.value.reason == "NotSupported"
