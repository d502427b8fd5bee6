"""Database: a logical database inside a server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import ManagedStatus
from dbaas.api.model import EngineBlocks, Model, RealName, immutable, rule
from dbaas.api.references import AllowedNamespaces, DeletionPolicy, DriftPolicy, InstanceReference
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE = Kind(GROUP, VERSION, "Database", "databases", short_names=("db",))


class DatabaseSpec(EngineBlocks):
    """The wanted database."""

    instance_ref: Annotated[
        InstanceReference,
        Field(description="The server it lives on.", json_schema_extra=immutable("the server of a database")),
    ]
    name: Annotated[
        RealName | None,
        Field(
            default=None,
            description="Name inside the server; by default the object's name.",
            json_schema_extra=immutable("the name of a database"),
        ),
    ]
    owner: Annotated[RealName | None, Field(default=None, description="Role that owns it; by default our login.")]
    revoke_public: Annotated[
        bool, Field(default=True, description="Take from PUBLIC what new databases give to everybody.")
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    allowed_namespaces: AllowedNamespaces
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Retain", description="What becomes of the database when the object is deleted.")
    ]
    deletion_protection: Annotated[bool, Field(default=True, description="Refuse a deletion that would destroy data.")]


class ObservedDatabase(Model):
    """What the server says of it."""

    name: Annotated[str, Field(max_length=255, description="Name inside the server.")]
    owner: Annotated[str | None, Field(default=None, max_length=255, description="Role that owns it.")]


class DatabaseStatus(ManagedStatus):
    """The observed database."""

    database: Annotated[ObservedDatabase | None, Field(default=None, description="What the server says of it.")]


class Database(Model):
    """A logical database inside a server."""

    spec: DatabaseSpec
    status: DatabaseStatus | None = None


COLUMNS = (
    ("Server", "string", ".spec.instanceRef.name"),
    ("Database", "string", ".status.database.name"),
    ("Owner", "string", ".spec.owner"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
SPEC_RULES = rule(
    "has(self.name) == has(oldSelf.name)", "the name of a database cannot be changed; make a new object instead"
)
