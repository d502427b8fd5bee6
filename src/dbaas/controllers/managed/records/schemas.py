"""DatabaseSchema, as a managed kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.database_schema import DATABASE_SCHEMA, DatabaseSchema, DatabaseSchemaSpec
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.kinds import Links, ManagedKind, Seen
from dbaas.controllers.managed.records.databases import HasOwner
from dbaas.controllers.tokens import reference_key


def _link_schema(spec: DatabaseSchemaSpec, namespace: str) -> Links:
    creator = (DATABASE_USER, Key(namespace, spec.creator)) if spec.creator else None
    return Links(principal=creator, database=reference_key(spec.database_ref, namespace))


def _describe_schema(spec: DatabaseSchemaSpec, seen: Seen) -> Mapping[str, Any]:
    owner = seen.observed.owner if isinstance(seen.observed, HasOwner) else None
    shown = {"name": spec.name, "database": seen.references.database, "owner": owner}
    return {"schema": {name: value for name, value in shown.items() if value is not None}}


SCHEMAS = ManagedKind(
    kind=DATABASE_SCHEMA,
    model=DatabaseSchema,
    noun="schema",
    thing="schema",
    links=_link_schema,
    name_field="name",
    describe=_describe_schema,
    cascades=lambda spec: spec.cascade,
)
