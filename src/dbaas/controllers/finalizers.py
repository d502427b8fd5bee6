"""Finalizers: there before the first effect outside the API, gone after the last. By default ours."""

from __future__ import annotations

from collections.abc import Mapping

from dbaas.api.resource import FINALIZER, Resource
from dbaas.contracts.client import Client


def is_held(resource: Resource, name: str = FINALIZER) -> bool:
    return name in resource.metadata.finalizers


async def hold(
    client: Client, resource: Resource, name: str = FINALIZER, annotations: Mapping[str, str] | None = None
) -> Resource:
    """With `annotations`, where it is not held yet. Raises WriteConflict where somebody wrote in between."""
    if is_held(resource, name):
        return resource
    return await _write(client, resource, [*resource.metadata.finalizers, name], annotations)


async def let_go(client: Client, resource: Resource, name: str = FINALIZER) -> None:
    """Raises WriteConflict where somebody wrote in between."""
    if is_held(resource, name):
        await _write(client, resource, [other for other in resource.metadata.finalizers if other != name])


async def _write(
    client: Client, resource: Resource, finalizers: list[str], annotations: Mapping[str, str] | None = None
) -> Resource:
    version = resource.metadata.resourceVersion
    metadata = {"finalizers": finalizers, **({"annotations": dict(annotations)} if annotations else {})}
    return await client.patch(resource.kind, resource.key, {"metadata": metadata}, version=version)
