"""A cluster with everything that its spec names: engine, provider, workload."""

from __future__ import annotations

from dataclasses import dataclass

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.resource import Key, Resource, build_resource
from dbaas.contracts.engine import Engine
from dbaas.contracts.provider import Provider, ServerPart, Workload
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry


@dataclass(frozen=True)
class Cluster:
    """A DatabaseCluster, read."""

    resource: Resource
    spec: DatabaseClusterSpec
    engine: Engine
    server: ServerPart
    provider: Provider
    workload: Workload

    @property
    def key(self) -> Key:
        return self.resource.key

    @property
    def credentials(self) -> Key:
        """The Secret of the administrator."""
        return Key(self.key.namespace, self.workload.credentials.name)


def read_cluster(resource: Resource, registry: Registry, provider_name: str = "") -> Cluster:
    """Raises Refused where this installation cannot run it."""
    spec = DatabaseClusterSpec.model_validate(resource.spec)
    engine = registry.engine(spec.engine.type)
    if engine is None or engine.server is None:
        known = ", ".join(sorted(name for name, one in registry.engines.items() if one.server)) or "none"
        raise Refused("UnknownEngine", f"no engine that can be run is called {spec.engine.type!r}; there are: {known}")
    provider = registry.provider(spec.provider or provider_name)
    if provider is None:
        known = ", ".join(sorted(registry.providers)) or "none"
        raise Refused("UnknownProvider", f"no provider is called {spec.provider!r}; there are: {known}")
    workload = engine.server.workload(resource.metadata.name, spec)
    return Cluster(resource, spec, engine, engine.server, provider, workload)


def with_data_kept(cluster: Cluster) -> Cluster:
    """The same cluster with deletionPolicy Retain, whatever its spec says."""
    body = cluster.resource.body()
    body["spec"]["deletionPolicy"] = "Retain"
    resource = build_resource(cluster.resource.kind, body)
    spec = cluster.spec.model_copy(update={"deletion_policy": "Retain"})
    return Cluster(resource, spec, cluster.engine, cluster.server, cluster.provider, cluster.workload)
