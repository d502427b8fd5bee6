"""Database: a logical database inside a server."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import Beginning, ManagedStatus
from dbaas.api.init_sql import InitSQL, InitSQLStatus
from dbaas.api.model import ATOMIC, SET_OF_SCALARS, Duration, Model, ObjectName, RealName, Time, immutable, validations
from dbaas.api.references import ON_SERVER_RULES, AllowedNamespaces, DeletionPolicy, DriftPolicy, OnServer
from dbaas.api.resource import GROUP, VERSION, Kind
from dbaas.api.user import SecretTemplate

DATABASE = Kind(GROUP, VERSION, "Database", "databases", short_names=("db",))


class Access(Model):
    """Three roles for whom everything is arranged: who owns all, who writes and who reads. Users become members."""

    owner: Annotated[
        RealName | None, Field(default=None, description="By default `<name>_owner`. Not with spec.owner.")
    ]
    writer: Annotated[RealName | None, Field(default=None, description="By default `<name>_writer`.")]
    reader: Annotated[RealName | None, Field(default=None, description="By default `<name>_reader`.")]


class ConnectionSecret(Model):
    """The Secret that applications connect with."""

    name: Annotated[ObjectName | None, Field(default=None, description="Name; by default that of the object.")]
    template: Annotated[SecretTemplate | None, Field(default=None, description="Its shape; by default the usual keys.")]


class DatabaseSpec(OnServer):
    """The wanted database."""

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
    access: Annotated[
        Access | None,
        Field(default=None, description="Roles that come with it, with privileges on all that is made in it later."),
    ]
    connection_secret: Annotated[
        ConnectionSecret | None,
        Field(default=None, description="A Secret with the login of the owner, who must be a DatabaseUser here."),
    ]
    init_sql: Annotated[
        InitSQL | None,
        Field(default=None, alias="initSQL", description="SQL that is run inside it once, as its owner."),
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    allowed_namespaces: AllowedNamespaces
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Retain", description="What becomes of the database when the object is deleted.")
    ]
    quarantine: Annotated[
        Duration | None,
        Field(default=None, description="On Delete it is closed and renamed first, and dropped after so long."),
    ]
    cascade: Annotated[
        bool, Field(default=False, description="What leaves the manifest is dropped with all that depends on it.")
    ]
    deletion_protection: Annotated[bool, Field(default=True, description="Refuse a deletion that would destroy data.")]


class InstalledExtension(Model):
    """An extension of the observed database."""

    name: Annotated[str, Field(max_length=255, description="Its name.")]
    version: Annotated[str, Field(max_length=255, description="Its version.")]


class ObservedDatabase(Model):
    """What the server says of it."""

    name: Annotated[str, Field(max_length=255, description="Name inside the server.")]
    owner: Annotated[str | None, Field(default=None, max_length=255, description="Role that owns it.")]
    size_bytes: Annotated[
        int | None, Field(default=None, description="About how large it was at the last change; told in steps of 10 %.")
    ]
    created_at: Beginning
    encoding: Annotated[str | None, Field(default=None, max_length=64, description="Its encoding.")]
    collation: Annotated[str | None, Field(default=None, max_length=255, description="Its collation.")]
    installed_extensions: Annotated[
        list[InstalledExtension],
        Field(default=[], max_length=1000, description="Extensions that it has.", json_schema_extra=ATOMIC),
    ]
    schemas: Annotated[
        list[Annotated[str, Field(max_length=255)]],
        Field(default=[], max_length=1000, description="Schemas that it has.", json_schema_extra=ATOMIC),
    ]


class PublishedConnection(Model):
    """The Secret that we made."""

    name: Annotated[str, Field(max_length=253, description="Name of the Secret.")]
    source: Annotated[str, Field(max_length=253, description="Secret of the login that it was made from.")]


class Quarantined(Model):
    """A database that has been put away."""

    name: Annotated[str, Field(max_length=255, description="What it is called on the server now.")]
    until: Annotated[Time, Field(description="When it is dropped.")]


class DatabaseStatus(ManagedStatus):
    """The observed database."""

    companions: Annotated[
        list[Annotated[str, Field(max_length=400)]],
        Field(
            default=[],
            max_length=20,
            description="Objects that came along with it, as kind and name.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    database: Annotated[ObservedDatabase | None, Field(default=None, description="What the server says of it.")]
    connection_secret: Annotated[
        PublishedConnection | None, Field(default=None, description="The Secret that we made.")
    ]
    quarantine: Annotated[
        Quarantined | None, Field(default=None, description="What became of it after the deletion of the object.")
    ]
    init_sql: Annotated[
        InitSQLStatus | None, Field(default=None, alias="initSQL", description="What became of the SQL.")
    ]


class Database(Model):
    """A logical database inside a server."""

    spec: DatabaseSpec
    status: DatabaseStatus | None = None


COLUMNS = (
    ("Server", "string", ".spec.instanceRef.name"),
    ("Database", "string", ".status.database.name"),
    ("Owner", "string", ".status.database.owner"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
SPEC_RULES = validations(
    *ON_SERVER_RULES,
    {
        "rule": "has(self.name) == has(oldSelf.name)",
        "message": "the name of a database cannot be changed; make a new object instead",
    },
)
