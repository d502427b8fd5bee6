"""DatabaseGrant and ClusterDatabaseGrant: what a user, a role or everybody may do."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.conditions import ManagedStatus
from dbaas.api.model import (
    ATOMIC,
    SET_OF_SCALARS,
    EngineBlocks,
    Model,
    NamespaceName,
    ObjectName,
    RealName,
    immutable,
    validations,
)
from dbaas.api.references import ClusterReference, DriftPolicy, InstanceReference, Protection, Reference
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_GRANT = Kind(GROUP, VERSION, "DatabaseGrant", "databasegrants", short_names=("dbg",))
CLUSTER_DATABASE_GRANT = Kind(
    GROUP, VERSION, "ClusterDatabaseGrant", "clusterdatabasegrants", namespaced=False, short_names=("cdbg",)
)
GRANT_KINDS = (DATABASE_GRANT, CLUSTER_DATABASE_GRANT)

On = Literal[
    "database", "schema", "table", "column", "sequence", "function", "procedure", "type", "domain", "language",
    "foreignDataWrapper", "foreignServer", "largeObject", "parameter", "tablespace", "global",
]  # fmt: skip
PrivilegeName = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Z][A-Z ]*$")]
LongName = Annotated[str, Field(min_length=1, max_length=1023)]


class Privilege(Model):
    """Some privileges on some objects of one type."""

    on: Annotated[On, Field(description="Type of the objects.")]
    database: Annotated[RealName | None, Field(default=None, description="Database; by default that of databaseRef.")]
    schema_: Annotated[RealName | None, Field(default=None, alias="schema", description="Schema of the objects.")]
    names: Annotated[
        list[LongName],
        Field(
            default=[],
            max_length=1000,
            description='The objects; `["*"]` for all there are. For a schema, `schema` is enough. Routines by name '
            "where there is one of that name, else with the types of their arguments: `area(integer, text)`.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    columns: Annotated[
        list[RealName],
        Field(
            default=[],
            max_length=1600,
            description="Columns of the named tables, where not the whole tables are meant.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    privileges: Annotated[
        list[PrivilegeName],
        Field(min_length=1, max_length=20, description="Privileges, in capitals.", json_schema_extra=SET_OF_SCALARS),
    ]
    with_grant_option: Annotated[bool, Field(default=False, description="Whether it may be given on.")]
    future: Annotated[bool, Field(default=False, description="For objects that `grantor` makes from now on.")]
    grantor: Annotated[
        RealName | None,
        Field(
            default=None,
            description="The role that gives it, by default the object's owner. With `future`: whose objects, by "
            "default those of the database's owner.",
        ),
    ]


Privileges = Annotated[
    list[Privilege],
    Field(
        default=[],
        max_length=500,
        description="What it may do. What leaves the list is revoked.",
        json_schema_extra=ATOMIC,
    ),
]


class GrantSpec(EngineBlocks):
    """What both kinds of grants have."""

    privileges: Privileges
    public: Annotated[
        bool,
        Field(
            default=False,
            description="Everybody (PUBLIC) gets them, instead of a user or a role.",
            json_schema_extra=immutable("who gets a grant"),
        ),
    ]
    exact: Annotated[
        bool,
        Field(
            default=False,
            description="Take away what else the same one holds on the objects that are named here, unless another "
            "object asks for it. By default such privileges are left alone.",
        ),
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    deletion_protection: Protection


class DatabaseGrantSpec(GrantSpec):
    """The wanted privileges: what leaves the list is revoked."""

    user_ref: Annotated[
        Reference | None,
        Field(
            default=None,
            description="The DatabaseUser that gets them.",
            json_schema_extra=immutable("the user of a grant"),
        ),
    ]
    role_ref: Annotated[
        Reference | None,
        Field(
            default=None,
            description="The DatabaseRole that gets them.",
            json_schema_extra=immutable("the role of a grant"),
        ),
    ]
    database_ref: Annotated[
        Reference | None, Field(default=None, description="The database, where an item names none.")
    ]


class UserReference(Model):
    """A DatabaseUser."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName, Field(description="Its namespace.")]


