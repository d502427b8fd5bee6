"""Which things a Database stands for."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DatabaseSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.databases import describe_database

SERVER = {"name": "main"}


def database(**body: Any) -> tuple[Item, ...]:
    return describe_database(DatabaseSpec.model_validate({"instanceRef": SERVER, **body}), References())


def needs(item: Item) -> list[str]:
    return [need.what for need in item.needs]


def test_a_database_comes_before_what_is_in_it_and_takes_it_along() -> None:
    block = {"schemas": [{"name": "audit", "owner": "auditor"}], "extensions": [{"name": "vector"}]}
    items = database(name="shop", owner="owner", postgres=block)
    assert [(item.part, item.database, item.name, item.dropped) for item in items] == [
        ("databases", None, "shop", True),
        ("schemas", "shop", "public", False),
        ("schemas", "shop", "audit", False),
        ("extensions", "shop", "vector", False),
        ("contents", "shop", "shop", False),
    ]
    assert [item.exclusive for item in items] == [True, True, True, True, False]
    assert needs(items[0]) == ["role 'owner'"] and needs(items[2]) == ["role 'auditor'"]


def test_public_is_looked_at_once() -> None:
    items = database(name="shop", postgres={"schemas": [{"name": "public"}]})
    (public,) = [item for item in items if item.part == "schemas"]
    assert public.desired.revoke_public and public.desired.is_wanted


def test_schemas_belong_to_the_databases_owner_if_nobody_else_is_named() -> None:
    items = database(name="shop", owner="owner", postgres={"schemas": [{"name": "audit"}]}, revokePublic=False)
    assert [item.desired.owner for item in items if item.part != "contents"] == ["owner", "owner"]


def test_nothing_is_looked_for_in_a_database_that_nobody_may_enter() -> None:
    assert len(database(name="shop", postgres={"allowConnections": False})) == 1


def test_a_template_of_ones_own_must_exist() -> None:
    assert needs(database(name="shop", postgres={"template": "golden"})[0]) == ["database 'golden'"]
    assert needs(database(name="shop", postgres={"template": "template1"})[0]) == []


def test_a_name_that_rules_ask_for_cannot_be_missing() -> None:
    with pytest.raises(ValueError, match="missing"):
        database()
