"""Which things a manifest stands for."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DatabaseSpec
from dbaas.api.grant import DatabaseGrantSpec
from dbaas.api.user import DatabaseUserSpec
from dbaas.contracts.engine import Item, Login, References
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.blueprints import describe_database, describe_grant, describe_user
from dbaas.engines.postgres.privileges.entries import Entry, Target

SERVER = {"name": "main"}
HERE = References(database="shop", database_owner="owner", principal="app")


def database(**body: Any) -> tuple[Item, ...]:
    return describe_database(DatabaseSpec.model_validate({"instanceRef": SERVER, **body}), References())


def grant(*privileges: dict[str, Any], references: References = HERE) -> tuple[Item, ...]:
    body = {"userRef": {"name": "app"}, "databaseRef": {"name": "db"}, "privileges": list(privileges)}
    return describe_grant(DatabaseGrantSpec.model_validate(body), references)


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
    ]
    assert all(item.exclusive for item in items)
    assert needs(items[0]) == ["role 'owner'"] and needs(items[2]) == ["role 'auditor'"]


def test_public_is_looked_at_once() -> None:
    items = database(name="shop", postgres={"schemas": [{"name": "public"}]})
    (public,) = [item for item in items if item.part == "schemas"]
    assert public.desired.revoke_public and public.desired.is_wanted


def test_schemas_belong_to_the_databases_owner_if_nobody_else_is_named() -> None:
    items = database(name="shop", owner="owner", postgres={"schemas": [{"name": "audit"}]}, revokePublic=False)
    assert [item.desired.owner for item in items] == ["owner", "owner"]


def test_nothing_is_looked_for_in_a_database_that_nobody_may_enter() -> None:
    assert len(database(name="shop", postgres={"allowConnections": False})) == 1


def test_a_template_of_ones_own_must_exist() -> None:
    assert needs(database(name="shop", postgres={"template": "golden"})[0]) == ["database 'golden'"]
    assert needs(database(name="shop", postgres={"template": "template1"})[0]) == []


def test_a_user_is_a_role_with_its_login() -> None:
    login = Login(Secret("x"), "1")
    spec = DatabaseUserSpec.model_validate({"instanceRef": SERVER, "username": "app", "postgres": {"createDB": True}})
    (item,) = describe_user(spec, References(login=login))
    assert (item.part, item.name, item.exclusive) == ("roles", "app", True)
    assert item.desired.login is login and item.desired.attributes.create_db


def test_a_grant_has_one_item_per_database_and_one_for_databases_themselves() -> None:
    items = grant(
        {"on": "database", "privileges": ["CONNECT"]},
        {"on": "database", "names": ["one", "two"], "privileges": ["CONNECT"]},
        {"on": "schema", "schema": "audit", "privileges": ["USAGE"]},
        {"on": "schema", "schema": "audit", "database": "other", "privileges": ["USAGE"]},
    )
    assert [(item.part, item.database, item.name, item.exclusive) for item in items] == [
        ("databasePrivileges", None, "app", False),
        ("privileges", "other", "app", False),
        ("privileges", "shop", "app", False),
    ]
    assert needs(items[0]) == ["role 'app'", "database 'one'", "database 'shop'", "database 'two'"]
    assert needs(items[2]) == ["role 'app'", "database 'shop'", "schema 'audit' in database 'shop'"]


def test_named_tables_are_needed_and_a_star_is_not() -> None:
    (item,) = grant({"on": "table", "schema": "audit", "names": ["orders", "*"], "privileges": ["SELECT"]})
    assert needs(item)[2:] == ["schema 'audit' in database 'shop'", "table audit.orders in database 'shop'"]


def test_future_objects_are_those_of_the_databases_owner_or_of_whom_is_named() -> None:
    future = {"on": "table", "schema": "audit", "privileges": ["SELECT"], "future": True, "withGrantOption": True}
    (item,) = grant(future, {**future, "grantor": "somebody"})
    targets = {Target("table", "audit", grantor=grantor) for grantor in ("owner", "somebody")}
    assert item.desired.entries == {Entry(target, "SELECT", grantable=True) for target in targets}
    assert "role 'somebody'" in needs(item)
    (ours,) = grant(future, references=References(database="shop", principal="app"))
    assert {entry.target.grantor for entry in ours.desired.entries} == {""}


def test_a_name_that_rules_ask_for_cannot_be_missing() -> None:
    with pytest.raises(ValueError, match="missing"):
        database()
