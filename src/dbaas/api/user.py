"""DatabaseUser: a role that may log in, with a published Secret."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.conditions import Beginning, ManagedStatus
from dbaas.api.grant import Privileges
from dbaas.api.model import (
    SET_OF_SCALARS,
    Model,
    NamespaceName,
    ObjectName,
    RealName,
    SecretKeyName,
    Time,
    immutable,
    validations,
)
from dbaas.api.references import (
    ON_SERVER_RULES,
    AllowedNamespaces,
    DeletionPolicy,
    DriftPolicy,
    OnServer,
    Protection,
    Reference,
    SecretKeyReference,
)
from dbaas.api.resource import GROUP, VERSION, Kind
from dbaas.api.role import Blocked, Drop, Memberships

Texts = dict[str, Annotated[str, Field(max_length=65_536)]]

DATABASE_USER = Kind(GROUP, VERSION, "DatabaseUser", "databaseusers", short_names=("dbu",))


class SecretTemplate(Model):
    """The shape of the Secret that we make."""

    type: Annotated[
        str,
        Field(default="Opaque", min_length=1, max_length=253, description="Its type. To change it, it is made anew."),
    ]
    labels: Annotated[Texts, Field(default={}, max_length=64, description="Labels that it has besides ours.")]
    annotations: Annotated[Texts, Field(default={}, max_length=64, description="Annotations that it has.")]
    data: Annotated[
        Texts,
        Field(
            default={},
            max_length=64,
            description="Its keys, each a template such as `{{ urlEncode .Password }}`, instead of the usual ones. "
            "The password itself is always there as well, under `passwordSecret.key`.",
        ),
    ]


class PasswordSecret(Model):
    """The Secret that we make."""

    generate: Annotated[
        bool,
        Field(
            default=True,
            description="Whether we make the password. If not, and no existingPasswordSecret is given, the password of "
            "the user is left alone and no Secret is made.",
        ),
    ]
    length: Annotated[int, Field(default=32, ge=8, le=128, description="Characters of the password.")]
    include_special_chars: Annotated[bool, Field(default=True, description="Whether it has special characters.")]
    exclude_chars: Annotated[str, Field(default="", max_length=64, description="Characters it must not have.")]
    secret_name: Annotated[
        ObjectName | None, Field(default=None, description="Name; by default the object's with -credentials.")
    ]
    secret_namespace: Annotated[
        NamespaceName | None, Field(default=None, description="Its namespace; only the object's own is possible.")
    ]
    format: Annotated[
        Literal["kubernetes", "vault", "external-secrets"],
        Field(default="kubernetes", description="Where it is published; only kubernetes is possible."),
    ]
    key: Annotated[SecretKeyName, Field(default="password", description="Key of the password itself.")]
    secret_template: Annotated[
        SecretTemplate | None, Field(default=None, description="Its shape; by default the usual keys.")
    ]


class PasswordRotation(Model):
    """How the password would be changed from time to time; that is not built yet."""

    enabled: Annotated[bool, Field(default=False, description="Whether it is wanted; only false is possible.")]
    schedule: Annotated[str | None, Field(default=None, max_length=128, description="When, as five fields of cron.")]
    max_age: Annotated[str | None, Field(default=None, max_length=32, description="How old a password may become.")]
    strategy: Annotated[
        Literal["role-inheritance", "dual-password"], Field(default="role-inheritance", description="In which way.")
    ]


class DatabaseUserSpec(OnServer):
    """The wanted user."""

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
    password_rotation: Annotated[
        PasswordRotation | None,
        Field(default=None, description="Passwords are not rotated yet: leave it out, or disabled."),
    ]
    memberships: Memberships
    server_privileges: Annotated[
        list[Annotated[str, Field(max_length=40, pattern=r"^[A-Z]+$")]],
        Field(
            default=[],
            max_length=20,
            description="What it may do on the server as a whole, in the engine's words, such as CREATEDB or "
            "NOCREATEDB; the same as the attributes of the engine's block.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    drop: Drop
    roles: Annotated[
        list[RealName],
        Field(
            default=[],
            max_length=200,
            description="Roles that it is a member of; `memberships` says more of each.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    privileges: Privileges
    drift_policy: Annotated[DriftPolicy | None, Field(default=None, description="By default the server's.")]
    allowed_namespaces: AllowedNamespaces
    deletion_policy: Annotated[
        DeletionPolicy, Field(default="Delete", description="What becomes of the user when the object is deleted.")
    ]
    deletion_protection: Protection


class ObservedUser(Model):
    """What the server says of it."""

    username: Annotated[str, Field(max_length=255, description="Name inside the server.")]
    created_at: Beginning


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
    ownership_block: Blocked


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
    *ON_SERVER_RULES,
    {
        "rule": "has(self.username) == has(oldSelf.username)",
        "message": "the name of a user cannot be changed; make a new object instead",
    },
)
