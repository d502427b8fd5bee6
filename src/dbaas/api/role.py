"""DatabaseRole and ClusterDatabaseRole: named sets of rights that users and other roles are members of."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field

from dbaas.api.conditions import Beginning, ManagedStatus
from dbaas.api.grant import Privileges
from dbaas.api.model import (
    ATOMIC,
    EngineBlocks,
    Model,
    RealName,
    Time,
    immutable,
    rule,
    unique_by,
    validations,
)
from dbaas.api.references import (
    ON_SERVER_RULES,
    AllowedNamespaces,
    DeletionPolicy,
    DriftPolicy,
    OnClusterServer,
    OnServer,
    Protection,
)
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_ROLE = Kind(GROUP, VERSION, "DatabaseRole", "databaseroles", short_names=("dbr",))
CLUSTER_DATABASE_ROLE = Kind(
    GROUP, VERSION, "ClusterDatabaseRole", "clusterdatabaseroles", namespaced=False, short_names=("cdbr",)
)


class Membership(Model):
    """One role that ours is a member of."""

    role: Annotated[RealName, Field(description="Name of the role inside the server.")]
    admin: Annotated[bool, Field(default=False, description="Whether it may let others in and out.")]
    inherit: Annotated[
        bool | None,
        Field(default=None, description="Whether it has the role's rights all the time; by default as the server has."),
    ]
    set_: Annotated[
        bool | None,
        Field(default=None, alias="set", description="Whether it may become the role; by default as the server has."),
    ]


Memberships = Annotated[
    list[Membership],
    Field(
        default=[],
        max_length=200,
        description="Roles that it is a member of. What leaves the list is left; memberships of others stay.",
        json_schema_extra=unique_by("role"),
    ),
]


class DropOptions(Model):
    """What becomes of the things of a role that is dropped."""

    model_config = ConfigDict(
        json_schema_extra=rule(
            "!(self.dropOwned && has(self.reassignOwnedTo))", "either dropOwned or reassignOwnedTo, not both"
        )
    )

    revoke_privileges: Annotated[
        bool, Field(default=False, description="Whether every privilege it has in any database is revoked first.")
    ]
    drop_owned: Annotated[
        bool,
        Field(
            default=False,
            description="Whether all that it owns in any database is dropped, and its privileges are revoked.",
        ),
    ]
    reassign_owned_to: Annotated[
        RealName | None, Field(default=None, description="The role that gets all that it owns in any database.")
    ]
    check_ownership: Annotated[
        bool,
        Field(
            default=True,
            description="Whether we look first, and name what keeps it; else the server's own refusal is told.",
        ),
    ]


Drop = Annotated[
    DropOptions,
    Field(default=DropOptions(), description="What becomes of its things when it is dropped; by default they keep it."),
]


class OwnedObject(Model):
    """One thing that a role owns."""

    database: Annotated[str, Field(default="", max_length=255, description="Its database, if it is in one.")]
    schema_: Annotated[str, Field(default="", alias="schema", max_length=255, description="Its schema, if it has one.")]
    name: Annotated[str, Field(max_length=1024, description="Its name.")]
    type: Annotated[str, Field(max_length=64, description="What it is.")]


class OwnershipBlock(Model):
    """Why a role that shall be dropped is still there."""

    blocked: Annotated[bool, Field(description="Whether what it owns keeps it.")]
    last_checked_at: Annotated[Time, Field(description="When that was last found out to be different.")]
    owned_objects: Annotated[
        list[OwnedObject], Field(max_length=20, description="The first things it owns.", json_schema_extra=ATOMIC)
    ]
    resolution: Annotated[str, Field(max_length=1024, description="What to do about it.")]
    message: Annotated[str, Field(max_length=32768, description="All of it in one sentence.")]


Blocked = Annotated[
    OwnershipBlock | None, Field(default=None, description="Why it is still there although it shall be dropped.")
]


class RoleSpec(EngineBlocks):
    """What both kinds of roles have."""

    role_name: Annotated[
        RealName | None,
        Field(
            default=None,
            description="Name inside the server; by default the object's name.",
            json_schema_extra=immutable("the name of a role"),
        ),
    ]
    memberships: Memberships
    privileges: Privileges
    drop: Drop
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    allowed_namespaces: AllowedNamespaces
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Delete", description="What becomes of the role when the object is deleted.")
    ]
    deletion_protection: Protection


class DatabaseRoleSpec(RoleSpec, OnServer):
    """The wanted role."""


class ClusterDatabaseRoleSpec(RoleSpec, OnClusterServer):
    """The wanted role, on a server for the whole cluster."""


class ObservedRole(Model):
    """What the server says of it."""

    name: Annotated[str, Field(max_length=255, description="Name inside the server.")]
    created_at: Beginning


class DatabaseRoleStatus(ManagedStatus):
    """The observed role."""

    role: Annotated[ObservedRole | None, Field(default=None, description="What the server says of it.")]
    ownership_block: Blocked


class DatabaseRole(Model):
    """A role of a database server, that users are members of."""

    spec: DatabaseRoleSpec
    status: DatabaseRoleStatus | None = None


class ClusterDatabaseRole(Model):
    """A role of a server that the whole cluster uses."""

    spec: ClusterDatabaseRoleSpec
    status: DatabaseRoleStatus | None = None


_COLUMNS = (
    ("Role", "string", ".status.role.name"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
COLUMNS = (("Server", "string", ".spec.instanceRef.name"), *_COLUMNS)
CLUSTER_COLUMNS = (("Server", "string", ".spec.clusterInstanceRef.name"), *_COLUMNS)
_NAME_STAYS = {
    "rule": "has(self.roleName) == has(oldSelf.roleName)",
    "message": "the name of a role cannot be changed; make a new object instead",
}
SPEC_RULES = validations(*ON_SERVER_RULES, _NAME_STAYS)
CLUSTER_SPEC_RULES = validations(_NAME_STAYS)
