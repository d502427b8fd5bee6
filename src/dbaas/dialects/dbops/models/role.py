"""DatabaseRole and ClusterDatabaseRole of the group: bundles of privileges that users are members of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.kinds import Definition
from dbaas.api.model import ATOMIC, Model, Time, immutable
from dbaas.api.resource import Kind
from dbaas.dialects.dbops.models.blocks import (
    GROUP,
    ONE_SERVER,
    VERSION,
    DriftingStatus,
    DriftPolicy,
    Identifier,
    OnClusterServer,
    OnServer,
    Text,
)
from dbaas.dialects.dbops.models.privileges import MysqlGrants, PostgresGrants

DATABASE_ROLE = Kind(GROUP, VERSION, "DatabaseRole", "databaseroles")
CLUSTER_DATABASE_ROLE = Kind(GROUP, VERSION, "ClusterDatabaseRole", "clusterdatabaseroles", namespaced=False)


class PostgresRole(Model):
    """What PostgreSQL knows of a role."""

    login: Annotated[bool, Field(default=False, description="Whether it may log in.")]
    inherit: Annotated[bool, Field(default=True, description="Whether it has the privileges of its roles.")]
    create_db: Annotated[bool, Field(default=False, alias="createDB", description="Whether it may make databases.")]
    create_role: Annotated[bool, Field(default=False, description="Whether it may make roles.")]
    superuser: Annotated[bool, Field(default=False, description="Whether no check applies to it.")]
    replication: Annotated[bool, Field(default=False, description="Whether it may replicate the server.")]
    bypass_rls: Annotated[
        bool, Field(default=False, alias="bypassRLS", description="Whether row security does not apply to it.")
    ]
    in_roles: Annotated[
        list[Identifier],
        Field(default=[], max_length=100, description="Roles it is a member of.", json_schema_extra=ATOMIC),
    ]
    grants: PostgresGrants


class MysqlRole(Model):
    """What MySQL knows of a role."""

    use_native_roles: Annotated[bool, Field(default=True, description="Whether it is a role of MySQL 8.")]
    grants: MysqlGrants


class ClickhouseRole(Model):
    """What ClickHouse knows of a role."""

    settings: Annotated[
        dict[str, Annotated[str, Field(max_length=4096)]],
        Field(default={}, description="Settings of sessions with it.", max_length=100),
    ]


class RoleSpec(Model):
    """What both kinds of roles have."""

    role_name: Annotated[
        Identifier, Field(description="Name inside the server.", json_schema_extra=immutable("the name of a role"))
    ]
    postgres: Annotated[PostgresRole | None, Field(default=None, description="For PostgreSQL.")]
    mysql: Annotated[MysqlRole | None, Field(default=None, description="For MySQL and MariaDB.")]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]


class DatabaseRoleSpec(RoleSpec, OnServer):
    """The wanted role."""

    clickhouse: Annotated[ClickhouseRole | None, Field(default=None, description="For ClickHouse.")]


class ClusterDatabaseRoleSpec(RoleSpec, OnClusterServer):
    """The wanted role, on a cluster-scoped server."""

    managed_resource_comment: Annotated[
        str | None, Field(default=None, max_length=1024, description="Comment on the role in the server.")
    ]


class ObservedRole(Model):
    """What the server says of it."""

    name: Annotated[Text, Field(description="Its name.")]
    created_at: Annotated[Time | None, Field(default=None, description="When it was made.")]


class DatabaseRoleStatus(DriftingStatus):
    """The observed role."""

    role: Annotated[ObservedRole | None, Field(default=None, description="What the server says of it.")]


class DatabaseRole(Model):
    """A role of a database server, that users are members of."""

    spec: DatabaseRoleSpec
    status: DatabaseRoleStatus | None = None


class ClusterDatabaseRole(Model):
    """A role of a server that the whole cluster uses."""

    spec: ClusterDatabaseRoleSpec
    status: DatabaseRoleStatus | None = None


_COLUMNS = (
    ("Role", "string", ".spec.roleName"),
    ("Phase", "string", ".status.phase"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
DEFINITION = Definition(
    DATABASE_ROLE,
    DatabaseRole,
    (("Instance", "string", ".spec.instanceRef.name"), *_COLUMNS),
    spec_rules=ONE_SERVER,
)
CLUSTER_DEFINITION = Definition(
    CLUSTER_DATABASE_ROLE,
    ClusterDatabaseRole,
    (("Instance", "string", ".spec.clusterInstanceRef.name"), *_COLUMNS),
)
