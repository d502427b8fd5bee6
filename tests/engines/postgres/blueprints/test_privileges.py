"""From items to what one principal holds."""

from __future__ import annotations

from typing import Any

from dbaas.api.grant import Privilege
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.privileges import describe_privileges
from dbaas.engines.postgres.privileges.entries import PUBLIC, Entry, Target

HERE = References(database="shop", database_owner="owner")


def describe(*items: dict[str, Any], principal: str = "app", references: References = HERE) -> tuple[Item, ...]:
    return describe_privileges(map(Privilege.model_validate, items), principal, references)


def test_what_is_on_the_server_inside_and_large_objects_are_apart() -> None:
    items = describe(
        {"on": "parameter", "names": ["DateStyle"], "privileges": ["SET"]},
        {"on": "tablespace", "names": ["fast"], "privileges": ["CREATE"]},
        {"on": "largeObject", "names": ["7"], "privileges": ["SELECT"]},
        {"on": "largeObject", "future": True, "privileges": ["SELECT"]},
        {"on": "type", "schema": "s", "names": ["mood"], "privileges": ["USAGE"]},
    )
    assert [(item.part, item.database) for item in items] == [
        ("databasePrivileges", None), ("largeObjectPrivileges", "shop"), ("privileges", "shop")
    ]  # fmt: skip
    assert Entry(Target("parameter", name="datestyle"), "SET") in items[0].desired.entries
    assert [need.what for need in items[0].needs] == ["role 'app'", "tablespace fast"]


def test_columns_are_targets_of_their_own_with_their_grantor() -> None:
    (item,) = describe(
        {"on": "table", "schema": "s", "names": ["t"], "columns": ["a"], "privileges": ["SELECT"], "grantor": "boss"}
    )
    assert item.desired.entries == {Entry(Target("column", "s", "t", "boss", "a"), "SELECT")}
    assert [need.what for need in item.needs][2:] == [
        "role 'boss'", "schema 's' in database 'shop'", "column s.t.a in database 'shop'"
    ]  # fmt: skip


def test_everybody_need_not_exist() -> None:
    (item,) = describe({"on": "schema", "schema": "s", "privileges": ["USAGE"]}, principal=PUBLIC)
    assert item.name == PUBLIC and all(need.part != "roles" for need in item.needs)


def test_an_item_whose_database_is_not_known_any_more_is_left_out() -> None:
    items = describe(
        {"on": "schema", "schema": "s", "privileges": ["USAGE"]}, {"on": "database", "privileges": ["CONNECT"]},
        {"on": "database", "names": ["other"], "privileges": ["CONNECT"]}, references=References(),
    )  # fmt: skip
    assert [sorted(entry.target.name for entry in item.desired.entries) for item in items] == [["other"]]
