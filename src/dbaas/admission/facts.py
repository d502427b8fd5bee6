"""All that rules may know besides the object itself, gathered before they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Protocol

import orjson

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE, INSTANCE_KINDS
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.admission import Review
from dbaas.contracts.registry import Registry

MOST_INSTANCES = 64


class Find(Protocol):
    async def __call__(self, kind: Kind, key: Key) -> Resource | None:
        """The object as it is now; None where it does not exist (yet)."""
        ...


@dataclass(frozen=True)
class Facts:
    """`engine` is the name that the object's server or cluster gives; empty while that does not exist.

    `entry` is the spec of the DatabaseEngine that a cluster names, or else that of its engine's name. `is_resident`:
    the server is of the object's own namespace, or its owner treats all as if they were. `version` is what the server
    said last; empty where nobody knows. `cluster` is the one that an operation is about.
    """

    registry: Registry
    engine: str = ""
    entry: Mapping[str, Any] | None = None
    is_resident: bool = False
    version: str = ""
    cluster: Resource | None = None


async def gather_facts(review: Review, registry: Registry, find: Find) -> Facts:
    """Looks up only what the rules of that kind need."""
    body = review.new or review.old or {}
    namespace = str(body.get("metadata", {}).get("namespace", ""))
    spec = body.get("spec") or {}
    if review.kind == DATABASE_CLUSTER.kind:
        return await _gather_of_cluster(spec, registry, find)
    if review.kind == OPS_REQUEST.kind:
        cluster = await _follow(spec.get("clusterRef"), DATABASE_CLUSTER, namespace, find)
        facts = await _gather_of_cluster(cluster.spec, registry, find) if cluster else Facts(registry)
        return replace(facts, cluster=cluster)
    if review.kind in {kind.kind for kind in INSTANCE_KINDS}:
        return Facts(registry, str(spec.get("engine", "")))
    if review.kind in (DATABASE_GRANT.kind, DATABASE_SCHEMA.kind):
        host = await _find_host(spec, namespace, find)
        if host is None:
            return Facts(registry)
        spec, namespace = host.spec, host.metadata.namespace
    instance = await _find_instance(spec, namespace, find)
    if instance is None:  # the server that a cluster publishes has the cluster's name, and comes later
        cluster = await _follow(spec.get("instanceRef"), DATABASE_CLUSTER, namespace, find)
        return Facts(registry, str(cluster.spec.get("engine", {}).get("type", "")) if cluster else "")
    engine, version, trusts_all = _read_instance(instance.raw)
    is_resident = instance.metadata.namespace == namespace or trusts_all
    return Facts(registry, engine, is_resident=is_resident, version=version)


async def _gather_of_cluster(spec: Mapping[str, Any], registry: Registry, find: Find) -> Facts:
    engine = spec.get("engine") or {}
    known = registry.engine(str(engine.get("type", "")))
    named = (engine.get("engineRef") or {}).get("name") or (known.name if known is not None else "")
    entry = await find(DATABASE_ENGINE, Key("", named)) if named else None
    return Facts(registry, str(engine.get("type", "")), entry.spec if entry else None)


@lru_cache(MOST_INSTANCES)  # thousands of objects live on one server
def _read_instance(raw: bytes) -> tuple[str, str, bool]:
    """Its engine, its version, and whether its owner treats all namespaces as their own."""
    body = orjson.loads(raw)
    spec, status = body.get("spec") or {}, body.get("status") or {}
    tenancy = spec.get("tenancy") or {}
    return str(spec.get("engine", "")), str(status.get("version") or ""), bool(tenancy.get("privilegedAttributes"))


async def _find_host(grant: Mapping[str, Any], namespace: str, find: Find) -> Resource | None:
    """The object whose server a grant or a schema is on."""
    for field, kind in (("userRef", DATABASE_USER), ("roleRef", DATABASE_ROLE), ("databaseRef", DATABASE)):
        if grant.get(field):
            return await _follow(grant[field], kind, namespace, find)
    return None


async def _find_instance(spec: Mapping[str, Any], namespace: str, find: Find) -> Resource | None:
    """That of a cluster has its name."""
    reference, for_all = spec.get("instanceRef") or {}, spec.get("clusterInstanceRef")
    if for_all or reference.get("kind") == CLUSTER_DATABASE_INSTANCE.kind:
        return await find(CLUSTER_DATABASE_INSTANCE, Key("", str((for_all or reference).get("name"))))
    return await _follow(reference, DATABASE_INSTANCE, namespace, find)


async def _follow(reference: Mapping[str, Any] | None, kind: Kind, namespace: str, find: Find) -> Resource | None:
    name = (reference or {}).get("name")
    if not reference or not name:
        return None
    return await find(kind, Key(str(reference.get("namespace") or namespace), str(name)))
