"""What several blueprints share."""

from __future__ import annotations

import pytest

from dbaas.engines.postgres.blueprints.parts import filled, need_database, need_role


def test_a_need_says_for_people_what_is_missing() -> None:
    assert [need_role("app").what, need_database("shop").what] == ["role 'app'", "database 'shop'"]


def test_a_name_that_rules_ask_for_cannot_be_missing() -> None:
    assert filled("shop") == "shop"
    with pytest.raises(ValueError, match="missing"):
        filled(None)
