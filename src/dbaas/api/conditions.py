"""Conditions, and what the status of every kind has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from dbaas.api.model import Model, Time, unique_by
from dbaas.api.resource import Resource

CONDITION_TYPES = frozenset({
    "Ready", "Reconciling", "Stalled", "Synced", "Connected", "Healthy", "TLSVerified", "PasswordVerified", "Alive",
    "Monitored", "Pooled", "Encrypted",
})  # fmt: skip
"""What controllers of ours state now and leave out then. Those of all other types are their writers' to take away."""


class Condition(Model):
    """One statement about the object, as all Kubernetes kinds make them."""

    type: Annotated[str, Field(max_length=316, description="What the statement is about; Ready is always there.")]
    status: Annotated[Literal["True", "False", "Unknown"], Field(description="Whether it holds.")]
    reason: Annotated[str, Field(max_length=1024, description="Why, as one CamelCase word for programs.")]
    message: Annotated[str, Field(default="", max_length=32768, description="Why, as a sentence for people.")]
    last_transition_time: Annotated[Time, Field(description="When the status last changed.")]
    observed_generation: Annotated[int | None, Field(default=None, description="The generation it speaks of.")]


class Status(Model):
    """What the status of every kind has."""

    observed_generation: Annotated[int | None, Field(default=None, description="The generation last acted on.")]
    phase: Annotated[str | None, Field(default=None, max_length=64, description="One word for people.")]
    message: Annotated[str | None, Field(default=None, max_length=32768, description="One sentence for people.")]
    conditions: Annotated[
        list[Condition],
        Field(default=[], max_length=32, description="What holds and why.", json_schema_extra=unique_by("type")),
    ]


Beginning = Annotated[
    Time | None, Field(default=None, description="When we made it; not there where it was there before.")
]


class DriftDifference(Model):
    """One difference between the manifest and the server."""

    field: Annotated[str, Field(max_length=1024, description="Path of the field that differs.")]
    expected: Annotated[str, Field(default="", max_length=4096, description="What the manifest says.")]
    actual: Annotated[str, Field(default="", max_length=4096, description="What the server has.")]
    destructive: Annotated[bool, Field(default=False, description="Putting it right may lose data or access.")]
    immutable: Annotated[bool, Field(default=False, description="It cannot be changed in place.")]


class Drift(Model):
    """What was changed behind our back."""

    detected: Annotated[bool, Field(default=False, description="Whether anything differs.")]
    last_checked: Annotated[Time | None, Field(default=None, description="When the difference was last seen.")]
    diffs: Annotated[
        list[DriftDifference],
        Field(
            default=[],
            max_length=100,
            description="What differs.",
            json_schema_extra={"x-kubernetes-list-type": "atomic"},
        ),
    ]


class OwnedEntries(Model):
    """Which entries of a list inside the server this object has applied."""

    part: Annotated[str, Field(max_length=64, description="The kind of thing inside the server.")]
    database: Annotated[str, Field(default="", max_length=255, description="The database it is in.")]
    name: Annotated[str, Field(max_length=255, description="The thing.")]
    keys: Annotated[
        list[Annotated[str, Field(max_length=8192)]],
        Field(max_length=10000, description="The entries.", json_schema_extra={"x-kubernetes-list-type": "set"}),
    ]


class DeletionConfirmation(Model):
    """A deletion that takes others along."""

    required: Annotated[bool, Field(default=False, description="Whether it waits to be confirmed.")]
    hash: Annotated[
        str | None, Field(default=None, max_length=64, description="What annotation dbaas.io/confirm-delete must say.")
    ]
    children: Annotated[
        list[Annotated[str, Field(max_length=600)]],
        Field(
            default=[],
            max_length=100,
            description="The first of those that go as well, as Kind/namespace/name.",
            json_schema_extra={"x-kubernetes-list-type": "atomic"},
        ),
    ]
    remaining_count: Annotated[int | None, Field(default=None, description="How many of them there still are.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="What to do, or what goes on.")]


class HoldableStatus(Status):
    """What the status of every kind has that others depend on."""

    deletion_confirmation: Annotated[
        DeletionConfirmation | None, Field(default=None, description="A forced deletion that takes others along.")
    ]


class ManagedStatus(HoldableStatus):
    """What the status of every kind inside a server has."""

    drift: Annotated[Drift | None, Field(default=None, description="What was changed behind our back.")]
    owned: Annotated[
        list[OwnedEntries],
        Field(
            default=[],
            max_length=1000,
            description="What this object has applied inside the server; only this is ever taken away again.",
            json_schema_extra={"x-kubernetes-list-type": "atomic"},
        ),
    ]
    taken: Annotated[
        list[Annotated[str, Field(max_length=320)]],
        Field(
            default=[],
            max_length=1000,
            description="What an object of another namespace than its server's has made or taken over.",
            json_schema_extra={"x-kubernetes-list-type": "set"},
        ),
    ]
    applied: Annotated[str | None, Field(default=None, max_length=64, description="Digest of what was last applied.")]


class _StatedStatus(msgspec.Struct):
    conditions: list[dict[str, Any]] | None = None


class _Stated(msgspec.Struct):
    """An object, of which only the conditions are opened: it may say much besides."""

    status: _StatedStatus | None = None


_STATED = msgspec.json.Decoder(_Stated)


def read_condition(resource: Resource, name: str) -> Mapping[str, Any]:
    """The condition of that type as it is stored; empty where it is not there."""
    status = _STATED.decode(resource.raw).status
    conditions = status.conditions if status is not None and status.conditions else ()
    return next((condition for condition in conditions if condition.get("type") == name), {})
