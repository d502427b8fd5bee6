"""Objects as dictionaries, over the store's bytes: the last step of every write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from msgspec.structs import replace

from dbaas.apiserver.failures import Failure
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.store import Change, Entry, Store
from dbaas.apiserver.store.collection import key_of

SIZE_LIMIT = 1536 * 1024  # what etcd takes


def encode_object(obj: Mapping[str, Any], resource: Resource) -> bytes:
    """JSON that begins with the resource's prefix, so that the store can leave it away."""
    rest = {key: value for key, value in obj.items() if key not in ("apiVersion", "kind", "metadata")}
    return (
        resource.prefix
        + b'"metadata":'
        + orjson.dumps(obj["metadata"])
        + (b"," + orjson.dumps(rest)[1:] if rest else b"}")
    )


def decode_entry(entry: Entry, resource: Resource) -> dict[str, Any]:
    """A new dictionary that the caller may change."""
    obj: dict[str, Any] = orjson.loads(resource.prefix + entry.body)
    return obj if resource.translation is None else resource.translation.outward(obj)


def make_entry(key: str, version: int, obj: Mapping[str, Any], resource: Resource) -> Entry:
    """The object as the store keeps it."""
    stored = obj if resource.translation is None else resource.translation.inward(obj)
    return Entry.read(key, version, encode_object(stored, resource)[len(resource.prefix) :])


def _entry_of(data: bytes, key: str, version: int, obj: Mapping[str, Any], resource: Resource) -> Entry:
    """`data` is the encoded object, so that it need not be encoded twice."""
    if resource.translation is not None:
        return make_entry(key, version, obj, resource)
    body, metadata = data[len(resource.prefix) :], obj["metadata"]
    if metadata.get("ownerReferences"):
        return Entry.read(key, version, body)
    labels = metadata.get("labels") or {}
    return Entry(key, version, metadata.get("uid", ""), body, labels, (), metadata.get("deletionTimestamp") is not None)


class Objects:
    """Reads what the next write builds on, and writes. Nothing may be awaited between the two."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def latest(self, resource: Resource, namespace: str, name: str) -> Entry | None:
        return self._store.latest(resource.collection, key_of(namespace, name))

    def latest_named(self, collection: str, namespace: str, name: str) -> Entry | None:
        return self._store.latest(collection, key_of(namespace, name))

    def is_latest(self, resource: Resource, entry: Entry | None, namespace: str, name: str) -> bool:
        """Whether nobody has written since this entry was read."""
        return self.latest(resource, namespace, name) is entry

    async def put(
        self,
        resource: Resource,
        before: Entry | None,
        obj: dict[str, Any],
        *,
        dry_run: bool = False,
        is_complete: bool = False,
    ) -> bytes:
        """The answer's body, once it is durable. `is_complete`: the schema is known to have nothing to do on it.

        Raises Failure 413 and StorageError.
        """
        metadata = obj["metadata"]
        if dry_run:
            return encode_object(obj, resource)
        version = self._store.draw_version()
        metadata["resourceVersion"] = str(version)
        data = encode_object(obj, resource)
        if len(data) > SIZE_LIMIT:
            raise Failure(413, "RequestEntityTooLarge", "Request entity too large: limit is 1572864")
        key = key_of(metadata.get("namespace", ""), metadata["name"])
        entry = _entry_of(data, key, version, obj, resource)
        if resource.custom and (is_complete or resource.schema.is_complete(obj)):
            entry = replace(entry, complete_by=resource.schema)
        await self._store.submit(Change(resource.collection, before, entry))
        return data

    async def remove(self, resource: Resource, before: Entry, obj: dict[str, Any], *, dry_run: bool = False) -> bytes:
        """The last state of the object, once it is gone for good."""
        if dry_run:
            return encode_object(obj, resource)
        version = self._store.draw_version()
        obj["metadata"]["resourceVersion"] = str(version)
        data = encode_object(obj, resource)
        entry = _entry_of(data, before.key, version, obj, resource)
        await self._store.submit(Change(resource.collection, before, entry, deleted=True))
        return data
