"""DatabaseSchema: a schema in a database of ours."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import ManagedStatus
from dbaas.api.model import Model, ObjectName, RealName, immutable, validations
from dbaas.api.references import DeletionPolicy, DriftPolicy, Reference
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_SCHEMA = Kind(GROUP, VERSION, "DatabaseSchema", "databaseschemas", short_names=("dbsc",))


class DatabaseSchemaSpec(Model):
    """The wanted schema."""

    database_ref: Annotated[
        Reference,
        Field(description="The database it is in.", json_schema_extra=immutable("the database of a schema")),
    ]
    name: Annotated[
        RealName | None,
        Field(
            default=None,
            description="Name inside the database; by default the object's name.",
            json_schema_extra=immutable("the name of a schema"),
        ),
    ]
    owner: Annotated[
        RealName | None, Field(default=None, description="Role that owns it; by default the owner of the database.")
    ]
    creator: Annotated[
        ObjectName | None,
        Field(default=None, description="The same as the name of a DatabaseUser in this namespace. Not with owner."),
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Retain", description="What becomes of the schema when the object is deleted.")
    ]
    cascade: Annotated[
        bool, Field(default=False, description="Drop it with all that is in it; else only if it is empty.")
    ]


class ObservedSchema(Model):
    """What the server says of it."""

    name: Annotated[str, Field(max_length=255, description="Name inside the database.")]
    database: Annotated[str | None, Field(default=None, max_length=255, description="The database it is in.")]
    owner: Annotated[str | None, Field(default=None, max_length=255, description="Role that owns it.")]


class DatabaseSchemaStatus(ManagedStatus):
    """The observed schema."""

    schema_: Annotated[
        ObservedSchema | None, Field(default=None, alias="schema", description="What the server says of it.")
    ]


class DatabaseSchema(Model):
    """A schema in a database of ours."""

    spec: DatabaseSchemaSpec
    status: DatabaseSchemaStatus | None = None


COLUMNS = (
    ("Database", "string", ".spec.databaseRef.name"),
    ("Schema", "string", ".status.schema.name"),
    ("Owner", "string", ".status.schema.owner"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
SPEC_RULES = validations(
    {
        "rule": "has(self.name) == has(oldSelf.name)",
        "message": "the name of a schema cannot be changed; make a new object instead",
    },
    {"rule": "!has(self.owner) || !has(self.creator)", "message": "give either owner or creator"},
)
