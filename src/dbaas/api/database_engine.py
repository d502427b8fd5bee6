"""DatabaseEngine: an entry of the catalogue of what clusters can be made of."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from dbaas.api.conditions import Status
from dbaas.api.model import SET_OF_SCALARS, Duration, EngineName, Model, unique_by
from dbaas.api.resource import GROUP, VERSION, Kind

DATABASE_ENGINE = Kind(GROUP, VERSION, "DatabaseEngine", "databaseengines", namespaced=False, short_names=("dbe",))

Account = Annotated[int, Field(ge=1, le=2147483647)]
StepName = Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$")]
ParameterType = Literal["Identifier", "String", "Integer", "Boolean"]
Bound = Annotated[int | None, Field(ge=-9007199254740991, le=9007199254740991)]
"""A whole number that every JSON reader reads as it was written."""
LONGEST_VALUE = 4096


class OlderPrograms(Model):
    """Programs of an older version in the image of a newer one, which read its data while it is upgraded."""

    version: Annotated[str, Field(min_length=1, max_length=40, description="Major version.")]
    programs: Annotated[
        str,
        Field(
            min_length=2,
            max_length=500,
            pattern="^/[A-Za-z0-9._/+-]+$",
            description="The folder in the image with them.",
        ),
    ]


class EngineImage(Model):
    """The container image of one version."""

    version: Annotated[str, Field(min_length=1, max_length=40, description="Major version.")]
    image: Annotated[str, Field(min_length=1, max_length=500, description="Reference, as a pod names it.")]
    run_as_user: Annotated[
        Account | None, Field(default=None, description="The account in it that runs the server, if not the usual one.")
    ]
    run_as_group: Annotated[Account | None, Field(default=None, description="Its group, if not the usual one.")]
    upgrades_from: Annotated[
        list[OlderPrograms],
        Field(
            default=[], max_length=20,
            description="Older versions whose data it can upgrade, because it has their programs as well.",
            json_schema_extra=unique_by("version"),
        ),
    ]  # fmt: skip


class PoolerImage(Model):
    """The container image of poolers."""

    image: Annotated[str, Field(min_length=1, max_length=500, description="Reference, as a pod names it.")]
    run_as_user: Annotated[
        Account | None, Field(default=None, description="The account that it runs as, if not the usual one.")
    ]
    run_as_group: Annotated[Account | None, Field(default=None, description="Its group, if not the usual one.")]


class OperationParameter(Model):
    """What whoever asks for an operation may say."""

    name: Annotated[
        str,
        Field(
            min_length=1, max_length=40, pattern=r"^[A-Za-z][A-Za-z0-9_]*$",
            description="Its name: `$(name)` stands in a statement for what is given.",
        ),
    ]  # fmt: skip
    type: Annotated[
        ParameterType,
        Field(
            default="String",
            description="How it is written into a statement: a quoted name, or a literal. It is no place for a secret.",
        ),
    ]
    description: Annotated[str | None, Field(default=None, max_length=1024, description="What it is for.")]
    default: Annotated[
        str | None,
        Field(
            default=None, max_length=LONGEST_VALUE, description="What holds where none is given. Else it is required."
        ),
    ]
    values: Annotated[
        list[Annotated[str, Field(max_length=255)]],
        Field(default=[], max_length=50, description="All that may be given.", json_schema_extra=SET_OF_SCALARS),
    ]
    pattern: Annotated[
        str | None,
        Field(
            default=None, min_length=1, max_length=200,
            description="A regular expression that the whole of what is given matches.",
        ),
    ]  # fmt: skip
    minimum: Annotated[Bound, Field(default=None, description="For an Integer: no less.")]
    maximum: Annotated[Bound, Field(default=None, description="For an Integer: no more.")]


class OperationStatement(Model):
    """One statement, in a session of its own, as the cluster's administrator, outside of any transaction."""

    name: Annotated[StepName, Field(description="Name of the step in the status of the OpsRequest.")]
    sql: Annotated[
        str,
        Field(
            min_length=1, max_length=8192,
            description="One statement. `$(name)` stands for a parameter, never inside quotes or a comment.",
        ),
    ]  # fmt: skip
    database: Annotated[
        str | None,
        Field(
            default=None, min_length=1, max_length=255,
            description="Where it runs: a name, or `$(name)` of an Identifier. By default the administrative database.",
        ),
    ]  # fmt: skip


class EngineOperation(Model):
    """What an OpsRequest of type Custom may ask for by name."""

    name: Annotated[StepName, Field(description="What it is called.")]
    description: Annotated[str | None, Field(default=None, max_length=1024, description="What it does.")]
    parameters: Annotated[
        list[OperationParameter],
        Field(default=[], max_length=20, description="What it is given.", json_schema_extra=unique_by("name")),
    ]
    statements: Annotated[
        list[OperationStatement],
        Field(min_length=1, max_length=16, description="What it does, in order.", json_schema_extra=unique_by("name")),
    ]
    repeatable: Annotated[
        bool,
        Field(
            default=False,
            description="Whether a statement may run again when nobody saw its end. Else the operation has failed.",
        ),
    ]
    timeout: Annotated[
        Duration | None,
        Field(default=None, description="How long all of it may take. An OpsRequest may ask for less, never for more."),
    ]
    lock_timeout: Annotated[
        Duration,
        Field(default="10s", description="How long a statement waits for a lock, with others waiting behind it."),
    ]


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
    pooler_image: Annotated[
        PoolerImage | None,
        Field(default=None, description="Image of poolers before clusters, instead of the usual one."),
    ]
    operations: Annotated[
        list[EngineOperation],
        Field(
            default=[], max_length=50, description="What an OpsRequest of type Custom can ask of clusters of it.",
            json_schema_extra=unique_by("name"),
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
