"""How objects name other objects, and the blocks that several kinds share."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dbaas.api.model import (
    Duration,
    EngineBlocks,
    Model,
    NamespaceName,
    ObjectName,
    SecretKeyName,
    immutable,
    validations,
)

CONSENT = "In another namespace, its allowedNamespaces must consent."


class LocalReference(Model):
    """An object in the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]


class Reference(Model):
    """An object, by default in the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description=f"Its namespace. {CONSENT}")]


class ClusterReference(Model):
    """An object for the whole cluster. Its allowedNamespaces must consent."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]


class InstanceReference(Model):
    """The server on which the thing lives."""

    kind: Annotated[
        Literal["DatabaseInstance", "ClusterDatabaseInstance", "DatabaseCluster"],
        Field(
            default="DatabaseInstance",
            description="A server, one for the whole cluster, or a cluster whose published server is meant.",
        ),
    ]
    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description=f"Its namespace. {CONSENT}")]


class OnClusterServer(EngineBlocks):
    """The spec of a thing on a server for the whole cluster."""

    cluster_instance_ref: Annotated[
        ClusterReference,
        Field(description="The ClusterDatabaseInstance it lives on.", json_schema_extra=immutable("the server")),
    ]

    @property
    def server(self) -> InstanceReference:
        """The server that is meant."""
        return InstanceReference(kind="ClusterDatabaseInstance", name=self.cluster_instance_ref.name)


class OnServer(EngineBlocks):
    """The spec of a thing on a server. A schema made of it needs `ON_SERVER_RULES`: exactly one of the two is there."""

    instance_ref: Annotated[
        InstanceReference | None,
        Field(
            default=None,
            description="The server it lives on. Give this or clusterInstanceRef.",
            json_schema_extra=validations(
                {"rule": "self == oldSelf", "message": "the server cannot be changed; make a new object instead"},
                {
                    "rule": "self.kind != 'ClusterDatabaseInstance' || !has(self.namespace)",
                    "message": "a ClusterDatabaseInstance is in no namespace: leave it out",
                },
            ),
        ),
    ]
    cluster_instance_ref: Annotated[
        ClusterReference | None,
        Field(
            default=None,
            description="The ClusterDatabaseInstance it lives on.",
            json_schema_extra=immutable("the server"),
        ),
    ]

    @property
    def server(self) -> InstanceReference:
        """The server that is meant, however it is given."""
        if self.cluster_instance_ref is not None:
            return InstanceReference(kind="ClusterDatabaseInstance", name=self.cluster_instance_ref.name)
        assert self.instance_ref is not None, "the schema asks for one of the two"
        return self.instance_ref


ON_SERVER_RULES: tuple[dict[str, Any], ...] = (
    {
        "rule": "has(self.instanceRef) != has(self.clusterInstanceRef)",
        "message": "give the server: either instanceRef or clusterInstanceRef",
    },
    {
        "rule": "has(self.instanceRef) == has(oldSelf.instanceRef)",
        "message": "the server cannot be changed; make a new object instead",
    },
)


SecretNamespace = Annotated[
    NamespaceName | None,
    Field(default=None, description="Its namespace; given by objects for the whole cluster, and by no others."),
]


class SecretKeys(Model):
    """Under which keys of the Secret things are."""

    username: Annotated[SecretKeyName, Field(default="username", description="Key of the user name.")]
    password: Annotated[SecretKeyName, Field(default="password", description="Key of the password.")]


class CredentialsReference(Model):
    """A Secret with a user name and a password."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    namespace: SecretNamespace
    keys: Annotated[SecretKeys, Field(default=SecretKeys(), description="Keys in the Secret.")]


class SecretKeyReference(Model):
    """One key of a Secret in the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
    key: Annotated[SecretKeyName, Field(description="Key in the Secret.")]


class DriftPolicy(Model):
    """What to do about changes behind our back."""

    mode: Annotated[
        Literal["ignore", "detect", "correct"],
        Field(default="detect", description="Say nothing, report it (Ready turns False), or put it right."),
    ]
    interval: Annotated[Duration, Field(default="1m", description="How often to look.")]


DeletionPolicy = Literal["Retain", "Delete", "Snapshot"]
Protection = Annotated[
    bool, Field(default=False, description="Refuse a deletion that takes it away from the server, unless forced.")
]
AllowedNamespaces = Annotated[
    list[Annotated[str, Field(max_length=63, pattern=r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$")]],
    Field(
        default=[],
        max_length=1000,
        description='Other namespaces that may refer to this one; `["*"]` for all.',
        json_schema_extra={"x-kubernetes-list-type": "set"},
    ),
]