class RoleReference(Model):
    """A DatabaseRole or, without a namespace, a ClusterDatabaseRole."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[
        NamespaceName | None, Field(default=None, description="Its namespace; none for a ClusterDatabaseRole.")
    ]


class ClusterDatabaseGrantSpec(GrantSpec):
    """The wanted privileges, on a server for the whole cluster. Items name their databases themselves."""

    cluster_instance_ref: Annotated[
        ClusterReference,
        Field(description="The ClusterDatabaseInstance it is on.", json_schema_extra=immutable("the server")),
    ]
    user_ref: Annotated[
        UserReference | None,
        Field(
            default=None,
            description="The DatabaseUser that gets them.",
            json_schema_extra=immutable("the user of a grant"),
        ),
    ]
    role_ref: Annotated[
        RoleReference | None,
        Field(
            default=None,
            description="The DatabaseRole or ClusterDatabaseRole that gets them.",
            json_schema_extra=immutable("the role of a grant"),
        ),
    ]

    @property
    def server(self) -> InstanceReference:
        """The server that is meant."""
        return InstanceReference(kind="ClusterDatabaseInstance", name=self.cluster_instance_ref.name)

    @property
    def database_ref(self) -> None:
        """A grant for the whole cluster has no database of its own."""
        return None


AnyGrantSpec = DatabaseGrantSpec | ClusterDatabaseGrantSpec


class AppliedGrants(Model):
    """How much is applied, by sort."""

    roles: Annotated[
        list[Annotated[str, Field(max_length=255)]],
        Field(default=[], max_length=200, description="Memberships.", json_schema_extra=SET_OF_SCALARS),
    ]
    direct_grants: Annotated[int, Field(default=0, description="Single privileges on objects.")]
    default_privileges: Annotated[int, Field(default=0, description="Single privileges on future objects.")]


class TargetInfo(Model):
    """Who has them."""

    type: Annotated[Literal["user", "role", "public"], Field(description="What was referred to.")]
    name: Annotated[str | None, Field(default=None, max_length=253, description="Name of the object.")]
    namespace: Annotated[str | None, Field(default=None, max_length=63, description="Its namespace.")]
    resolved_username: Annotated[str, Field(max_length=255, description="Name inside the server.")]


class DatabaseGrantStatus(ManagedStatus):
    """The observed privileges."""

    principal: Annotated[str | None, Field(default=None, max_length=255, description="Who has them.")]
    entries: Annotated[int | None, Field(default=None, description="How many single privileges are applied.")]
    applied_grants: Annotated[AppliedGrants | None, Field(default=None, description="The same, by sort.")]
    target_info: Annotated[TargetInfo | None, Field(default=None, description="Who has them, and by which object.")]


class DatabaseGrant(Model):
    """What a user, a role or everybody may do."""

    spec: DatabaseGrantSpec
    status: DatabaseGrantStatus | None = None


class ClusterDatabaseGrant(Model):
    """What a user, a role or everybody may do on a server that the whole cluster uses."""

    spec: ClusterDatabaseGrantSpec
    status: DatabaseGrantStatus | None = None


COLUMNS = (
    ("For", "string", ".status.principal"),
    ("Entries", "integer", ".status.entries"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
CLUSTER_COLUMNS = (("Server", "string", ".spec.clusterInstanceRef.name"), *COLUMNS)
_FOR_ONE = (
    {
        "rule": "[has(self.userRef), has(self.roleRef), has(self.public) && self.public].filter(x, x).size() == 1",
        "message": "say who gets it: either userRef, roleRef or public",
    },
    {
        "rule": "has(self.userRef) == has(oldSelf.userRef) && has(self.roleRef) == has(oldSelf.roleRef)",
        "message": "who gets a grant cannot be changed; make a new object instead",
    },
)
_PLACED = {
    "rule": "!(has(self.public) && self.public) || has(self.databaseRef)",
    "message": "say by databaseRef on which server everybody gets it",
}
SPEC_RULES = validations(*_FOR_ONE, _PLACED)
CLUSTER_SPEC_RULES = validations(*_FOR_ONE)
