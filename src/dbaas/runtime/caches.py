"""All caches of a process by kind, shared by everybody who reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import orjson

from dbaas.api.core import CONFIG_MAP, SECRET
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.index import Lookup
from dbaas.runtime.cache import Cache
from dbaas.runtime.joined import JoinedCache

METADATA_ONLY = frozenset({SECRET, CONFIG_MAP})  # what they hold is read when it is needed


class Caches:
    """`open` makes the cache of a kind on first use; whoever runs reflectors then fills it.

    With `namespaces` given, nothing of others is listed or watched; kinds that are in no namespace are whole.
    """

    def __init__(self, namespaces: Sequence[str] = ()) -> None:
        self._namespaces = tuple(namespaces)
        self._caches: dict[Kind, Cache] = {}
        self._indices = 0

    def __iter__(self) -> Iterator[Cache]:
        return iter(list(self._caches.values()))

    def open(self, kind: Kind) -> Cache:
        if kind not in self._caches:
            metadata_only = kind in METADATA_ONLY
            if self._namespaces and kind.namespaced:
                self._caches[kind] = JoinedCache(kind, self._namespaces, metadata_only=metadata_only)
            else:
                self._caches[kind] = Cache(kind, metadata_only=metadata_only)
        return self._caches[kind]

    def get(self, kind: Kind) -> Cache | None:
        return self._caches.get(kind)

    def readable(self, kind: Kind, namespace: str = "") -> Cache | None:
        """The cache that answers for whole objects of a kind; None where the API must be asked.

        Without a namespace it answers for all that this process watches.
        """
        cache = self._caches.get(kind)
        if cache is None or not cache.is_synced or cache.metadata_only:
            return None
        return cache if not namespace or {namespace, ""} & cache.parts.keys() else None

    async def until_synced(self, kind: Kind) -> None:
        """Until the first list of a kind has come in; at once where nobody fills a cache of it."""
        cache = self._caches.get(kind)
        if cache is not None:
            await cache.synced.wait()

    def version_of(self, kind: Kind, key: Key) -> str:
        """The version in which an object is known; empty where it is not."""
        cache = self._caches.get(kind)
        known = cache.get(key) if cache is not None else None
        return "" if known is None else known.metadata.resourceVersion

    def take(self, resource: Resource) -> None:
        """The answer to a write of ours."""
        cache = self._caches.get(resource.kind)
        if cache is not None:
            cache.take(reduce_to_metadata(resource) if cache.metadata_only else resource)

    def is_outdated(self, resource: Resource) -> bool:
        """Whether the cache of its kind knows better than this answer."""
        cache = self._caches.get(resource.kind)
        return cache is not None and cache.is_outdated(resource)

    def index(self, kind: Kind, values: Callable[[Resource], Iterable[str]]) -> Lookup:
        """Implements `contracts.index.Indexer`."""
        cache = self.open(kind)
        self._indices += 1
        index = cache.objects.index(f"values:{self._indices}", values)

        def look_up(value: str) -> Sequence[Resource]:
            return cache.objects.find(index, value)

        return look_up


def reduce_to_metadata(resource: Resource) -> Resource:
    """What a metadata-only watch would have brought."""
    body = resource.body()
    kept = {name: body[name] for name in ("apiVersion", "kind", "metadata") if name in body}
    return Resource(resource.kind, resource.metadata, orjson.dumps(kept), resource.applied)
