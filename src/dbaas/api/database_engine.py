"""DatabaseEngine: an entry of the catalogue of what clusters can be made of."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dbaas.api.conditions import Status
from dbaas.api.model import SET_OF_SCALARS, EngineName, Model
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_ENGINE = Kind(GROUP, VERSION, "DatabaseEngine", "databaseengines", namespaced=False, short_names=("dbe",))


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
