"""DatabaseSchema, as a managed kind."""

from __future__ import annotations

from dbaas.api.database_schema import DatabaseSchemaSpec
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.records.schemas import SCHEMAS


def test_it_is_in_its_database_and_depends_on_its_creator() -> None:
    spec = DatabaseSchemaSpec.model_validate({"databaseRef": {"name": "shop", "namespace": "there"}, "creator": "app"})
    links = SCHEMAS.links(SCHEMAS.fill(spec, "sales"), "here")
    assert (links.database, links.principal) == (Key("there", "shop"), (DATABASE_USER, Key("here", "app")))
    assert SCHEMAS.fill(spec, "sales").name == "sales"
