"""DatabaseInstance of the group: a server that can be reached."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.kinds import Definition
from dbaas.api.model import ATOMIC, Duration, Model, NamespaceName, ObjectName, SecretKeyName, Time, immutable
from dbaas.api.resource import Kind
from dbaas.dialects.dbops.models.blocks import GROUP, VERSION, DialectStatus, DriftPolicy, Text

DATABASE_INSTANCE = Kind(GROUP, VERSION, "DatabaseInstance", "databaseinstances")
CLUSTER_DATABASE_INSTANCE = Kind(
    GROUP, VERSION, "ClusterDatabaseInstance", "clusterdatabaseinstances", namespaced=False
)
SslMode = Literal["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]


class LoginKeys(Model):
    """Under which keys of the Secret things are."""

    username: Annotated[SecretKeyName, Field(default="username", description="Key of the user name.")]
    password: Annotated[SecretKeyName, Field(default="password", description="Key of the password.")]


class LoginReference(Model):
    """A Secret with a user name and a password."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description="Its namespace; by default our own.")]
    keys: Annotated[LoginKeys, Field(default=LoginKeys(), description="Keys in the Secret.")]


class TlsKeys(Model):
    """Under which keys of the Secret certificates are."""

    ca: Annotated[SecretKeyName, Field(default="ca.crt", description="Key of the authority's certificate.")]
    cert: Annotated[SecretKeyName | None, Field(default=None, description="Key of our certificate.")]
    key: Annotated[SecretKeyName | None, Field(default=None, description="Key of our private key.")]


class TlsReference(Model):
    """A Secret with certificates."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    keys: Annotated[TlsKeys, Field(default=TlsKeys(), description="Keys in the Secret.")]


class ConnectionTls(Model):
    """What the group's guide prints inside `connection`, in place of `tls`."""

    secret_ref: Annotated[TlsReference, Field(description="Certificates.")]


class Connection(Model):
    """Where the server is and how to log in."""

    host: Annotated[str, Field(min_length=1, max_length=253, description="Host name or address.")]
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port.")]
    database: Annotated[Text | None, Field(default=None, description="Administrative database.")]
    secret_ref: Annotated[LoginReference | None, Field(default=None, description="The administrative login.")]
    existing_secret: Annotated[LoginReference | None, Field(default=None, description="The same as secretRef.")]
    ssl_mode: Annotated[SslMode | None, Field(default=None, description="The same as postgres.sslMode.")]
    tls: Annotated[ConnectionTls | None, Field(default=None, description="The same as tls, with sslMode as its mode.")]


class Tls(Model):
    """Encryption of connections."""

    enabled: Annotated[bool, Field(default=False, description="Whether connections are encrypted.")]
    mode: Annotated[
        Literal["disable", "require", "verify-ca", "verify-full"],
        Field(default="disable", description="What is verified."),
    ]
    secret_ref: Annotated[TlsReference | None, Field(default=None, description="Certificates.")]


class HealthCheck(Model):
    """How the server is looked at."""

    enabled: Annotated[bool, Field(default=True, description="Whether it is.")]
    interval_seconds: Annotated[int, Field(default=30, ge=5, le=86400, description="How often.")]
    timeout_seconds: Annotated[int, Field(default=5, ge=1, le=3600, description="How long an answer may take.")]


class Discovery(Model):
    """Whether to list what nobody manages."""

    enabled: Annotated[bool, Field(default=False, description="Whether to look.")]
    interval: Annotated[Duration, Field(default="30m", description="How often.")]


class UserAttributes(Model):
    """How things are marked in MySQL."""

    use_user_attributes: Annotated[bool, Field(default=True, description="Mark users by their attributes.")]
    metadata_table_name: Annotated[Text, Field(default="_dbops_metadata", description="Table for other marks.")]
    metadata_database: Annotated[Text | None, Field(default=None, description="Database of that table.")]


class ResourceTracking(Model):
    """Marks on what we manage inside the server."""

    enabled: Annotated[bool, Field(default=True, description="Whether things are marked.")]
    comment_format: Annotated[str | None, Field(default=None, max_length=1024, description="Template of the comment.")]
    mysql: Annotated[UserAttributes | None, Field(default=None, description="How MySQL's are marked.")]


class PostgresConnection(Model):
    """How we connect to PostgreSQL."""

    ssl_mode: Annotated[SslMode, Field(default="prefer", description="Whether connections are encrypted and verified.")]
    connect_timeout: Annotated[int, Field(default=10, ge=1, le=300, description="Seconds to wait for a connection.")]
    statement_timeout: Annotated[Duration | None, Field(default=None, description="How long a statement may take.")]
    application_name: Annotated[
        str, Field(default="db-provision-operator", max_length=63, description="What our sessions are called.")
    ]


