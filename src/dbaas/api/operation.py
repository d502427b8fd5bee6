"""OpsRequest: a change of a running cluster that is asked for once, with its progress and what was there before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from dbaas.api.cluster import Parameter
from dbaas.api.conditions import Status
from dbaas.api.model import ATOMIC, Duration, Model, ObjectName, Time, immutable, rule, unique_by, validations
from dbaas.api.pods import Expose, Quantity, ResourceRequirements
from dbaas.api.references import LocalReference
from dbaas.api.resource import GROUP, VERSION, Kind

OPS_REQUEST = Kind(GROUP, VERSION, "OpsRequest", "opsrequests", short_names=("ops",))
OPERATION_MANAGER = "dbaas-operation"
"""The field manager in whose name operations change the spec of a cluster."""
ANNOTATION_OPERATION = f"{GROUP}/operation"
"""On a cluster: the uid of the operation that has changed its spec last, written together with the change."""

OperationType = Literal[
    "Start", "Stop", "Restart", "Switchover", "VerticalScaling", "HorizontalScaling", "VolumeExpansion",
    "Reconfiguring", "Upgrade", "Backup", "Restore", "Expose", "RebuildInstance", "Custom",
]  # fmt: skip
Word = Annotated[str, Field(max_length=63, pattern=r"^[A-Za-z0-9]([-_.A-Za-z0-9]*[A-Za-z0-9])?$")]
FieldPath = Annotated[str, Field(max_length=512)]


class HorizontalScaling(Model):
    """Another number of instances."""

    replicas: Annotated[int, Field(ge=1, le=99, description="Instances in all, the primary among them.")]


class VerticalScaling(Model):
    """Other resources."""

    resources: Annotated[
        ResourceRequirements,
        Field(description="Of each instance. What is not named here stays as it is."),
    ]


class VolumeExpansion(Model):
    """Larger volumes."""

    size: Annotated[Quantity, Field(description="Size of the volume of each instance. It never shrinks.")]


class Reconfiguring(Model):
    """Other server settings."""

    config: Annotated[
        list[Parameter],
        Field(
            min_length=1, max_length=100, description="Settings. Those that are not named here stay as they are.",
            json_schema_extra=unique_by("name"),
        ),
    ]  # fmt: skip


class Upgrade(Model):
    """Another version."""

    target_version: Annotated[
        str, Field(min_length=1, max_length=40, pattern=r"^[0-9]+(\.[0-9]+)*$", description="Major version, or exact.")
    ]


class OperationBackup(Model):
    """A backup."""

    backup_name: Annotated[
        ObjectName | None, Field(default=None, description="Its name, by default that of the OpsRequest.")
    ]


class OperationRestore(Model):
    """Data of a backup."""

    backup_name: Annotated[ObjectName, Field(description="The backup.")]
    point_in_time: Annotated[Time | None, Field(default=None, description="Up to when changes are restored.")]


class Switchover(Model):
    """Another primary."""

    target_instance: Annotated[
        ObjectName | None, Field(default=None, description="The instance that becomes it, by default any replica.")
    ]


class RebuildInstance(Model):
    """A replica that is copied anew."""

    instance_name: Annotated[ObjectName, Field(description="The instance whose data is thrown away.")]
    source_instance: Annotated[
        ObjectName | None, Field(default=None, description="The instance it is copied from, by default any.")
    ]


class Custom(Model):
    """An operation that the cluster's DatabaseEngine declares."""

    operation: Annotated[Word, Field(min_length=1, description="Its name.")]
    parameters: Annotated[
        dict[str, Annotated[str, Field(max_length=4096)]],
        Field(default={}, max_length=50, description="What it is given, by name. This is no place for a secret."),
    ]


def _block(description: str) -> Any:
    changed = immutable("an operation")
    return Field(default=None, description=description, json_schema_extra=changed)


class OpsRequestSpec(Model):
    """What is to be done, once. Nothing of it changes later but `cancel`."""

    cluster_ref: Annotated[
        LocalReference,
        Field(description="The DatabaseCluster, in the same namespace.", json_schema_extra=immutable("an operation")),
    ]
    type: Annotated[OperationType, Field(description="What.", json_schema_extra=immutable("an operation"))]
    horizontal_scaling: Annotated[HorizontalScaling | None, _block("For HorizontalScaling.")]
    vertical_scaling: Annotated[VerticalScaling | None, _block("For VerticalScaling.")]
    volume_expansion: Annotated[VolumeExpansion | None, _block("For VolumeExpansion.")]
    reconfiguring: Annotated[Reconfiguring | None, _block("For Reconfiguring.")]
    upgrade: Annotated[Upgrade | None, _block("For Upgrade.")]
    expose: Annotated[Expose | None, _block("For Expose; as `expose` of a DatabaseCluster.")]
    switchover: Annotated[Switchover | None, _block("For Switchover.")]
    rebuild_instance: Annotated[RebuildInstance | None, _block("For RebuildInstance.")]
    custom: Annotated[Custom | None, _block("For Custom.")]
    backup: Annotated[OperationBackup | None, _block("For Backup.")]
    restore: Annotated[OperationRestore | None, _block("For Restore.")]
    cancel: Annotated[
        bool,
        Field(
            default=False,
            description="Give it up. What it has changed already stays, and the status says what was there before.",
            json_schema_extra=rule("self || !oldSelf", "what was cancelled stays so; make a new object instead"),
        ),
    ]
    force: Annotated[
        bool,
        Field(
            default=False, description="Begin even where the cluster is not Ready.",
            json_schema_extra=immutable("an operation"),
        ),
    ]  # fmt: skip
    timeout: Annotated[
        Duration,
        Field(
            default="1h", description="After so long since it began it has failed.",
            json_schema_extra=immutable("an operation"),
        ),
    ]  # fmt: skip
    ttl_seconds_after_finished: Annotated[
        int | None,
        Field(
            default=None, ge=0, le=2147483647, description="The object is deleted so long after its end.",
            json_schema_extra=immutable("an operation"),
        ),
    ]  # fmt: skip


