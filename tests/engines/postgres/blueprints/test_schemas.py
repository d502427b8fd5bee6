"""The thing that a DatabaseSchema stands for."""

from __future__ import annotations

from dbaas.api.database_schema import DatabaseSchemaSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.schemas import describe_schema

REFERENCES = References(database="shop", database_owner="boss", principal="app")


def schema(references: References = REFERENCES, **spec: str) -> Item:
    body = {"databaseRef": {"name": "db"}, "name": "sales", **spec}
    (item,) = describe_schema(DatabaseSchemaSpec.model_validate(body), references)
    return item


def test_it_belongs_to_whom_the_manifest_names() -> None:
    assert schema(owner="other").desired.owner == "other"
    assert schema().desired.owner == "app"
    assert [need.what for need in schema().needs] == ["database 'shop'", "role 'app'"]


def test_without_a_name_an_existing_one_keeps_its_owner_and_a_new_one_is_the_databases() -> None:
    desired = schema(References(database="shop", database_owner="boss")).desired
    assert (desired.owner, desired.default_owner) == (None, "boss")
