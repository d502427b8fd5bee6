"""Borrowing a role, and names of locks."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Denied, PlanRules, ServerFacts
from dbaas.engines.postgres import statements
from dbaas.engines.postgres.catalogue import asked, borrowing, lock_inside, lock_role, refuse_own_login

FACTS = ServerFacts("18.4", 180004, "1", "us", frozenset({"createrole"}), frozenset({"friends"}))
QUERY = statements.drop_schema("audit")


def shown(*roles: str | None, facts: ServerFacts = FACTS) -> list[str]:
    run = borrowing(roles, [QUERY], PlanRules(facts), "shop", frozenset())
    return [str(statement.sql) for statement in run]


def test_roles_are_borrowed_once_and_given_back_in_reverse() -> None:
    assert shown("a", "b", "a", None) == [
        'GRANT "a" TO "us" WITH INHERIT TRUE, SET TRUE',
        'GRANT "b" TO "us" WITH INHERIT TRUE, SET TRUE',
        'DROP SCHEMA "audit"',
        'REVOKE "b" FROM "us"',
        'REVOKE "a" FROM "us"',
    ]


@pytest.mark.parametrize("role", ["us", "friends", None])
def test_what_we_may_do_anyway_is_not_borrowed(role: str | None) -> None:
    assert shown(role) == ['DROP SCHEMA "audit"']


def test_a_superuser_borrows_nothing() -> None:
    facts = ServerFacts("18.4", 180004, "1", "us", frozenset({"superuser"}))
    assert shown("a", facts=facts) == ['DROP SCHEMA "audit"']


def test_all_of_it_is_one_transaction_that_locks_the_borrowed_role() -> None:
    run = borrowing(["a"], [QUERY], PlanRules(FACTS), "shop", lock_inside("shop", "audit"))
    assert {(s.database, s.transactional, s.run_as) for s in run} == {("shop", True, None)}
    assert all(s.locks == lock_inside("shop", "audit") | lock_role("a") for s in run)


def test_our_own_login_is_refused() -> None:
    refuse_own_login("app", PlanRules(FACTS))
    with pytest.raises(Denied, match="'us' is the login"):
        refuse_own_login("us", PlanRules(FACTS))


def test_nobody_is_asked_for_by_an_empty_list_and_everybody_by_none() -> None:
    assert asked([]) == {"all": False, "names": []}
    assert asked(None) == {"all": True, "names": []}
