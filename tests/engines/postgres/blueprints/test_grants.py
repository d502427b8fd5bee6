"""Which things a DatabaseGrant stands for."""

from __future__ import annotations

from typing import Any

from dbaas.api.grant import DatabaseGrantSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.grants import describe_grant
from dbaas.engines.postgres.privileges.entries import Entry, Target

HERE = References(database="shop", database_owner="owner", principal="app")


def grant(*privileges: dict[str, Any], references: References = HERE) -> tuple[Item, ...]:
    body = {"userRef": {"name": "app"}, "databaseRef": {"name": "db"}, "privileges": list(privileges)}
    return describe_grant(DatabaseGrantSpec.model_validate(body), references)


def needs(item: Item) -> list[str]:
    return [need.what for need in item.needs]


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