StepPhase = Literal["Pending", "Running", "Succeeded", "Failed"]


class OperationStep(Model):
    """One step of it."""

    name: Annotated[str, Field(max_length=64, description="What is done.")]
    phase: Annotated[StepPhase, Field(description="How far it is.")]
    start_time: Annotated[Time | None, Field(default=None, description="When it began.")]
    completion_time: Annotated[Time | None, Field(default=None, description="When it ended.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="What there is to say of it.")]


class ActionLogEntry(Model):
    """One thing that was done."""

    timestamp: Annotated[Time, Field(description="When.")]
    action: Annotated[str, Field(max_length=64, description="What.")]
    status: Annotated[str, Field(max_length=64, description="How it ended.")]
    message: Annotated[str | None, Field(default=None, max_length=4096, description="What there is to say of it.")]


class PreviousValue(Model):
    """What a field of the cluster's spec was before."""

    field: Annotated[FieldPath, Field(description="Path of the field.")]
    value: Annotated[
        str | None, Field(default=None, max_length=4096, description="Its value; not there where it was not set.")
    ]


class OpsRequestStatus(Status):
    """How far it is."""

    start_time: Annotated[Time | None, Field(default=None, description="When it began.")]
    completion_time: Annotated[Time | None, Field(default=None, description="When it ended, one way or another.")]
    progress: Annotated[str | None, Field(default=None, max_length=16, description="Steps done, of all: 1/3.")]
    steps: Annotated[
        list[OperationStep],
        Field(default=[], max_length=20, description="Its steps.", json_schema_extra=unique_by("name")),
    ]
    previous: Annotated[
        list[PreviousValue],
        Field(
            default=[], max_length=200, description="What the fields were that it changes, noted before it did.",
            json_schema_extra=unique_by("field"),
        ),
    ]  # fmt: skip
    action_log: Annotated[
        list[ActionLogEntry],
        Field(default=[], max_length=50, description="What was done.", json_schema_extra=ATOMIC),
    ]
    cluster_uid: Annotated[
        str | None, Field(default=None, max_length=64, description="The very cluster that it is about.")
    ]
    cluster_generation: Annotated[
        int | None, Field(default=None, description="The generation of the cluster that it has made.")
    ]
    digest: Annotated[
        str | None,
        Field(default=None, max_length=64, description="Of the statements that an operation of type Custom runs."),
    ]
    session: Annotated[
        str | None,
        Field(
            default=None, max_length=63,
            description="Name of the session on the server that has the running step of an operation of type Custom.",
        ),
    ]  # fmt: skip
    created_version: Annotated[
        str | None, Field(default=None, max_length=64, description="Its place in the order of what came together.")
    ]
    undone: Annotated[
        list[FieldPath],
        Field(
            default=[], max_length=200, description="Fields that somebody has changed again after it had succeeded.",
            json_schema_extra=ATOMIC,
        ),
    ]  # fmt: skip


class OpsRequest(Model):
    """A change of a running cluster that is asked for once."""

    spec: OpsRequestSpec
    status: OpsRequestStatus | None = None


COLUMNS = (
    ("Type", "string", ".spec.type"),
    ("Cluster", "string", ".spec.clusterRef.name"),
    ("Phase", "string", ".status.phase"),
    ("Progress", "string", ".status.progress"),
    ("Age", "date", ".metadata.creationTimestamp"),
)
BLOCKS: Mapping[str, str] = {
    "HorizontalScaling": "horizontalScaling",
    "VerticalScaling": "verticalScaling",
    "VolumeExpansion": "volumeExpansion",
    "Reconfiguring": "reconfiguring",
    "Upgrade": "upgrade",
    "Expose": "expose",
    "Switchover": "switchover",
    "RebuildInstance": "rebuildInstance",
    "Custom": "custom",
    "Backup": "backup",
    "Restore": "restore",
}
"""Which block says more about which type."""
OPTIONAL_BLOCKS = frozenset({"switchover", "backup"})


def _rules_of(type_: str, block: str) -> list[dict[str, str]]:
    found = [
        {
            "rule": f"!has(self.{block}) || self.type == '{type_}'",
            "message": f"{block} is only for an operation of type {type_}",
        },
        {
            "rule": f"has(self.{block}) == has(oldSelf.{block})",
            "message": "an operation cannot be changed; make a new object instead",
        },
    ]
    if block not in OPTIONAL_BLOCKS:
        needed = {
            "rule": f"self.type != '{type_}' || has(self.{block})",
            "message": f"an operation of type {type_} needs {block}",
        }
        found.insert(0, needed)
    return found


SPEC_RULES = validations(
    *(each for type_, block in BLOCKS.items() for each in _rules_of(type_, block)),
    {
        "rule": "has(self.ttlSecondsAfterFinished) == has(oldSelf.ttlSecondsAfterFinished)",
        "message": "an operation cannot be changed; make a new object instead",
    },
)
