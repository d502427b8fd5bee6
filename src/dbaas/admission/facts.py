"""All that rules may know besides the object itself, gathered before they are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.admission import Review
from dbaas.contracts.registry import Registry


class Find(Protocol):
    async def __call__(self, kind: Kind, key: Key) -> Resource | None:
        """The object as it is now; None where it does not exist (yet)."""
        ...


@dataclass(frozen=True)
class Facts:
    """`engine` is the name that the object's server or cluster gives; empty while that does not exist.

    `entry` is the spec of the DatabaseEngine that a cluster names.
    """

    registry: Registry
    engine: str = ""
    entry: Mapping[str, Any] | None = None


async def gather_facts(review: Review, registry: Registry, find: Find) -> Facts:
    """Looks up only what the rules of that kind need."""
    body = review.new or review.old or {}
    namespace = str(body.get("metadata", {}).get("namespace", ""))
    spec = body.get("spec") or {}
    if review.kind == DATABASE_CLUSTER.kind:
        engine = spec.get("engine") or {}
        named = (engine.get("engineRef") or {}).get("name")
        entry = await find(DATABASE_ENGINE, Key("", named)) if named else None
        return Facts(registry, str(engine.get("type", "")), entry.spec if entry else None)
    if review.kind == DATABASE_INSTANCE.kind:
        return Facts(registry, str(spec.get("engine", "")))
    if review.kind == DATABASE_GRANT.kind:
        user = await _follow(spec.get("userRef"), DATABASE_USER, namespace, find)
        if user is None:
            return Facts(registry)
        spec, namespace = user.spec, user.metadata.namespace
    return Facts(registry, await _engine_of(spec.get("instanceRef"), namespace, find))


async def _engine_of(reference: Mapping[str, Any] | None, namespace: str, find: Find) -> str:
    if (reference or {}).get("kind") == DATABASE_CLUSTER.kind:
        cluster = await _follow(reference, DATABASE_CLUSTER, namespace, find)
        return str(cluster.spec.get("engine", {}).get("type", "")) if cluster else ""
    instance = await _follow(reference, DATABASE_INSTANCE, namespace, find)
    if instance is None:  # the server that a cluster publishes has the cluster's name, and comes later
        instance_or_cluster = await _follow(reference, DATABASE_CLUSTER, namespace, find)
        return str(instance_or_cluster.spec.get("engine", {}).get("type", "")) if instance_or_cluster else ""
    return str(instance.spec.get("engine", ""))


async def _follow(reference: Mapping[str, Any] | None, kind: Kind, namespace: str, find: Find) -> Resource | None:
    name = (reference or {}).get("name")
    if not reference or not name:
        return None
    return await find(kind, Key(str(reference.get("namespace") or namespace), str(name)))
