"""DatabaseEngine: an entry of the catalogue of what clusters can be made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import Status
from dbaas.api.model import SET_OF_SCALARS, EngineName, Model, unique_by
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_ENGINE = Kind(GROUP, VERSION, "DatabaseEngine", "databaseengines", namespaced=False, short_names=("dbe",))


Account = Annotated[int, Field(ge=1, le=2147483647)]


class EngineImage(Model):
    """The container image of one version."""

    version: Annotated[str, Field(min_length=1, max_length=40, description="Major version.")]
    image: Annotated[str, Field(min_length=1, max_length=500, description="Reference, as a pod names it.")]
    run_as_user: Annotated[
        Account | None, Field(default=None, description="The account in it that runs the server, if not the usual one.")
    ]
    run_as_group: Annotated[Account | None, Field(default=None, description="Its group, if not the usual one.")]


class DatabaseEngineSpec(Model):
    """Which provider runs which engine in which versions."""

    type: Annotated[EngineName, Field(description="The engine.")]
    provider: Annotated[
        str, Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9-]*$", description="Who runs clusters of it.")
    ]
    supported_versions: Annotated[
        list[Annotated[str, Field(max_length=40)]],
        Field(
            min_length=1, max_length=50, description="Versions a cluster may ask for.", json_schema_extra=SET_OF_SCALARS
        ),
    ]
    images: Annotated[
        list[EngineImage],
        Field(
            default=[], max_length=50, description="Images instead of the usual ones.",
            json_schema_extra=unique_by("version"),
        ),
    ]  # fmt: skip


class DatabaseEngineStatus(Status):
    """Whether the provider is really there."""

    installed_versions: Annotated[
        list[Annotated[str, Field(max_length=40)]],
        Field(
            default=[], max_length=50, description="Versions found on this machine.", json_schema_extra=SET_OF_SCALARS
        ),
    ]


class DatabaseEngine(Model):
    """An entry of the catalogue of what clusters can be made of."""

    spec: DatabaseEngineSpec
    status: DatabaseEngineStatus | None = None


COLUMNS = (
    ("Type", "string", ".spec.type"),
    ("Provider", "string", ".spec.provider"),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status'),
    ("Age", "date", ".metadata.creationTimestamp"),
)
