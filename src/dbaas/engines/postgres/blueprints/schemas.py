"""Which thing a DatabaseSchema stands for."""

from __future__ import annotations

from dbaas.api.database_schema import DatabaseSchemaSpec
from dbaas.contracts.engine import Item, References
from dbaas.engines.postgres.blueprints.parts import SCHEMAS, filled, need_database, need_role
from dbaas.engines.postgres.schemas import DesiredSchema


def describe_schema(spec: DatabaseSchemaSpec, references: References) -> tuple[Item, ...]:
    """One schema. Where no owner is said, an existing one keeps its own."""
    database, name = filled(references.database), filled(spec.name)
    owner = spec.owner or references.principal
    desired = DesiredSchema(
        database, name, owner, references.database_owner, default_owner=owner or references.database_owner
    )
    needs = [need_database(database), *([need_role(owner)] if owner else [])]
    return (Item(SCHEMAS, database, name, desired, tuple(needs), exclusive=True),)
