"""The client that controllers get: reads from caches, writes through to the API.

The answer to a write is in the cache before the caller has it, so nobody acts on what was true before; an answer that
is older than the cache is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

import orjson

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import EventType, NotFound, WriteConflict
from dbaas.contracts.reconcile import Conflict
from dbaas.contracts.rest import Rest, Selection
from dbaas.runtime.caches import Caches
from dbaas.runtime.events import EventRecorder
from dbaas.runtime.objects import is_selected
from dbaas.runtime.ownership import would_change
from dbaas.runtime.tokens import Tokens

APPLIED_REMEMBERED = 10_000


class CachedClient:
    """Implements `contracts.client.Client`. Its `rest` must really write: answers of a dry run would poison caches."""

    def __init__(self, rest: Rest, caches: Caches, tokens: Tokens, recorder: EventRecorder) -> None:
        self._rest = rest
        self._caches = caches
        self._tokens = tokens
        self._recorder = recorder
        self._last_applied: dict[tuple[Kind, Key], tuple[bytes, str]] = {}

    async def get(self, kind: Kind, key: Key, *, fresh: bool = False) -> Resource | None:
        cache = None if fresh else self._caches.readable(kind, key.namespace)
        if cache is not None:
            return cache.get(key)
        version = "" if fresh else self._caches.version_of(kind, key)
        try:
            resource = await self._rest.get(kind, key, version=version)
        except NotFound:
            return None
        if self._caches.is_outdated(resource):  # whoever acted on it would not be woken again: its change has been told
            raise Conflict(f"cannot read {resource}: the answer is older than what is known already")
        self._caches.take(resource)
        return resource

    async def list(
        self, kind: Kind, *, namespace: str = "", labels: Mapping[str, str] | None = None, token: str = "",
        fresh: bool = False,
    ) -> Sequence[Resource]:  # fmt: skip
        if token and not fresh:  # else each of thousands of questions would read all objects of the kind
            await self._caches.until_synced(kind)
        cache = None if fresh else self._caches.readable(kind, namespace)
        if cache is None:
            listed = await self._list_fresh(kind, namespace, labels)
            return [resource for resource in listed if not token or token in self._tokens.of(resource)]
        if token:
            return [r for r in self._tokens.find(kind, token) if is_selected(r, namespace, labels or {})]
        return cache.objects.select(namespace, labels or {})

    async def _list_fresh(self, kind: Kind, namespace: str, labels: Mapping[str, str] | None) -> Sequence[Resource]:
        selector = ",".join(f"{name}={value}" for name, value in (labels or {}).items())
        selection = Selection(namespace, selector)
        items: list[Resource] = []
        token = ""
        while True:
            page = await self._rest.list_page(kind, selection, token=token)
            items.extend(page.items)
            if not (token := page.token):
                return sorted(items, key=lambda resource: resource.key)

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        return self._keep(await self._rest.create(kind, body))

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        key = _key_of(kind, body)
        live = await self.get(kind, key)
        wanted = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
        if live is not None and not self._must_apply(live, wanted):
            return live
        applied = self._keep(await self._rest.apply(kind, body, force=True))
        self._last_applied[kind, key] = (_digest(wanted), applied.metadata.resourceVersion)
        if len(self._last_applied) > APPLIED_REMEMBERED:
            del self._last_applied[next(iter(self._last_applied))]
        return applied

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, version: str = "", subresource: str = "",
        manager: str = "",
    ) -> Resource:  # fmt: skip
        if version:
            patch = {**patch, "metadata": {**(patch.get("metadata") or {}), "resourceVersion": version}}
        return self._keep(await self._rest.patch(kind, key, patch, subresource=subresource, manager=manager))

    async def delete(self, kind: Kind, key: Key, *, uid: str) -> None:
        self._last_applied.pop((kind, key), None)
        try:
            left = await self._rest.delete(kind, key, uid=uid, propagation="Background")
        except NotFound:
            left = None
        except WriteConflict as error:
            if "precondition" not in error.message.lower():
                raise
            return  # another object has the name now: ours is gone
        if left is not None:
            self._caches.take(left)
        elif (cache := self._caches.get(kind)) is not None:
            cache.remove(key, uid)

    def event(self, about: Resource, type: EventType, reason: str, note: str) -> None:
        self._recorder.record(about, type, reason, note)

    def _keep(self, resource: Resource) -> Resource:
        self._caches.take(resource)
        return resource

    def _must_apply(self, live: Resource, wanted: bytes) -> bool:
        """The memory of the last apply covers values that the server stores in another form than they were sent."""
        if self._last_applied.get((live.kind, live.key)) == (_digest(wanted), live.metadata.resourceVersion):
            return False
        return would_change(orjson.loads(wanted), live.body(), live.applied)


def _digest(wanted: bytes) -> bytes:
    return blake2b(wanted, digest_size=16).digest()


def _key_of(kind: Kind, body: Mapping[str, Any]) -> Key:
    metadata = body.get("metadata") or {}
    return Key((metadata.get("namespace") or "") if kind.namespaced else "", metadata.get("name") or "")
