"""A cluster with everything that its spec names: engine, provider, workload."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.database_engine import DatabaseEngineSpec
from dbaas.api.resource import Key, Resource, build_resource
from dbaas.contracts.engine import Engine
from dbaas.contracts.provider import Provider, ServerImage, ServerPart, Workload
from dbaas.contracts.reconcile import Refused
from dbaas.contracts.registry import Registry

LARGEST = 99
USUAL_ACCOUNT = 999  # the first that Debian gives to a service: most images of servers have it


@dataclass(frozen=True)
class Cluster:
    """A DatabaseCluster, read. `entry` is its DatabaseEngine, where there is one."""

    resource: Resource
    spec: DatabaseClusterSpec
    engine: Engine
    server: ServerPart
    provider: Provider
    workload: Workload
    entry: DatabaseEngineSpec | None = None

    def ask(self, spec: DatabaseClusterSpec) -> Cluster:
        """The same with that spec, and what must run for it."""
        made = self.server.workload(self.key.name, spec, self.provider.runs_on)
        return replace(self, spec=spec, workload=_with_images(self.entry, made))

    @property
    def key(self) -> Key:
        return self.resource.key

    @property
    def credentials(self) -> Key:
        """The Secret of the administrator."""
        return Key(self.key.namespace, self.workload.credentials.name)


NO_ENTRY: Mapping[str, Any] = {}


def entry_key(resource: Resource, registry: Registry) -> Key:
    """Its DatabaseEngine, by default that of the engine's own name."""
    type_ = str((resource.spec.get("engine") or {}).get("type", ""))
    engine = registry.engine(type_)
    return Key("", named_entry(resource) or (engine.name if engine is not None else type_.lower()))


def named_entry(resource: Resource) -> str:
    """The DatabaseEngine that its spec names; empty where it names none."""
    reference = (resource.spec.get("engine") or {}).get("engineRef") or {}
    return str(reference.get("name", ""))


def read_cluster(resource: Resource, registry: Registry, entry: Mapping[str, Any] = NO_ENTRY) -> Cluster:
    """`entry` is the spec of the DatabaseEngine that it names. Raises Refused where this installation cannot run it."""
    spec = DatabaseClusterSpec.model_validate(resource.spec)
    engine = registry.engine(spec.engine.type)
    if engine is None or engine.server is None:
        known = ", ".join(sorted(name for name, one in registry.engines.items() if one.server)) or "none"
        raise Refused("UnknownEngine", f"no engine that can be run is called {spec.engine.type!r}; there are: {known}")
    name = spec.provider or str(entry.get("provider", ""))
    provider = registry.provider(name)
    if provider is None:
        known = ", ".join(sorted(registry.providers)) or "none"
        raise Refused("UnknownProvider", f"no provider is called {name!r}; there are: {known}")
    workload = engine.server.workload(resource.metadata.name, spec, provider.runs_on)
    named = DatabaseEngineSpec.model_validate(entry) if entry else None
    return Cluster(resource, spec, engine, engine.server, provider, _with_images(named, workload), named)


def _with_images(entry: DatabaseEngineSpec | None, workload: Workload) -> Workload:
    """As the entry names them."""
    pooler, named = workload.pooler, entry.pooler_image if entry is not None else None
    if pooler is not None and named is not None:
        account = (named.run_as_user or pooler.image.user, named.run_as_group or pooler.image.group)
        pooler = replace(pooler, image=ServerImage(named.image, *account))
    return replace(workload, image=_find_image(entry, workload), pooler=pooler)


def _find_image(entry: DatabaseEngineSpec | None, workload: Workload) -> ServerImage | None:
    """Whoever names an image without an account means the account that the usual one has."""
    images = entry.images if entry is not None else []
    named = next((image for image in images if image.version == workload.version), None)
    if named is None:
        return workload.image
    usual = workload.image or ServerImage(named.image, USUAL_ACCOUNT, USUAL_ACCOUNT)
    older = {each.version: each.programs for each in named.upgrades_from}
    return ServerImage(named.image, named.run_as_user or usual.user, named.run_as_group or usual.group, older)


def enlarge(cluster: Cluster, names: Collection[str]) -> Cluster | None:
    """The same with more instances, so that there are several and these among them; None where they never are."""
    for size in range(max(cluster.spec.cluster_size, 2), LARGEST + 1):
        spec = cluster.spec.model_copy(update={"cluster_size": size})
        more = cluster.server.workload(cluster.key.name, spec, cluster.provider.runs_on)
        if set(names) <= {instance.name for instance in more.instances}:
            workload = replace(cluster.workload, instances=more.instances, notes=more.notes, passwords=more.passwords)
            return replace(cluster, workload=workload)
    return None


def with_data_kept(cluster: Cluster) -> Cluster:
    """The same cluster with deletionPolicy Retain, whatever its spec says."""
    body = cluster.resource.body()
    body["spec"]["deletionPolicy"] = "Retain"
    resource = build_resource(cluster.resource.kind, body)
    spec = cluster.spec.model_copy(update={"deletion_policy": "Retain"})
    return replace(cluster, resource=resource, spec=spec)
