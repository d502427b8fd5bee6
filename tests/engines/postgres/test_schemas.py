"""Schemas: plans from values alone."""

from __future__ import annotations

from dataclasses import replace

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.engines.postgres.schemas import DesiredSchema, ObservedSchema, Schemas

RULES = PlanRules(ServerFacts("14.9", 140009, "1", "postgres", frozenset({"superuser"})))
NOTHING: frozenset[str] = frozenset()
PUBLIC = DesiredSchema("shop", "public", is_wanted=False, revoke_public=True)
OBSERVED = ObservedSchema("shop", "public", "postgres", "postgres", True, False)


def plan(desired: DesiredSchema | None, observed: ObservedSchema | None, owned: frozenset[str] = NOTHING) -> Plan:
    return Schemas().plan(desired, observed, owned, NOTHING, RULES)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_a_schema_is_made_with_its_owner_in_its_database() -> None:
    made = plan(DesiredSchema("shop", "sales", "owner"), None)
    assert shown(made) == ['CREATE SCHEMA "sales" AUTHORIZATION "owner"']
    assert {statement.database for statement in made.statements} == {"shop"}


def test_everybody_loses_create_on_public() -> None:
    closing = plan(PUBLIC, OBSERVED)
    assert shown(closing) == ['REVOKE CREATE ON SCHEMA "public" FROM PUBLIC']
    assert not closing.changes[0].destructive


def test_closing_a_superusers_schema_is_refused_unless_our_login_is_one_or_acts_as_it() -> None:
    before_15 = replace(OBSERVED, is_of_superuser=True)
    server = replace(RULES.server, login="admin", capabilities=frozenset({"createdb", "createrole"}))
    (change,) = Schemas().plan(PUBLIC, before_15, NOTHING, NOTHING, PlanRules(server)).changes
    assert change.immutable and not change.statements
    assert change.why == (
        "schema public of database 'shop' belongs to postgres, a superuser, and our login is none: let a superuser run "
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC there, or set revokePublic to false"
    )
    member = PlanRules(replace(server, memberships=frozenset({"postgres"})))
    for rules in (RULES, member):
        assert shown(Schemas().plan(PUBLIC, before_15, NOTHING, NOTHING, rules)) == shown(plan(PUBLIC, OBSERVED))


def test_closing_a_schema_that_is_in_use_is_destructive() -> None:
    assert plan(PUBLIC, replace(OBSERVED, is_used=True)).changes[0].destructive


def test_a_public_schema_that_somebody_dropped_is_not_made_again() -> None:
    assert not plan(PUBLIC, None)


def test_a_schema_that_leaves_the_manifest_is_dropped_if_it_was_ours() -> None:
    sales = replace(OBSERVED, name="sales")
    assert not plan(None, sales)
    dropping = plan(None, sales, Schemas().keys(DesiredSchema("shop", "sales")))
    assert shown(dropping) == ['DROP SCHEMA "sales"']
    assert dropping.changes[0].destructive


def test_a_schema_is_given_to_its_owner() -> None:
    (change,) = plan(DesiredSchema("shop", "sales", "owner"), replace(OBSERVED, name="sales", owner="app")).changes
    assert (change.field, change.expected, change.actual) == ("postgres.schemas[sales].owner", "owner", "app")
    assert change.destructive
