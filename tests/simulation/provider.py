"""An engine that can be run, and a provider whose instances are ConfigMaps: they serve as soon as they are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import Kind, Resource
from dbaas.contracts.exporting import Exporter, exporter_login
from dbaas.contracts.provider import (
    NO_ACTIONS,
    NO_GRANTS,
    Action,
    ClusterFacts,
    Disruption,
    Instance,
    InstanceFacts,
    SecretKey,
    ServerCapability,
    ServerImage,
    ServerPart,
    Site,
    Workload,
)
from dbaas.manifests.metadata import build_metadata, cluster_labels
from simulation.engine import ADMIN


class BasaltServer:
    """One version, always installed."""

    versions = ("7",)
    images: Mapping[str, ServerImage] = {}

    def workload(self, name: str, spec: Any, site: Site = "laptop") -> Workload:
        metrics = spec.monitoring.metrics if spec.monitoring is not None else None
        image = ServerImage("registry.test/exporter:1", 1, 1)
        exporter = Exporter(image, 9000, exporter_login(name), {"username": "looker"}) if metrics else None
        secret = SecretKey(f"{name}-credentials", "password")
        return Workload("basalt", "7", (Instance(name, ("basalt",)),), secret, ADMIN, exporter=exporter)

    def programs(self, version: str) -> str | None:
        return "/opt/basalt"

    def missing_programs(self, version: str) -> str:
        return ""


class InstantProvider:
    """Everything serves at one address."""

    name = "instant"
    runs_on: Site = "laptop"
    witnesses: Sequence[Kind] = ()
    kinds: Sequence[Kind] = (CONFIG_MAP,)
    actions: Mapping[str, Action] = NO_ACTIONS
    grants: Mapping[Kind, Sequence[str]] = NO_GRANTS
    capabilities: Sequence[ServerCapability] = ()

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port

    def missing(self, server: ServerPart, version: str) -> str:
        return ""

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        labels = cluster_labels(cluster.metadata.name, workload.engine)
        return [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": build_metadata(one.name, cluster, labels), "data": {}}
            for one in workload.instances
        ]

    def entrances(self, cluster: Resource, workload: Workload, facts: ClusterFacts) -> Sequence[Mapping[str, Any]]:
        return ()

    def disruption(self, running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
        return None

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        instances = tuple(InstanceFacts(child.metadata.name, is_ready=True) for child in children)
        return ClusterFacts(instances, self._host, self._port) if instances else ClusterFacts()


class HostedProvider(InstantProvider):
    """Each instance at an address of its own, where a server runs once the agent has seen the ConfigMap."""

    def __init__(self) -> None:
        super().__init__("", 7000)

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        """`keepsData` tells what becomes of the data when the instance goes."""
        keeps = "false" if cluster.spec.get("deletionPolicy") == "Delete" else "true"
        return [{**child, "data": {"keepsData": keeps}} for child in super().children(cluster, workload, server)]

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        instances = tuple(InstanceFacts(child.metadata.name, is_ready=True) for child in children)
        host = f"{cluster.metadata.name}.{cluster.metadata.namespace}"
        return ClusterFacts(instances, host, 7000) if instances else ClusterFacts()
