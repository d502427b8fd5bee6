"""One Process object per instance of a cluster, and back from their status to facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.cluster import DatabaseCluster
from dbaas.api.process import PROCESS, Process
from dbaas.api.resource import LABEL_INSTANCE, Kind, Resource
from dbaas.contracts.provider import (
    ClusterFacts,
    InstanceFacts,
    NotProvided,
    ServerCapability,
    ServerPart,
    Site,
    Workload,
)
from dbaas.manifests.metadata import build_metadata, cluster_labels
from dbaas.providers.process.capabilities import CAPABILITIES
from dbaas.providers.process.rendering import render_spec


class ProcessProvider:
    """Implements `contracts.provider.Provider`."""

    name = "process"
    runs_on: Site = "laptop"
    witnesses: Sequence[Kind] = ()
    kinds: Sequence[Kind] = (PROCESS,)
    capabilities: Sequence[ServerCapability] = CAPABILITIES

    def missing(self, server: ServerPart, version: str) -> str:
        """The programs must be on this machine."""
        return "" if server.programs(version) is not None else server.missing_programs(version)

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        """Raises NotProvided where the programs are not installed."""
        programs = server.programs(workload.version)
        if programs is None:
            raise NotProvided(server.missing_programs(workload.version))
        spec = DatabaseCluster.model_validate(cluster.body()).spec
        labels = cluster_labels(cluster.metadata.name, workload.engine)
        keeps_data = spec.deletion_policy != "Delete"
        return [
            {
                "apiVersion": PROCESS.api_version,
                "kind": PROCESS.kind,
                "metadata": build_metadata(instance.name, cluster, {**labels, LABEL_INSTANCE: instance.name}),
                "spec": render_spec(instance, programs, stopped=spec.stopped, keeps_data=keeps_data),
            }
            for instance in workload.instances
        ]

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        """The first instance is the one that takes writes: a cluster has only one here."""
        processes = [child for child in children if child.kind == PROCESS]
        instances = tuple(_facts(child) for child in sorted(processes, key=lambda child: child.key))
        if not instances:
            return ClusterFacts()
        first = instances[0]
        return ClusterFacts(instances, first.host, next(iter(first.ports.values()), 0))


def _facts(child: Resource) -> InstanceFacts:
    """Ports are in the order of the spec. A status that does not speak of the newest spec counts as not ready."""
    process = Process.model_validate(child.body())
    status = process.status
    if status is None:
        return InstanceFacts(child.metadata.name, False, reason="Pending", message="the process has not been seen yet")
    ready = next((condition for condition in status.conditions if condition.type == "Ready"), None)
    stalled = next((condition for condition in status.conditions if condition.type == "Stalled"), None)
    is_current = (status.observed_generation or 0) >= child.metadata.generation
    reason = ready.reason if ready and is_current else "Pending"
    message = ready.message if ready and is_current else "the process is being brought up to date"
    ports = {port.name: status.ports[port.name] for port in process.spec.ports if port.name in status.ports}
    return InstanceFacts(
        name=child.metadata.name, is_ready=bool(is_current and ready and ready.status == "True"),
        host=status.host or "", ports=ports, restarts=status.restarts, reason=reason, message=message,
        is_refused=bool(is_current and stalled and stalled.status == "True"),
    )  # fmt: skip
