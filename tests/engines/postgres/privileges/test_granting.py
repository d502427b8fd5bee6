"""From entries to statements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.engines.postgres.privileges.entries import PUBLIC, Entry, Target
from dbaas.engines.postgres.privileges.expansion import Facts
from dbaas.engines.postgres.privileges.granting import group_entries, run_group, tell_privileges
from dbaas.engines.postgres.privileges.holdings import Inventory, Place, Routine

FUNCTIONS = Place("function", "sales")
INT4 = ("pg_catalog", "int4")
ORDERS = Target("table", "sales", "orders")
INVENTORY = Inventory(
    objects={Place("table", "sales"): {"orders": "owner"}, FUNCTIONS: {"f(integer)": "owner", "f()": "owner"}},
    routines={FUNCTIONS: {"f(integer)": Routine("f", (INT4,)), "f()": Routine("f", ()), "g()": Routine("g")}},
)
ADMIN = ServerFacts("18.1", 180001, "1", "postgres", frozenset({"superuser"}))
GUEST = replace(ADMIN, login="admin", capabilities=frozenset({"createrole"}))
FACTS = Facts("app", "shop", INVENTORY, PlanRules(ADMIN))


def shown(*entries: Entry, facts: Facts = FACTS, gives: bool = True) -> list[str]:
    groups = group_entries(entries, facts, gives=gives)
    return [str(s.sql) for group, targets in groups.items() for s in run_group(group, targets, facts, gives=gives)]


@pytest.mark.parametrize(
    ("target", "privilege", "expected"),
    [
        (Target("column", "sales", "orders", None, "a"), "SELECT", 'SELECT ("a") ON TABLE "sales"."orders"'),
        (Target("function", "sales", "f(integer)"), "EXECUTE", 'EXECUTE ON FUNCTION "sales"."f"("pg_catalog"."int4")'),
        (Target("function", "sales", "f()"), "EXECUTE", 'EXECUTE ON FUNCTION "sales"."f"()'),
        (Target("foreignDataWrapper", "", "fdw"), "USAGE", 'USAGE ON FOREIGN DATA WRAPPER "fdw"'),
        (Target("foreignServer", "", "srv"), "USAGE", 'USAGE ON FOREIGN SERVER "srv"'),
        (Target("largeObject", "", "42"), "UPDATE", "UPDATE ON LARGE OBJECT 42"),
        (Target("parameter", "", "my.own"), "ALTER SYSTEM", 'ALTER SYSTEM ON PARAMETER "my"."own"'),
        (Target("largeObject", grantor="owner"), "SELECT", "SELECT ON LARGE OBJECTS"),
    ],
)
def test_each_type_has_its_words(target: Target, privilege: str, expected: str) -> None:
    (statement,) = shown(Entry(target, privilege))
    assert statement.endswith(f'GRANT {expected} TO "app"')
    (revoking,) = shown(Entry(target, privilege), gives=False)
    assert revoking.endswith(f'REVOKE {expected} FROM "app"')


def test_columns_of_a_table_share_a_statement() -> None:
    entries = [Entry(Target("column", "sales", "orders", None, name), "SELECT") for name in ("a", "b")]
    assert shown(*entries) == ['GRANT SELECT ("a", "b") ON TABLE "sales"."orders" TO "app"']


def test_everybody_is_a_word_and_no_name() -> None:
    assert shown(Entry(ORDERS, "SELECT"), facts=replace(FACTS, principal=PUBLIC))[0].endswith(" TO PUBLIC")


def test_a_named_grantor_gives_it_itself() -> None:
    entry = Entry(replace(ORDERS, grantor="giver"), "SELECT")
    given = 'GRANT SELECT ON TABLE "sales"."orders" TO "app"'
    assert shown(entry) == ['SET LOCAL ROLE "giver"', given, "SET LOCAL ROLE NONE"]
    borrowed = shown(entry, facts=replace(FACTS, rules=PlanRules(GUEST)))
    assert borrowed[1:-1] == shown(entry) and borrowed[-1] == 'REVOKE "giver" FROM "admin"'


def test_our_own_right_to_give_it_on_is_not_taken_for_the_owners() -> None:
    """The server takes the right of whoever asks before that of a role that it is a member of."""
    lent = replace(INVENTORY, givers={(ORDERS, "SELECT"): frozenset({"admin"})})
    facts = replace(FACTS, inventory=lent, rules=PlanRules(GUEST))
    assert 'SET LOCAL ROLE "owner"' in shown(Entry(ORDERS, "SELECT"), facts=facts)
    assert 'SET LOCAL ROLE "owner"' not in shown(Entry(ORDERS, "INSERT"), facts=facts)


def test_nothing_is_sent_for_a_routine_that_is_not_there_or_where_nothing_is_known() -> None:
    assert shown(Entry(Target("function", "sales", "missing"), "EXECUTE")) == []
    assert shown(Entry(ORDERS, "SELECT"), facts=replace(FACTS, is_blind=True)) == []


def test_privileges_are_told_with_their_option() -> None:
    ((group, _),) = group_entries([Entry(ORDERS, "SELECT", grantable=True)], FACTS, gives=True).items()
    assert tell_privileges(group, gives=True) == "SELECT with grant option"
    assert tell_privileges(group, gives=False) == "grant option for SELECT"
