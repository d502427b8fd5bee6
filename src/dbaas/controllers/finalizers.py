"""Our finalizer: there before the first effect outside the API, gone after the last."""

from __future__ import annotations

from dbaas.api.resource import FINALIZER, Resource
from dbaas.contracts.client import Client


def is_held(resource: Resource) -> bool:
    return FINALIZER in resource.metadata.finalizers


async def hold(client: Client, resource: Resource) -> Resource:
    """Raises WriteConflict where somebody wrote in between."""
    if is_held(resource):
        return resource
    return await _write(client, resource, [*resource.metadata.finalizers, FINALIZER])


async def let_go(client: Client, resource: Resource) -> None:
    """Raises WriteConflict where somebody wrote in between."""
    if is_held(resource):
        await _write(client, resource, [name for name in resource.metadata.finalizers if name != FINALIZER])


async def _write(client: Client, resource: Resource, finalizers: list[str]) -> Resource:
    version = resource.metadata.resourceVersion
    return await client.patch(resource.kind, resource.key, {"metadata": {"finalizers": finalizers}}, version=version)
