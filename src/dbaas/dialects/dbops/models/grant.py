"""DatabaseGrant and ClusterDatabaseGrant of the group: what a user or a role may do."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.kinds import Definition
from dbaas.api.model import ATOMIC, Model, NamespaceName, ObjectName, Time, immutable, validations
from dbaas.api.resource import Kind
from dbaas.dialects.dbops.models.blocks import (
    GROUP,
    VERSION,
    DriftingStatus,
    DriftPolicy,
    NamedReference,
    OnClusterServer,
    Text,
)
from dbaas.dialects.dbops.models.privileges import (
    ClickhouseGrants,
    MysqlGrants,
    PostgresDefaultPrivileges,
    PostgresGrants,
    Roles,
)

DATABASE_GRANT = Kind(GROUP, VERSION, "DatabaseGrant", "databasegrants")
CLUSTER_DATABASE_GRANT = Kind(GROUP, VERSION, "ClusterDatabaseGrant", "clusterdatabasegrants", namespaced=False)
ONE_PRINCIPAL = validations(
    {"rule": "has(self.userRef) != has(self.roleRef)", "message": "give exactly one of userRef and roleRef"},
    {
        "rule": "has(self.userRef) == has(oldSelf.userRef)",
        "message": "who gets a grant cannot be changed; make a new object instead",
    },
)
_STAYS = immutable("who gets a grant")


class InPostgres(Model):
    """Memberships and privileges in PostgreSQL."""

    roles: Roles
    grants: PostgresGrants
    default_privileges: PostgresDefaultPrivileges


class InMysql(Model):
    """Memberships and privileges in MySQL."""

    roles: Roles
    grants: MysqlGrants


class InClickhouse(Model):
    """Memberships and privileges in ClickHouse."""

    roles: Roles
    grants: ClickhouseGrants


class GrantSpec(Model):
    """What both kinds of grants have."""

    postgres: Annotated[InPostgres | None, Field(default=None, description="For PostgreSQL.")]
    mysql: Annotated[InMysql | None, Field(default=None, description="For MySQL and MariaDB.")]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    deletion_protection: Annotated[bool, Field(default=True, description="Refuse a deletion that takes it away.")]


class DatabaseGrantSpec(GrantSpec):
    """The wanted privileges."""

    user_ref: Annotated[
        NamedReference | None,
        Field(default=None, description="The DatabaseUser that gets them.", json_schema_extra=_STAYS),
    ]
    role_ref: Annotated[
        NamedReference | None,
        Field(default=None, description="The DatabaseRole that gets them.", json_schema_extra=_STAYS),
    ]
    database_ref: Annotated[NamedReference | None, Field(default=None, description="The database it is about.")]
    clickhouse: Annotated[InClickhouse | None, Field(default=None, description="For ClickHouse.")]


class UserReference(Model):
    """A DatabaseUser of any namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName, Field(description="Its namespace.")]


class RoleReference(Model):
    """A DatabaseRole or, without a namespace, a ClusterDatabaseRole."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[
        NamespaceName | None, Field(default=None, description="Its namespace; none for a ClusterDatabaseRole.")
    ]


class ClusterDatabaseGrantSpec(GrantSpec, OnClusterServer):
    """The wanted privileges, on a cluster-scoped server."""

    user_ref: Annotated[
        UserReference | None,
        Field(default=None, description="The DatabaseUser that gets them.", json_schema_extra=_STAYS),
    ]
    role_ref: Annotated[
        RoleReference | None,
        Field(
            default=None,
            description="The DatabaseRole or ClusterDatabaseRole that gets them.",
            json_schema_extra=_STAYS,
        ),
    ]


class AppliedGrants(Model):
    """How much is applied, by sort."""

    roles: Annotated[
        list[Text], Field(default=[], max_length=200, description="Memberships.", json_schema_extra=ATOMIC)
    ]
    direct_grants: Annotated[int | None, Field(default=None, description="Privileges on what there is.")]
    default_privileges: Annotated[int | None, Field(default=None, description="Privileges on what will be.")]


class AppliedDetail(Model):
    """One entry of the list."""

    database: Annotated[Text | None, Field(default=None, description="The database.")]
    schema_: Annotated[Text | None, Field(default=None, alias="schema", description="The schema.")]
    privileges: Annotated[
        list[Text], Field(default=[], max_length=20, description="Privileges.", json_schema_extra=ATOMIC)
    ]
    applied_at: Annotated[Time | None, Field(default=None, description="When.")]
    status: Annotated[Text | None, Field(default=None, description="What became of it.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="Why.")]


class ClusterAppliedGrants(AppliedGrants):
    """The same for a cluster-scoped grant: its column shows `applied`."""

    applied: Annotated[int | None, Field(default=None, description="Single privileges that are applied.")]
    failed: Annotated[int | None, Field(default=None, description="Single privileges that are not.")]
    details: Annotated[
        list[AppliedDetail], Field(default=[], max_length=500, description="Each by itself.", json_schema_extra=ATOMIC)
    ]


class TargetInfo(Model):
    """Who has them."""

    type: Annotated[Text, Field(description="user or role.")]
    name: Annotated[Text, Field(description="Name of the object.")]
    namespace: Annotated[Text | None, Field(default=None, description="Its namespace.")]
    resolved_username: Annotated[Text | None, Field(default=None, description="Name inside the server.")]


class DatabaseGrantStatus(DriftingStatus):
    """The observed privileges."""

    applied_grants: Annotated[AppliedGrants | None, Field(default=None, description="How much is applied.")]


class ClusterDatabaseGrantStatus(DriftingStatus):
    """The observed privileges."""

    applied_grants: Annotated[ClusterAppliedGrants | None, Field(default=None, description="How much is applied.")]
    target_info: Annotated[TargetInfo | None, Field(default=None, description="Who has them.")]


class DatabaseGrant(Model):
    """What a user or a role may do."""

    spec: DatabaseGrantSpec
    status: DatabaseGrantStatus | None = None


class ClusterDatabaseGrant(Model):
    """What a user or a role may do on a server that the whole cluster uses."""

    spec: ClusterDatabaseGrantSpec
    status: ClusterDatabaseGrantStatus | None = None


DEFINITION = Definition(
    DATABASE_GRANT,
    DatabaseGrant,
    (
        ("User", "string", ".spec.userRef.name"),
        ("Database", "string", ".spec.databaseRef.name"),
        ("Phase", "string", ".status.phase"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=ONE_PRINCIPAL,
)
CLUSTER_DEFINITION = Definition(
    CLUSTER_DATABASE_GRANT,
    ClusterDatabaseGrant,
    (
        ("Target", "string", ".status.targetInfo.name"),
        ("Type", "string", ".status.targetInfo.type"),
        ("Applied", "integer", ".status.appliedGrants.applied"),
        ("Phase", "string", ".status.phase"),
        ("Age", "date", ".metadata.creationTimestamp"),
    ),
    spec_rules=ONE_PRINCIPAL,
)
