"""DatabaseUser of the group: a role that may log in, with a published Secret."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.kinds import Definition
from dbaas.api.model import ATOMIC, Model, NamespaceName, ObjectName, Time, immutable
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
    NamedReference,
    OnServer,
    Text,
)

DATABASE_USER = Kind(GROUP, VERSION, "DatabaseUser", "databaseusers")


class SecretTemplate(Model):
    """The shape of the published Secret."""

    type: Annotated[Text, Field(default="Opaque", description="Its type.")]
    labels: Annotated[dict[str, Text], Field(default={}, description="Its labels.", max_length=100)]
    annotations: Annotated[
        dict[str, Annotated[str, Field(max_length=4096)]],
        Field(default={}, description="Its annotations.", max_length=100),
    ]
    data: Annotated[
        dict[str, Annotated[str, Field(max_length=16384)]],
        Field(default={}, description="Templates of its keys, in place of the usual ones.", max_length=100),
    ]


class PasswordSecret(Model):
    """The password and the Secret that publishes it."""

    generate: Annotated[bool, Field(default=True, description="Whether to make a password.")]
    length: Annotated[int, Field(default=32, ge=8, le=128, description="Its characters.")]
    include_special_chars: Annotated[bool, Field(default=True, description="Whether it has special characters.")]
    exclude_chars: Annotated[str, Field(default="", max_length=64, description="Characters it must not have.")]
    secret_name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    secret_namespace: Annotated[NamespaceName | None, Field(default=None, description="Its namespace.")]
    format: Annotated[
        Literal["kubernetes", "vault", "external-secrets"], Field(default="kubernetes", description="Where it goes.")
    ]
    secret_template: Annotated[SecretTemplate | None, Field(default=None, description="The shape of the Secret.")]


class ServiceRole(Model):
    """The role that keeps the privileges while logins change."""

    name: Annotated[Identifier | None, Field(default=None, description="Its name.")]
    auto_create: Annotated[bool, Field(default=True, description="Whether to make it.")]


class OldUserPolicy(Model):
    """What becomes of logins that are no longer used."""

    action: Annotated[
        Literal["retain", "disable", "delete"], Field(default="delete", description="What to do with them.")
    ]
    grace_period_days: Annotated[int, Field(default=7, ge=0, le=INT32, description="After how many days.")]
    ownership_check: Annotated[bool, Field(default=True, description="Not while they own something.")]


class MysqlRotation(Model):
    """Rotation in MySQL."""

    discard_old_password_after_days: Annotated[
        int, Field(default=7, ge=1, le=INT32, description="Days with two passwords.")
    ]


class PasswordRotation(Model):
    """Changing the password by a schedule."""

    enabled: Annotated[bool, Field(default=False, description="Whether to.")]
    schedule: Annotated[Text | None, Field(default=None, description="When, as in cron.")]
    max_age: Annotated[Text | None, Field(default=None, description="How old a password may get.")]
    strategy: Annotated[
        Literal["role-inheritance", "dual-password"], Field(default="role-inheritance", description="How.")
    ]
    service_role: Annotated[ServiceRole | None, Field(default=None, description="Keeps the privileges.")]
    user_naming: Annotated[Text | None, Field(default=None, description="Template of the logins' names.")]
    old_user_policy: Annotated[OldUserPolicy | None, Field(default=None, description="What becomes of old logins.")]
    mysql: Annotated[MysqlRotation | None, Field(default=None, description="In MySQL.")]


class PostgresUser(Model):
    """What PostgreSQL knows of a role."""

    connection_limit: Annotated[
        int, Field(default=-1, ge=-1, le=INT32, description="Sessions at once; -1 for no limit.")
    ]
    valid_until: Annotated[Time | None, Field(default=None, description="When its password ceases to be valid.")]
    superuser: Annotated[bool, Field(default=False, description="Whether no check applies to it.")]
    create_db: Annotated[bool, Field(default=False, alias="createDB", description="Whether it may make databases.")]
    create_role: Annotated[bool, Field(default=False, description="Whether it may make roles.")]
    inherit: Annotated[bool, Field(default=True, description="Whether it has the privileges of its roles.")]
    login: Annotated[bool, Field(default=True, description="Whether it may log in.")]
    replication: Annotated[bool, Field(default=False, description="Whether it may replicate the server.")]
    bypass_rls: Annotated[
        bool, Field(default=False, alias="bypassRLS", description="Whether row security does not apply to it.")
    ]
    in_roles: Annotated[
        list[Identifier],
        Field(default=[], max_length=100, description="Roles it is a member of.", json_schema_extra=ATOMIC),
    ]
    default_role: Annotated[Identifier | None, Field(default=None, description="The role it acts as after login.")]
    config_parameters: Annotated[
        dict[str, Annotated[str, Field(max_length=4096)]],
        Field(default={}, description="Settings of its sessions.", max_length=100),
    ]


class MysqlUser(Model):
    """What MySQL knows of a user."""

    max_queries_per_hour: Annotated[
        int, Field(default=0, ge=0, le=INT32, description="Queries an hour; 0 for no limit.")
    ]
    max_updates_per_hour: Annotated[
        int, Field(default=0, ge=0, le=INT32, description="Updates an hour; 0 for no limit.")
    ]
    max_connections_per_hour: Annotated[
        int, Field(default=0, ge=0, le=INT32, description="Logins an hour; 0 for no limit.")
    ]
    max_user_connections: Annotated[
        int, Field(default=0, ge=0, le=INT32, description="Sessions at once; 0 for no limit.")
    ]
    auth_plugin: Annotated[
        Literal["mysql_native_password", "caching_sha2_password", "sha256_password"],
        Field(default="caching_sha2_password", description="How it logs in."),
    ]
    require_ssl: Annotated[bool, Field(default=False, alias="requireSSL", description="Only encrypted.")]
    require_x509: Annotated[bool, Field(default=False, alias="requireX509", description="Only with a certificate.")]
    account_locked: Annotated[bool, Field(default=False, description="Whether it is locked.")]
    allowed_hosts: Annotated[
        list[Text], Field(default=["%"], max_length=100, description="From where.", json_schema_extra=ATOMIC)
    ]
    failed_login_attempts: Annotated[int, Field(default=0, ge=0, le=INT32, description="Failures until it is locked.")]
    password_lock_time: Annotated[int, Field(default=0, ge=0, le=INT32, description="Days that it is locked.")]


class ClickhouseUser(Model):
    """What ClickHouse knows of a user."""

    allowed_hosts: Annotated[
        list[Text], Field(default=[], max_length=100, description="From where.", json_schema_extra=ATOMIC)
    ]
    default_database: Annotated[Text | None, Field(default=None, description="Where its sessions begin.")]


class DatabaseUserSpec(OnServer):
    """The wanted user."""

    database_ref: Annotated[NamedReference | None, Field(default=None, description="Where its Secret points to.")]
    username: Annotated[
        Identifier, Field(description="Name inside the server.", json_schema_extra=immutable("the name of a user"))
    ]
    password_secret: Annotated[PasswordSecret | None, Field(default=None, description="Its password and Secret.")]
    existing_password_secret: Annotated[
        KeyReference | None, Field(default=None, description="Take the password from there.")
    ]
    password_rotation: Annotated[PasswordRotation | None, Field(default=None, description="Changing the password.")]
    roles: Annotated[
        list[Identifier],
        Field(default=[], max_length=100, description="Roles it is a member of.", json_schema_extra=ATOMIC),
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    postgres: Annotated[PostgresUser | None, Field(default=None, description="For PostgreSQL.")]
    mysql: Annotated[MysqlUser | None, Field(default=None, description="For MySQL and MariaDB.")]
    clickhouse: Annotated[ClickhouseUser | None, Field(default=None, description="For ClickHouse.")]


class ObservedUser(Model):
    """What the server says of it."""

    username: Annotated[Text, Field(description="Its name.")]
    created_at: Annotated[Time | None, Field(default=None, description="When it was made.")]


class ObservedSecret(Model):
    """The Secret with the login."""

    name: Annotated[Text, Field(description="Its name.")]
    namespace: Annotated[Text | None, Field(default=None, description="Its namespace.")]
    last_rotated_at: Annotated[Time | None, Field(default=None, description="When the password last changed.")]


class OwnedObject(Model):
    """Something that keeps a user from going."""

    schema_: Annotated[Text | None, Field(default=None, alias="schema", description="Where it is.")]
    name: Annotated[Text, Field(description="Its name.")]
    type: Annotated[Text | None, Field(default=None, description="What it is.")]


class OwnershipBlock(Model):
    """What keeps a user from going."""

    blocked: Annotated[bool, Field(default=False, description="Whether something does.")]
    last_checked_at: Annotated[Time | None, Field(default=None, description="When it was looked at.")]
    owned_objects: Annotated[
        list[OwnedObject], Field(default=[], max_length=100, description="What it owns.", json_schema_extra=ATOMIC)
    ]
    resolution: Annotated[str | None, Field(default=None, max_length=4096, description="What to do.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="Why.")]


class DatabaseUserStatus(DriftingStatus):
    """The observed user."""

    user: Annotated[ObservedUser | None, Field(default=None, description="What the server says of it.")]
    secret: Annotated[ObservedSecret | None, Field(default=None, description="The Secret with the login.")]
    ownership_block: Annotated[OwnershipBlock | None, Field(default=None, description="What keeps it from going.")]


class DatabaseUser(Model):
    """A user of a database server, with a published Secret."""

    spec: DatabaseUserSpec
    status: DatabaseUserStatus | None = None


DEFINITION = Definition(
    DATABASE_USER,
    DatabaseUser,
    (
        ("Instance", "string", ".spec.instanceRef.name"),
        ("Username", "string", ".spec.username"),
        ("Phase", "string", ".status.phase"),
        ("Secret", "string", ".status.secret.name"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=ONE_SERVER,
)
