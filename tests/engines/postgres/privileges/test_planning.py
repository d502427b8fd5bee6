"""The least difference, from values alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.contracts.engine import PlanRules, ServerFacts
from dbaas.contracts.statement import Plan
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, Entry, Target, key_of, with_implied
from dbaas.engines.postgres.privileges.granting import MOST_NAMES
from dbaas.engines.postgres.privileges.holdings import Inventory, ObservedPrivileges, Place
from dbaas.engines.postgres.privileges.planning import plan_privileges

RULES = PlanRules(ServerFacts("18.4", 180004, "1", "postgres", frozenset({"superuser"})))
OLD = PlanRules(ServerFacts("16.1", 160001, "1", "postgres", frozenset({"superuser"})))
NOTHING: frozenset[str] = frozenset()
TABLES = dict.fromkeys(("items", "orders"), "owner")
INVENTORY = Inventory({Place("schema", ""): {"sales": "owner"}, Place("table", "sales"): TABLES})
SALES = Target("schema", name="sales")
ORDERS, ITEMS, EVERY = (Target("table", "sales", name) for name in ("orders", "items", "*"))
FUTURE = Target("table", "sales", grantor="owner")


def plan(
    desired: set[Entry] | None, held: set[Entry], owned: set[Entry] = frozenset(), claims: set[Entry] = frozenset(),  # type: ignore[assignment]
    rules: PlanRules = RULES,
) -> Plan:  # fmt: skip
    wanted = None if desired is None else DesiredPrivileges("app", frozenset(desired), "shop")
    observed = ObservedPrivileges("app", frozenset(with_implied(held)), INVENTORY, "shop")
    applied, claimed = (frozenset(map(key_of, with_implied(entries))) for entries in (owned, claims))
    return plan_privileges(wanted, observed, applied, claimed, rules)


def shown(plan: Plan) -> list[str]:
    return [str(statement.sql) for statement in plan.statements]


def test_only_what_is_missing_is_granted() -> None:
    wanted = {Entry(ORDERS, "SELECT"), Entry(ORDERS, "INSERT"), Entry(SALES, "USAGE")}
    assert shown(plan(wanted, {Entry(ORDERS, "SELECT")})) == [
        'GRANT USAGE ON SCHEMA "sales" TO "app"',
        'GRANT INSERT ON TABLE "sales"."orders" TO "app"',
    ]


def test_what_nobody_listed_is_left_alone() -> None:
    assert not plan({Entry(SALES, "USAGE")}, {Entry(SALES, "USAGE"), Entry(SALES, "CREATE"), Entry(ORDERS, "SELECT")})


@pytest.mark.parametrize("memberships", [{"creators"}, {"creators", "root"}])
def test_what_takes_the_rights_of_a_superuser_is_refused_unless_our_login_has_them(memberships: set[str]) -> None:
    server = ServerFacts("13.2", 130002, "1", "admin", frozenset({"createrole"}), memberships=frozenset(memberships))
    objects = {Place("schema", ""): {"public": "root"}, Place("table", "sales"): {"items": "admin"}}
    inventory = Inventory(objects, superusers=frozenset({"root"}))
    public = Entry(Target("schema", name="public"), "USAGE", grantable=True)
    desired = DesiredPrivileges("app", frozenset({public, Entry(ITEMS, "SELECT")}), "shop")
    observed = ObservedPrivileges("app", frozenset(), inventory, "shop")
    changes = plan_privileges(desired, observed, NOTHING, NOTHING, PlanRules(server)).changes
    sent = [str(statement.sql) for change in changes for statement in change.statements]
    assert 'GRANT SELECT ON TABLE "sales"."items" TO "app"' in sent
    refused = [(change.field, change.expected, change.why) for change in changes if change.immutable]
    if "root" in memberships:
        assert not refused and any("public" in text for text in sent)
        return
    why = (
        "it takes the rights of root, a superuser, which our login cannot have: let a superuser grant it, or leave it "
        "out"
    )
    assert refused == [("privileges[schema public]", "USAGE with grant option", why)] and len(sent) == 1


def test_what_a_superuser_gave_is_told_when_it_cannot_be_taken_and_never_left_behind_in_silence() -> None:
    server = ServerFacts("16.1", 160001, "1", "admin", frozenset({"createrole"}))
    inventory = Inventory({Place("schema", ""): {"public": "root"}}, superusers=frozenset({"root"}))
    usage, rules = Entry(Target("schema", name="public"), "USAGE"), PlanRules(server)
    observed, owned = ObservedPrivileges("app", frozenset({usage}), inventory, "shop"), frozenset({key_of(usage)})
    desired = DesiredPrivileges("app", frozenset(), "shop")
    (told,) = plan_privileges(desired, observed, owned, NOTHING, rules).changes
    assert (told.expected, told.actual, told.immutable, told.statements) == (None, "USAGE", True, ())
    assert told.why.endswith("let a superuser revoke it, or put it back into the manifest")
    (taken,) = plan_privileges(None, observed, owned, NOTHING, rules).changes
    assert any("REVOKE USAGE" in str(statement.sql) for statement in taken.statements), "the server says why not"


def test_what_leaves_the_list_is_revoked() -> None:
    owned = {Entry(ORDERS, "SELECT"), Entry(ORDERS, "INSERT"), Entry(FUTURE, "SELECT")}
    assert shown(plan({Entry(ORDERS, "SELECT")}, owned, owned)) == [
        'ALTER DEFAULT PRIVILEGES FOR ROLE "owner" IN SCHEMA "sales" REVOKE SELECT ON TABLES FROM "app"',
        'REVOKE INSERT ON TABLE "sales"."orders" FROM "app"',
    ]


def test_what_another_object_wants_too_is_kept() -> None:
    owned = {Entry(ORDERS, "SELECT"), Entry(ITEMS, "SELECT")}
    assert shown(plan(None, owned, owned, {Entry(ORDERS, "SELECT")})) == [
        'REVOKE SELECT ON TABLE "sales"."items" FROM "app"'
    ]
    assert not plan(None, owned, owned, {Entry(EVERY, "SELECT")})


def test_a_star_stands_for_all_there_are() -> None:
    assert shown(plan({Entry(EVERY, "SELECT")}, {Entry(ORDERS, "SELECT")})) == [
        'GRANT SELECT ON TABLE "sales"."items" TO "app"'
    ]
    (change,) = plan({Entry(EVERY, "SELECT")}, set()).changes
    assert (change.field, change.expected, change.actual) == ("privileges[table sales.items, orders]", "SELECT", None)


def test_many_tables_take_few_statements() -> None:
    inventory = Inventory({Place("table", "sales"): {f"t{number:04}": "owner" for number in range(2 * MOST_NAMES + 1)}})
    observed = ObservedPrivileges("app", frozenset(), inventory, "shop")
    desired = DesiredPrivileges("app", frozenset({Entry(EVERY, "SELECT")}), "shop")
    changes = plan_privileges(desired, observed, NOTHING, NOTHING, RULES).changes
    assert len(changes) == 3
    assert changes[0].field == "privileges[table sales.t0000, t0001, t0002 and 197 more]"


def test_the_grant_option_is_given_and_taken_apart() -> None:
    plain, option = Entry(SALES, "USAGE"), Entry(SALES, "USAGE", grantable=True)
    assert shown(plan({option}, set())) == ['GRANT USAGE ON SCHEMA "sales" TO "app" WITH GRANT OPTION']
    assert shown(plan({option}, {plain})) == ['GRANT USAGE ON SCHEMA "sales" TO "app" WITH GRANT OPTION']
    assert shown(plan({plain}, {option}, {option})) == ['REVOKE GRANT OPTION FOR USAGE ON SCHEMA "sales" FROM "app"']
    assert shown(plan(None, {option}, {option})) == ['REVOKE USAGE ON SCHEMA "sales" FROM "app"']


def test_all_stands_for_what_the_version_has() -> None:
    assert "MAINTAIN" in shown(plan({Entry(ORDERS, "ALL")}, set()))[0]
    assert "MAINTAIN" not in shown(plan({Entry(ORDERS, "ALL")}, set(), rules=OLD))[0]


def test_a_privilege_that_the_version_does_not_have_is_reported_and_not_sent() -> None:
    (change,) = plan({Entry(ORDERS, "MAINTAIN")}, set(), rules=OLD).changes
    assert change.immutable and not change.statements
    assert change.why == "PostgreSQL 16.1 has no privilege MAINTAIN on a table"


def test_owners_need_nothing_on_what_is_theirs() -> None:
    desired = DesiredPrivileges(
        "owner", frozenset({Entry(EVERY, "ALL"), Entry(SALES, "ALL"), Entry(FUTURE, "ALL")}), "shop"
    )
    observed = ObservedPrivileges("owner", frozenset(), INVENTORY, "shop")
    assert not plan_privileges(desired, observed, NOTHING, NOTHING, RULES)


def test_without_a_grantor_it_is_our_own_future_objects() -> None:
    assert shown(plan({Entry(Target("sequence", "sales", grantor=""), "USAGE")}, set())) == [
        'ALTER DEFAULT PRIVILEGES FOR ROLE "postgres" IN SCHEMA "sales" GRANT USAGE ON SEQUENCES TO "app"'
    ]


def test_in_a_database_that_is_still_to_be_made_all_is_granted() -> None:
    desired = DesiredPrivileges("app", frozenset({Entry(SALES, "USAGE"), Entry(EVERY, "SELECT")}), "shop")
    assert shown(plan_privileges(desired, None, NOTHING, NOTHING, RULES)) == ['GRANT USAGE ON SCHEMA "sales" TO "app"']
    assert not plan_privileges(None, None, frozenset({"x"}), NOTHING, RULES)


@pytest.mark.parametrize("entry", [Entry(ORDERS, "SELECT"), Entry(SALES, "USAGE"), Entry(FUTURE, "SELECT")])
def test_statements_know_their_database_and_what_they_lock(entry: Entry) -> None:
    (statement,) = plan({entry}, set()).statements
    assert statement.database == "shop" and statement.locks and statement.transactional


SETS = st.sets(
    st.builds(
        Entry, st.sampled_from([ORDERS, ITEMS, EVERY, FUTURE]), st.sampled_from(["SELECT", "ALL"]), st.booleans()
    ),
    max_size=6,
)


@given(SETS, SETS)
def test_what_is_claimed_is_never_revoked(owned: set[Entry], claims: set[Entry]) -> None:
    held = {Entry(target, "SELECT", grantable=True) for target in (ORDERS, ITEMS, FUTURE)}
    assert not plan(None, held, owned, owned | claims)
