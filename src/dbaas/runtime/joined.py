"""One cache over several namespaces, each with a list and watch of its own: for whoever may not read all of them.

Each namespace has a cache that its reflector fills, with its own version and its own lists; what changes there is
passed on to the whole, which is what everybody reads and listens to.
"""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.resource import Key, Kind, Resource
from dbaas.runtime.cache import Cache, Change


class JoinedCache(Cache):
    """Nothing from other namespaces is ever in it. `version` says nothing here: each part has its own."""

    def __init__(self, kind: Kind, namespaces: Sequence[str], *, metadata_only: bool = False) -> None:
        super().__init__(kind, metadata_only=metadata_only)
        self.parts = {name: Cache(kind, metadata_only=metadata_only, listed=self._note_list) for name in namespaces}
        for part in self.parts.values():
            part.listen(self._pass_on)

    def take(self, resource: Resource) -> None:
        part = self.parts.get(resource.key.namespace)
        if part is not None:
            part.take(resource)

    def is_outdated(self, resource: Resource) -> bool:
        part = self.parts.get(resource.key.namespace)
        return part is not None and part.is_outdated(resource)

    def remove(self, key: Key, uid: str, version: str = "") -> None:
        part = self.parts.get(key.namespace)
        if part is not None:
            part.remove(key, uid, version)

    def _note_list(self) -> None:
        if all(part.is_synced for part in self.parts.values()):
            self.synced.set()

    def _pass_on(self, change: Change) -> None:
        if change.new is not None:
            self.objects.put(change.new)
        elif change.old is not None:
            self.objects.drop(change.old)
        self._tell(change)
