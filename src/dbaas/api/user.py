"""DatabaseUser: a role that may log in, with a published Secret."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import ManagedStatus
from dbaas.api.model import EngineBlocks, Model, ObjectName, RealName, Time, immutable, validations
from dbaas.api.references import (
    AllowedNamespaces,
    DeletionPolicy,
    DriftPolicy,
    InstanceReference,
    Reference,
    SecretKeyReference,
)
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_USER = Kind(GROUP, VERSION, "DatabaseUser", "databaseusers", short_names=("dbu",))


class PasswordSecret(Model):
    """The Secret that we make."""

    length: Annotated[int, Field(default=32, ge=8, le=128, description="Characters of the password.")]
    include_special_chars: Annotated[bool, Field(default=True, description="Whether it has special characters.")]
    exclude_chars: Annotated[str, Field(default="", max_length=64, description="Characters it must not have.")]
    secret_name: Annotated[
        ObjectName | None, Field(default=None, description="Name; by default the object's with -credentials.")
    ]


class DatabaseUserSpec(EngineBlocks):
    """The wanted user."""

    instance_ref: Annotated[
        InstanceReference,
        Field(description="The server it lives on.", json_schema_extra=immutable("the server of a user")),
    ]
    username: Annotated[
        RealName | None,
        Field(
            default=None,
            description="Name inside the server; by default the object's name.",
            json_schema_extra=immutable("the name of a user"),
        ),
    ]
    database_ref: Annotated[
        Reference | None, Field(default=None, description="The database that the published Secret points to.")
    ]
    password_secret: Annotated[
        PasswordSecret, Field(default=PasswordSecret(), description="The Secret that we make and publish.")
    ]
    existing_password_secret: Annotated[
        SecretKeyReference | None,
        Field(default=None, description="Take the password from this Secret instead of generating one."),
    ]
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    allowed_namespaces: AllowedNamespaces
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Delete", description="What becomes of the user when the object is deleted.")
    ]


class ObservedUser(Model):
    """What the server says of it."""

    username: Annotated[str, Field(max_length=255, description="Name inside the server.")]


class PublishedSecret(Model):
    """The Secret with the login."""

    name: Annotated[str, Field(max_length=253, description="Name of the Secret.")]
    version: Annotated[str, Field(default="", max_length=64, description="Its version when the password was proven.")]
    proof: Annotated[str, Field(default="", max_length=64, description="Digest of version and server-side verifier.")]
    last_changed: Annotated[Time | None, Field(default=None, description="When the password was last set.")]


class DatabaseUserStatus(ManagedStatus):
    """The observed user."""

    user: Annotated[ObservedUser | None, Field(default=None, description="What the server says of it.")]
    secret: Annotated[PublishedSecret | None, Field(default=None, description="The Secret with the login.")]


class DatabaseUser(Model):
    """A user of a database server, with a published Secret."""

    spec: DatabaseUserSpec
    status: DatabaseUserStatus | None = None


COLUMNS = (
    ("Server", "string", ".spec.instanceRef.name"),
    ("Username", "string", ".status.user.username"),
    ("Secret", "string", ".status.secret.name"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
SPEC_RULES = validations(
    {
        "rule": "has(self.username) == has(oldSelf.username)",
        "message": "the name of a user cannot be changed; make a new object instead",
    }
)
