"""For plans: what foreign objects would become stands beside them, so that its statements are told as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.contracts.client import Client
from dbaas.contracts.dialect import ForeignKind, translate
from dbaas.contracts.registry import Registry
from dbaas.controllers.facade import finder

Bodies = Sequence[tuple[Kind, Mapping[str, Any]]]


async def with_children(client: Client, registry: Registry, bodies: Bodies) -> Bodies:
    """The same, and after each foreign object what it becomes; as it is there already, with our fields laid over it."""
    told: list[tuple[Kind, Mapping[str, Any]]] = []
    for kind, body in bodies:
        told.append((kind, body))
        foreign = registry.foreign(kind.group, kind.kind)
        if foreign is not None:
            told += await _children(client, foreign, build_resource(kind, dict(body)))
    return told


async def _children(client: Client, foreign: ForeignKind, resource: Resource) -> Bodies:
    kinds = {(kind.api_version, kind.kind): kind for kind in foreign.becomes}
    children: list[tuple[Kind, Mapping[str, Any]]] = []
    for body in (await translate(foreign, resource, finder(client))).objects:
        kind = kinds[body["apiVersion"], body["kind"]]
        namespace = {"namespace": resource.metadata.namespace} if kind.namespaced else {}
        placed = {**body, "metadata": {**namespace, **body["metadata"]}}
        live = await client.get(kind, Key(namespace.get("namespace", ""), body["metadata"]["name"]))
        children.append((kind, lay_over(live.body(), placed) if live is not None else placed))
    return children


def lay_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Mappings field by field, everything else whole."""
    merged = dict(below)
    for name, value in above.items():
        known = merged.get(name)
        nested = isinstance(value, Mapping) and isinstance(known, Mapping)
        merged[name] = lay_over(known, value) if nested else value  # type: ignore[arg-type]
    return merged
