"""DatabaseInstance: a server that can be reached, whoever runs it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import Status
from dbaas.api.model import SET_OF_SCALARS, EngineBlocks, EngineName, Model, Time, immutable
from dbaas.api.references import AllowedNamespaces, CredentialsReference, DriftPolicy, LocalReference
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_INSTANCE = Kind(GROUP, VERSION, "DatabaseInstance", "databaseinstances", short_names=("dbi",))


class Connection(Model):
    """Where the server is and how to log in."""

    host: Annotated[str, Field(min_length=1, max_length=253, description="Host name or address.")]
    port: Annotated[int, Field(ge=1, le=65535, description="TCP port.")]
    database: Annotated[
        str | None, Field(default=None, max_length=255, description="Administrative database; the engine's by default.")
    ]
    secret_ref: Annotated[CredentialsReference, Field(description="Administrative login.")]


class DatabaseInstanceSpec(EngineBlocks):
    """The server."""

    engine: Annotated[EngineName, Field(description="The engine.", json_schema_extra=immutable("the engine"))]
    connection: Annotated[Connection, Field(description="Where it is and how to log in.")]
    cluster_ref: Annotated[LocalReference | None, Field(default=None, description="Set on servers of our clusters.")]
    max_connections: Annotated[int, Field(default=5, ge=1, le=100, description="Connections that we open to it.")]
    drift_policy: Annotated[DriftPolicy, Field(default=DriftPolicy(), description="Default for what lives inside it.")]
    allowed_namespaces: AllowedNamespaces
    deletion_protection: Annotated[
        bool, Field(default=True, description="Refuse deletion while other objects live on it, even when forced.")
    ]


class DatabaseInstanceStatus(Status):
    """The observed server."""

    version: Annotated[str | None, Field(default=None, max_length=100, description="Version that answered.")]
    identity: Annotated[str | None, Field(default=None, max_length=100, description="What the server calls itself.")]
    capabilities: Annotated[
        list[Annotated[str, Field(max_length=64)]],
        Field(
            default=[],
            max_length=64,
            description="What it has and what our login may do.",
            json_schema_extra=SET_OF_SCALARS,
        ),
    ]
    last_verified: Annotated[Time | None, Field(default=None, description="End of the last full drift pass.")]
    verified_objects: Annotated[int | None, Field(default=None, description="Objects compared in it.")]


class DatabaseInstance(Model):
    """A database server that can be reached, whoever runs it."""

    spec: DatabaseInstanceSpec
    status: DatabaseInstanceStatus | None = None


COLUMNS = (
    ("Engine", "string", ".spec.engine"),
    ("Host", "string", ".spec.connection.host"),
    ("Port", "integer", ".spec.connection.port"),
    ("Version", "string", ".status.version"),
    ("Phase", "string", ".status.phase"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
