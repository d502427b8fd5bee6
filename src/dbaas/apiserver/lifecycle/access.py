"""How the loops see and change objects: reads from the store, writes by the API like everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson

from dbaas.apiserver.objects import decode_entry
from dbaas.apiserver.resources import Catalogue, Resource
from dbaas.apiserver.store import Entry, Store
from dbaas.contracts.transport import Request, Transport
from dbaas.core.errors import DbaasError

MANAGER = "dbaas-apiserver"
HEADERS = {"user-agent": MANAGER, "content-type": "application/json"}


class LifecycleError(DbaasError):
    """A write of a loop was refused; the loop comes back to it."""

    reason = "LifecycleError"


class Worklist:
    """Keys to look at, each at most once at a time, in order. A key leaves it when it has been dealt with."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str], None] = {}
        self._filled = asyncio.Event()

    def add(self, collection: str, key: str) -> None:
        self._keys[collection, key] = None
        self._filled.set()

    async def run(self, step: Callable[[str, str], Awaitable[None]]) -> None:
        """Gives each key to `step`, for ever. A key whose step fails is at the end again, and the error is raised."""
        while True:
            while not self._keys:
                self._filled.clear()
                await self._filled.wait()
            collection, key = next(iter(self._keys))
            del self._keys[collection, key]
            try:
                await step(collection, key)
            except BaseException:
                self.add(collection, key)
                raise


class Access:
    """Refusals that mean "somebody else was faster" are answers here: the change that they made comes back as a key.

    Such an answer comes when their write can be read. Who tries again at once would else read the same as before, and
    keep the loop from ever committing it.
    """

    def __init__(self, transport: Transport, store: Store, catalogue: Catalogue) -> None:
        self._transport = transport
        self.store = store
        self.catalogue = catalogue

    def get(self, collection: str, key: str) -> tuple[Resource, Entry, dict[str, Any]] | None:
        """The committed object, opened; None if it is gone."""
        resource = self.catalogue.find_collection(collection)
        entry = self.store.collection(collection).get(key)
        if resource is None or entry is None:
            return None
        return resource, entry, decode_entry(entry, resource)

    async def delete(self, resource: Resource, entry: Entry, propagation: str = "Background") -> None:
        body = {"propagationPolicy": propagation, "preconditions": {"uid": entry.uid}}
        if not await self._send("DELETE", path_of(resource, entry), body):
            await self.store.settled(resource.collection, entry.key)

    async def merge(self, resource: Resource, entry: Entry, patch: Mapping[str, Any]) -> bool:
        """A merge patch that holds only for this version; False if the object has moved on."""
        versioned = {**patch, "metadata": {**patch.get("metadata", {}), "resourceVersion": str(entry.version)}}
        content_type = "application/merge-patch+json"
        done = await self._send("PATCH", path_of(resource, entry), versioned, content_type)
        if not done:
            await self.store.settled(resource.collection, entry.key)
        return done

    async def replace(self, resource: Resource, entry: Entry, obj: Mapping[str, Any], subresource: str) -> bool:
        done = await self._send("PUT", f"{path_of(resource, entry)}/{subresource}", obj)
        if not done:
            await self.store.settled(resource.collection, entry.key)
        return done

    async def create(self, path: str, obj: Mapping[str, Any]) -> bool:
        """False if it is there already."""
        return await self._send("POST", path, obj)

    async def _send(
        self, method: str, path: str, body: Mapping[str, Any], content_type: str = "application/json"
    ) -> bool:
        headers = {**HEADERS, "content-type": content_type}
        response = await self._transport.request(Request(method, path, headers=headers, body=orjson.dumps(body)))
        if response.status in (404, 409):
            return False
        if response.status >= 400:
            message = orjson.loads(response.body).get("message", "")
            raise LifecycleError(f"cannot {method.lower()} '{path}': {message}")
        return True


def path_of(resource: Resource, entry: Entry) -> str:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    place = f"/namespaces/{entry.namespace}" if entry.namespace else ""
    return f"{root}{place}/{resource.plural}/{entry.name}"
