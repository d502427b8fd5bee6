"""From what is written to single privileges on single objects."""

from __future__ import annotations

from dataclasses import replace

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.engines.postgres.privileges.entries import PUBLIC, Entry, Target
from dbaas.engines.postgres.privileges.expansion import Facts, expand, held_by_default, impossible
from dbaas.engines.postgres.privileges.holdings import Inventory, Place, Routine

TABLES, FUNCTIONS = Place("table", "sales"), Place("function", "sales")
ORDERS, ITEMS = Target("table", "sales", "orders"), Target("table", "sales", "items")
INVENTORY = Inventory(
    objects={
        TABLES: {"orders": "owner", "items": "other"},
        FUNCTIONS: {"f(integer)": "owner", "f(text)": "owner", "g()": "owner"},
    },
    untouched=frozenset({(FUNCTIONS, "g()")}),
    routines={FUNCTIONS: {"f(integer)": Routine("f", ()), "f(text)": Routine("f", ()), "g()": Routine("g")}},
    givers={(ORDERS, "SELECT"): frozenset({"giver"})},
    agents={"owner": frozenset({"agent"})},
    superusers=frozenset({"postgres"}),
)
OLD = ServerFacts("13.2", 130002, "1", "postgres", frozenset({"superuser"}))
NEW = ServerFacts("18.1", 180001, "1", "postgres", frozenset({"superuser"}))
FACTS = Facts("app", "shop", INVENTORY, PlanRules(NEW))


def by(grantor: str, target: Target = ORDERS, privilege: str = "SELECT") -> set[Entry]:
    return set(expand([Entry(replace(target, grantor=grantor), privilege)], FACTS))


def test_what_is_given_with_the_owners_rights_counts_as_the_owners() -> None:
    for grantor in ("owner", "agent", "postgres"):
        assert by(grantor) == {Entry(ORDERS, "SELECT")}
    assert by("giver") == {Entry(replace(ORDERS, grantor="giver"), "SELECT")}


def test_all_there_are_by_a_grantor_are_all_that_the_grantor_may_give() -> None:
    every = Target("table", "sales", "*")
    assert by("owner", every) == {Entry(ORDERS, "SELECT")}
    assert by("giver", every) == {Entry(replace(ORDERS, grantor="giver"), "SELECT")}
    assert by("giver", every, "INSERT") == set()


def test_a_routine_is_meant_by_its_name_where_it_is_the_only_one() -> None:
    assert {entry.target.name for entry in expand([Entry(Target("function", "sales", "g"), "EXECUTE")], FACTS)} == {
        "g()"
    }
    several = Entry(Target("function", "sales", "f"), "EXECUTE")
    assert not list(expand([several], FACTS))
    (change,) = impossible([several], FACTS)
    assert change.immutable and change.why == "there are 2 of that name, write which: f(integer), f(text)"


def test_what_a_version_lacks_is_refused_with_that_reason() -> None:
    old = replace(FACTS, rules=PlanRules(OLD))
    lacking = {
        Entry(Target("parameter", name="work_mem"), "SET"): "PostgreSQL 13.2 has no privileges on parameters",
        Entry(ORDERS, "MAINTAIN"): "PostgreSQL 13.2 has no privilege MAINTAIN on a table",
        Entry(Target("largeObject", grantor="owner"), "SELECT"): (
            "PostgreSQL 13.2 has no default privileges on largeObjects"
        ),
    }
    for entry, why in lacking.items():
        assert [change.why for change in impossible([entry], old)] == [why]
        assert [change.why for change in impossible([replace(entry, grantable=True)], old)] == [why]
        assert not list(expand([entry], old)) and not list(impossible([entry], FACTS))


def test_everybody_holds_what_new_objects_come_with() -> None:
    everybody = replace(FACTS, principal=PUBLIC)
    untouched, touched = Target("function", "sales", "g()"), Target("function", "sales", "f(text)")
    assert set(held_by_default([untouched, touched], everybody)) == {Entry(untouched, "EXECUTE")}
    assert not list(held_by_default([untouched], FACTS))
    future = Target("type", grantor="owner")
    assert set(held_by_default([future, replace(future, schema="sales")], everybody)) == {Entry(future, "USAGE")}
    stated = replace(INVENTORY, defaults=frozenset({("type", "", "owner")}))
    assert not list(held_by_default([future], replace(everybody, inventory=stated)))