class MysqlConnection(Model):
    """How we connect to MySQL."""

    charset: Annotated[Text, Field(default="utf8mb4", description="Character set.")]
    collation: Annotated[Text, Field(default="utf8mb4_unicode_ci", description="Collation.")]
    parse_time: Annotated[bool, Field(default=True, description="Of no effect.")]
    timeout: Annotated[Duration, Field(default="10s", description="How long a connection may take.")]
    read_timeout: Annotated[Duration, Field(default="30s", description="How long an answer may take.")]
    write_timeout: Annotated[Duration, Field(default="30s", description="How long sending may take.")]
    tls: Annotated[
        Literal["disabled", "preferred", "required", "skip-verify"],
        Field(default="preferred", description="Whether connections are encrypted."),
    ]


class ClickhouseConnection(Model):
    """How we connect to ClickHouse."""

    http_port: Annotated[int | None, Field(default=None, ge=1, le=65535, description="Port of its HTTP interface.")]
    secure: Annotated[bool, Field(default=False, description="Whether connections are encrypted.")]


class DatabaseInstanceSpec(Model):
    """The server."""

    engine: Annotated[
        Literal["postgres", "mysql", "mariadb", "cockroachdb", "clickhouse"],
        Field(description="The engine.", json_schema_extra=immutable("the engine")),
    ]
    connection: Annotated[Connection, Field(description="Where it is and how to log in.")]
    tls: Annotated[Tls | None, Field(default=None, description="Encryption of connections.")]
    health_check: Annotated[HealthCheck | None, Field(default=None, description="How it is looked at.")]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="Default for what lives in it.")]
    discovery: Annotated[Discovery | None, Field(default=None, description="Whether to list what nobody manages.")]
    resource_tracking: Annotated[ResourceTracking | None, Field(default=None, description="Marks in the server.")]
    postgres: Annotated[PostgresConnection | None, Field(default=None, description="For PostgreSQL.")]
    mysql: Annotated[MysqlConnection | None, Field(default=None, description="For MySQL and MariaDB.")]
    clickhouse: Annotated[ClickhouseConnection | None, Field(default=None, description="For ClickHouse.")]
    deletion_protection: Annotated[bool, Field(default=True, description="Refuse deletion while things live in it.")]


class Discovered(Model):
    """Something on the server that nobody manages."""

    name: Annotated[Text, Field(description="Its name.")]
    discovered: Annotated[Time | None, Field(default=None, description="When it was first seen.")]
    adopted: Annotated[bool, Field(default=False, description="Whether an object has been made for it.")]


class DiscoveredResources(Model):
    """What is on the server that nobody manages."""

    databases: Annotated[
        list[Discovered], Field(default=[], max_length=1000, description="Databases.", json_schema_extra=ATOMIC)
    ]
    users: Annotated[
        list[Discovered], Field(default=[], max_length=1000, description="Users.", json_schema_extra=ATOMIC)
    ]
    roles: Annotated[
        list[Discovered], Field(default=[], max_length=1000, description="Roles.", json_schema_extra=ATOMIC)
    ]
    last_scan: Annotated[Time | None, Field(default=None, description="When it was looked for.")]


class DatabaseInstanceStatus(DialectStatus):
    """The observed server."""

    version: Annotated[Text | None, Field(default=None, description="Version that answered.")]
    last_checked_at: Annotated[Time | None, Field(default=None, description="When its state last changed.")]
    discovered_resources: Annotated[
        DiscoveredResources | None, Field(default=None, description="What is there that nobody manages.")
    ]


class DatabaseInstance(Model):
    """A database server that can be reached."""

    spec: DatabaseInstanceSpec
    status: DatabaseInstanceStatus | None = None


class ClusterDatabaseInstance(DatabaseInstance):
    """A database server that every namespace may use."""


_COLUMNS = (
    ("Engine", "string", ".spec.engine"),
    ("Host", "string", ".spec.connection.host"),
    ("Port", "integer", ".spec.connection.port"),
    ("Phase", "string", ".status.phase"),
    ("Version", "string", ".status.version"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
DEFINITION = Definition(DATABASE_INSTANCE, DatabaseInstance, _COLUMNS)
CLUSTER_DEFINITION = Definition(CLUSTER_DATABASE_INSTANCE, ClusterDatabaseInstance, _COLUMNS)
