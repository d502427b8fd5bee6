"""What several blueprints share."""

from __future__ import annotations

import pytest

from dbaas.engines.postgres.blueprints.parts import filled, need_database, need_role, need_schema


def test_a_need_says_for_people_what_is_missing() -> None:
    assert [need_role("app").what, need_database("shop").what] == ["role 'app'", "database 'shop'"]


def test_what_postgresql_makes_itself_is_there_from_the_beginning() -> None:
    given = need_role("pg_monitor"), need_role("postgres"), need_database("template1"), need_schema("shop", "public")
    assert all(need.is_given for need in given)
    made = need_role("app"), need_role("pgbouncer"), need_database("shop"), need_schema("shop", "sales")
    assert not any(need.is_given for need in made)


def test_a_name_that_rules_ask_for_cannot_be_missing() -> None:
    assert filled("shop") == "shop"
    with pytest.raises(ValueError, match="missing"):
        filled(None)
