"""Blocks that several kinds of the group share, and its rules for names."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from dbaas.api.conditions import Drift, Status
from dbaas.api.model import (
    ATOMIC,
    Duration,
    Model,
    NamespaceName,
    ObjectName,
    SecretKeyName,
    Time,
    immutable,
    validations,
)

GROUP = "dbops.dbprovision.io"
VERSION = "v1alpha1"
INT32 = 2**31 - 1

# Names in servers are plain identifiers here, and never change.
Identifier = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
Text = Annotated[str, Field(max_length=253)]
ONE_SERVER: dict[str, Any] = validations(
    {
        "rule": "has(self.instanceRef) != has(self.clusterInstanceRef)",
        "message": "give exactly one of instanceRef and clusterInstanceRef",
    },
    {
        "rule": "has(self.instanceRef) == has(oldSelf.instanceRef)",
        "message": "the server cannot be changed; make a new object instead",
    },
)


class NamedReference(Model):
    """An object, by default in the same namespace."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description="Its namespace; by default our own.")]


class ClusterReference(Model):
    """A cluster-scoped object."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]


class OnServer(Model):
    """The spec of a thing on a server. A schema made of it needs `ONE_SERVER`."""

    instance_ref: Annotated[
        NamedReference | None,
        Field(default=None, description="The server it lives on.", json_schema_extra=immutable("the server")),
    ]
    cluster_instance_ref: Annotated[
        ClusterReference | None,
        Field(default=None, description="The same, cluster-scoped.", json_schema_extra=immutable("the server")),
    ]


class OnClusterServer(Model):
    """The spec of a thing on a cluster-scoped server."""

    cluster_instance_ref: Annotated[
        ClusterReference, Field(description="The server it lives on.", json_schema_extra=immutable("the server"))
    ]


class DriftPolicy(Model):
    """What to do about changes behind our back."""

    mode: Annotated[
        Literal["ignore", "detect", "correct"], Field(default="detect", description="Ignore, report or put right.")
    ]
    interval: Annotated[Duration, Field(default="8h", description="How often to look.")]


class KeyReference(Model):
    """One key of a Secret or ConfigMap."""

    name: Annotated[ObjectName, Field(description="Name of the object.")]
    namespace: Annotated[NamespaceName | None, Field(default=None, description="Its namespace; by default our own.")]
    key: Annotated[SecretKeyName, Field(description="Key in it.")]


class DeletionConfirmation(Model):
    """A deletion that takes others along and waits for consent."""

    required: Annotated[bool, Field(default=False, description="Whether consent is needed.")]
    hash: Annotated[Text | None, Field(default=None, description="What the annotation must say.")]
    children: Annotated[
        list[Text], Field(default=[], max_length=1000, description="Who would go as well.", json_schema_extra=ATOMIC)
    ]
    remaining_count: Annotated[int | None, Field(default=None, description="How many are left.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="What to do.")]


class DialectStatus(Status):
    """What the status of every kind of the group has."""

    last_reconcile_time: Annotated[Time | None, Field(default=None, description="When something last changed.")]
    reconcile_id: Annotated[Text | None, Field(default=None, alias="reconcileID", description="Of the last change.")]
    deletion_confirmation: Annotated[
        DeletionConfirmation | None, Field(default=None, description="A deletion that waits for consent.")
    ]


class DriftingStatus(DialectStatus):
    """What the status of every kind inside a server has."""

    drift: Annotated[Drift | None, Field(default=None, description="What was changed behind our back.")]
