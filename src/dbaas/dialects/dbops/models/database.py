"""Database of the group: a logical database inside a server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.kinds import Definition
from dbaas.api.model import ATOMIC, Model, Time, immutable
from dbaas.api.resource import Kind
from dbaas.dialects.dbops.models.blocks import (
    GROUP,
    INT32,
    ONE_SERVER,
    VERSION,
    DriftingStatus,
    DriftPolicy,
    Identifier,
    KeyReference,
    OnServer,
    Text,
)
from dbaas.dialects.dbops.models.privileges import Privileges

DATABASE = Kind(GROUP, VERSION, "Database", "databases")


class InitSql(Model):
    """Statements that run once in the new database."""

    inline: Annotated[
        list[Annotated[str, Field(max_length=65536)]],
        Field(default=[], max_length=50, description="The statements.", json_schema_extra=ATOMIC),
    ]
    config_map_ref: Annotated[KeyReference | None, Field(default=None, description="A ConfigMap with them.")]
    secret_ref: Annotated[KeyReference | None, Field(default=None, description="A Secret with them.")]
    failure_policy: Annotated[
        Literal["Continue", "Block"], Field(default="Block", description="Whether a failure keeps it from Ready.")
    ]


class Extension(Model):
    """One extension."""

    name: Annotated[Text, Field(description="Its name.")]
    schema_: Annotated[Text, Field(default="public", alias="schema", description="Schema of its objects.")]
    version: Annotated[Text | None, Field(default=None, description="Its version.")]


class Schema(Model):
    """One schema."""

    name: Annotated[Text, Field(description="Its name.")]
    owner: Annotated[Text | None, Field(default=None, description="Role that owns it.")]


class DefaultPrivilege(Model):
    """What a role may do with objects that the owner makes from now on."""

    role: Annotated[Text, Field(description="Who gets them.")]
    schema_: Annotated[Text, Field(alias="schema", description="Where.")]
    object_type: Annotated[
        Literal["tables", "sequences", "functions", "types"], Field(description="Type of the objects.")
    ]
    privileges: Privileges


class Ownership(Model):
    """A group role that owns the database, and a login that is a member of it."""

    auto_ownership: Annotated[bool, Field(default=False, description="Whether to make them.")]
    role_name: Annotated[Identifier | None, Field(default=None, description="The group role.")]
    user_name: Annotated[Identifier | None, Field(default=None, description="The login.")]
    drop_on_delete: Annotated[bool, Field(default=False, description="Whether they go with the database.")]
    set_default_privileges: Annotated[bool, Field(default=True, description="Each may use what the other makes.")]


class PostgresDatabase(Model):
    """What PostgreSQL knows of a database."""

    encoding: Annotated[Text, Field(default="UTF8", description="Encoding.")]
    lc_collate: Annotated[Text | None, Field(default=None, description="Locale of sorting.")]
    lc_ctype: Annotated[Text | None, Field(default=None, description="Locale of letters.")]
    tablespace: Annotated[Text, Field(default="pg_default", description="Where its files are.")]
    template: Annotated[Text, Field(default="template0", description="Database to copy.")]
    connection_limit: Annotated[
        int, Field(default=-1, ge=-1, le=INT32, description="Sessions at once; -1 for no limit.")
    ]
    is_template: Annotated[bool, Field(default=False, description="Whether others may copy it.")]
    allow_connections: Annotated[bool, Field(default=True, description="Whether anybody may connect.")]
    extensions: Annotated[
        list[Extension], Field(default=[], max_length=100, description="Extensions it has.", json_schema_extra=ATOMIC)
    ]
    schemas: Annotated[
        list[Schema], Field(default=[], max_length=500, description="Schemas it has.", json_schema_extra=ATOMIC)
    ]
    default_privileges: Annotated[
        list[DefaultPrivilege],
        Field(default=[], max_length=100, description="For objects to come.", json_schema_extra=ATOMIC),
    ]
    ownership: Annotated[Ownership | None, Field(default=None, description="A ready-made owner.")]


class MysqlDatabase(Model):
    """What MySQL knows of a database."""

    charset: Annotated[Text, Field(default="utf8mb4", description="Character set.")]
    collation: Annotated[Text, Field(default="utf8mb4_unicode_ci", description="Collation.")]
    sql_mode: Annotated[Text | None, Field(default=None, description="No database has one of its own.")]
    default_storage_engine: Annotated[Text, Field(default="InnoDB", description="No database has one of its own.")]


class ClickhouseDatabase(Model):
    """What ClickHouse knows of a database."""

    engine: Annotated[Text, Field(default="Atomic", description="Its engine.")]


class DatabaseSpec(OnServer):
    """The wanted database."""

    name: Annotated[
        Identifier,
        Field(description="Name inside the server.", json_schema_extra=immutable("the name of a database")),
    ]
    owner: Annotated[Identifier | None, Field(default=None, description="An existing role that owns it.")]
    deletion_policy: Annotated[
        Literal["Retain", "Delete", "Snapshot"], Field(default="Delete", description="What becomes of it in the end.")
    ]
    deletion_protection: Annotated[bool, Field(default=True, description="Refuse a deletion that destroys.")]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    init_sql: Annotated[InitSql | None, Field(default=None, alias="initSQL", description="Runs once in it.")]
    postgres: Annotated[PostgresDatabase | None, Field(default=None, description="For PostgreSQL.")]
    mysql: Annotated[MysqlDatabase | None, Field(default=None, description="For MySQL and MariaDB.")]
    clickhouse: Annotated[ClickhouseDatabase | None, Field(default=None, description="For ClickHouse.")]


class ObservedDatabase(Model):
    """What the server says of it."""

    name: Annotated[Text, Field(description="Its name.")]
    owner: Annotated[Text | None, Field(default=None, description="Role that owns it.")]
    size_bytes: Annotated[int | None, Field(default=None, description="Its size.")]
    created_at: Annotated[Time | None, Field(default=None, description="When it was made.")]


class InstalledExtension(Model):
    """An extension that is there."""

    name: Annotated[Text, Field(description="Its name.")]
    version: Annotated[Text | None, Field(default=None, description="Its version.")]


class ObservedOwnership(Model):
    """The ready-made owner."""

    role_name: Annotated[Text | None, Field(default=None, description="The group role.")]
    user_name: Annotated[Text | None, Field(default=None, description="The login.")]
    phase: Annotated[Text | None, Field(default=None, description="Pending, Ready or Failed.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="Why.")]


class ObservedPostgres(Model):
    """What PostgreSQL says of it."""

    encoding: Annotated[Text | None, Field(default=None, description="Encoding.")]
    collation: Annotated[Text | None, Field(default=None, description="Locale of sorting.")]
    installed_extensions: Annotated[
        list[InstalledExtension],
        Field(default=[], max_length=200, description="Extensions it has.", json_schema_extra=ATOMIC),
    ]
    schemas: Annotated[
        list[Text], Field(default=[], max_length=1000, description="Schemas it has.", json_schema_extra=ATOMIC)
    ]
    ownership: Annotated[ObservedOwnership | None, Field(default=None, description="The ready-made owner.")]


class ObservedInitSql(Model):
    """How the statements ran."""

    applied: Annotated[bool, Field(default=False, description="Whether they have run.")]
    applied_at: Annotated[Time | None, Field(default=None, description="When.")]
    hash: Annotated[Text | None, Field(default=None, description="Digest of their text.")]
    error: Annotated[str | None, Field(default=None, max_length=4096, description="What went wrong.")]
    statements_executed: Annotated[int | None, Field(default=None, description="How many ran.")]


class DatabaseStatus(DriftingStatus):
    """The observed database."""

    database: Annotated[ObservedDatabase | None, Field(default=None, description="What the server says of it.")]
    postgres: Annotated[ObservedPostgres | None, Field(default=None, description="What PostgreSQL says of it.")]
    init_sql: Annotated[ObservedInitSql | None, Field(default=None, alias="initSQL", description="How it ran.")]


class Database(Model):
    """A logical database inside a server."""

    spec: DatabaseSpec
    status: DatabaseStatus | None = None


DEFINITION = Definition(
    DATABASE,
    Database,
    (
        ("Instance", "string", ".spec.instanceRef.name"),
        ("Database", "string", ".spec.name"),
        ("Phase", "string", ".status.phase"),
        ("Size", "integer", ".status.database.sizeBytes"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=ONE_SERVER,
)
