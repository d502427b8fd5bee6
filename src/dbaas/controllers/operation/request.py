"""An OpsRequest with everything that it names: its operation, what that states, and how it stands in the queue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import OpsRequestSpec, OpsRequestStatus
from dbaas.api.resource import Key, Resource
from dbaas.contracts.operation import Change, Operation, fields_meet
from dbaas.contracts.reconcile import token_of
from dbaas.core.clock import parse_time
from dbaas.core.duration import parse_duration

SOME_TIME = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Request:
    """An OpsRequest, read. `operation` None: this installation has none of that type."""

    resource: Resource
    spec: OpsRequestSpec
    status: OpsRequestStatus
    operation: Operation | None

    @property
    def key(self) -> Key:
        return self.resource.key

    @property
    def cluster(self) -> Key:
        return Key(self.key.namespace, self.spec.cluster_ref.name)

    @property
    def uid(self) -> str:
        return self.resource.metadata.uid

    @property
    def has_begun(self) -> bool:
        """It is noted, so that what it changes may have been changed."""
        return self.status.start_time is not None

    @property
    def has_changed(self) -> bool:
        """What it changes has been changed, and that is noted."""
        return self.status.cluster_generation is not None

    @property
    def is_finished(self) -> bool:
        return self.status.completion_time is not None

    @property
    def acts(self) -> bool:
        """It is an action of the provider: the cluster's spec stays as it is."""
        return bool(self.operation is not None and self.operation.action)

    @property
    def runs(self) -> bool:
        """It runs what the cluster's DatabaseEngine declares: the cluster's spec stays as it is."""
        return bool(self.operation is not None and self.operation.declared)

    @property
    def change(self) -> Change:
        """The same each time, once it has begun."""
        return self.operation.change(self.spec, self.status.start_time or SOME_TIME) if self.operation else {}

    def is_overdue(self, now: datetime) -> bool:
        return self.remaining_seconds(now) <= 0

    def remaining_seconds(self, now: datetime) -> float:
        """Until its time is over; each step has as much. Of a step that waits for a window the beginning is to come."""
        times = [self.status.start_time, *(step.start_time for step in self.status.steps)]
        passed = now - max(parse_time(time) for time in times if time is not None)
        return (parse_duration(self.spec.timeout) - passed).total_seconds()

    def excludes(self, other: Request) -> bool:
        """Whether the two may not go on at the same time."""
        if self.operation is None or other.operation is None:
            return False
        return self.operation.alone or other.operation.alone or fields_meet(self.change, other.change)

    def is_before(self, other: Request) -> bool:
        """In order of creation; what was made in the same second is told apart by its version then."""
        return self._place < other._place

    @property
    def _place(self) -> tuple[str, int, str]:
        metadata = self.resource.metadata
        version = self.status.created_version or metadata.resourceVersion
        return metadata.creationTimestamp, int(version) if version.isdigit() else 0, metadata.name


def read_request(resource: Resource, operations: Mapping[str, Operation]) -> Request:
    """Whatever is stored can be read: the schema has seen it."""
    spec = OpsRequestSpec.model_validate(resource.spec)
    status = OpsRequestStatus.model_validate(resource.status)
    return Request(resource, spec, status, operations.get(spec.type))


def cluster_token(resource: Resource) -> str:
    """Of the cluster that it is about."""
    return token_of(DATABASE_CLUSTER, _cluster_key(resource))


def queue_token(resource: Resource) -> str:
    """Provided by all operations of a cluster, and referred to by those that have not ended."""
    return f"operates:{_cluster_key(resource)}"


def _cluster_key(resource: Resource) -> Key:
    reference = resource.spec.get("clusterRef") or {}
    return Key(resource.metadata.namespace, str(reference.get("name", "")))
