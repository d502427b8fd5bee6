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


def block(**given: Any) -> tuple[Item, ...]:
    body = {"userRef": {"name": "app"}, "postgres": given}
    return describe_grant(DatabaseGrantSpec.model_validate(body), References(principal="app"))


def entries(*items: Item) -> list[str]:
    return sorted(f"{entry.target}: {entry.privilege}" for item in items for entry in item.desired.entries)


def test_the_block_stands_for_what_it_lists_and_nothing_else() -> None:
    assert entries(*block(grants=[{"database": "shop", "privileges": ["CONNECT", "TEMP"]}])) == [
        "database shop: CONNECT", "database shop: TEMP"
    ]  # fmt: skip
    assert entries(*block(grants=[{"database": "shop", "schema": "s", "privileges": ["CREATE"]}])) == [
        "schema s: CREATE"
    ]
    mixed = {"database": "shop", "schema": "s", "tables": ["*"], "sequences": ["n"], "privileges": ["SELECT", "USAGE"]}
    assert entries(*block(grants=[mixed])) == ["sequence s.n: SELECT", "sequence s.n: USAGE", "table s.*: SELECT"]


def test_default_privileges_of_the_block_are_future_ones() -> None:
    default = {"database": "shop", "schema": "s", "grantedBy": "o", "objectType": "functions",
               "privileges": ["EXECUTE"]}  # fmt: skip
    (item,) = block(defaultPrivileges=[default])
    assert item.desired.entries == {Entry(Target("function", "s", grantor="o"), "EXECUTE")}


def test_roles_of_the_block_are_memberships() -> None:
    (item,) = block(roles=["readers", "writers"])
    assert (item.part, item.name, item.exclusive) == ("memberships", "app", False)
    assert [membership.role for membership in item.desired.memberships] == ["readers", "writers"]
    assert needs(item) == ["role 'app'", "role 'readers'", "role 'writers'"]


def test_everybody_and_exactness_reach_the_items() -> None:
    body = {"public": True, "exact": True, "databaseRef": {"name": "db"},
            "privileges": [{"on": "schema", "schema": "s", "privileges": ["USAGE"]}]}  # fmt: skip
    (item,) = describe_grant(DatabaseGrantSpec.model_validate(body), References(database="shop"))
    assert item.name == "public" and item.desired.exact
