"""How objects name other objects, and the blocks that several kinds share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.model import Duration, Model, NamespaceName, ObjectName, SecretKeyName

INSTANCE_KINDS = ("DatabaseInstance", "DatabaseCluster")
CONSENT = "In another namespace, its allowedNamespaces must consent."


class LocalReference(Model):
    """An object in the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]


class Reference(Model):
    """An object, by default in the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description=f"Its namespace. {CONSENT}")]


class InstanceReference(Model):
    """The server on which the thing lives."""

    kind: Annotated[
        Literal["DatabaseInstance", "DatabaseCluster"],
        Field(default="DatabaseInstance", description="A server, or a cluster whose published server is meant."),
    ]
    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description=f"Its namespace. {CONSENT}")]


class SecretKeys(Model):
    """Under which keys of the Secret things are."""

    username: Annotated[SecretKeyName, Field(default="username", description="Key of the user name.")]
    password: Annotated[SecretKeyName, Field(default="password", description="Key of the password.")]


class CredentialsReference(Model):
    """A Secret with a user name and a password."""

    name: Annotated[ObjectName, Field(description="Name of the Secret.")]
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
AllowedNamespaces = Annotated[
    list[Annotated[str, Field(max_length=63, pattern=r"^(\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$")]],
    Field(
        default=[],
        max_length=1000,
        description='Other namespaces that may refer to this one; `["*"]` for all.',
        json_schema_extra={"x-kubernetes-list-type": "set"},
    ),
]
