"""Which cached objects have a value: who belongs to an owner, who carries a label, who names a Secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dbaas.api.resource import Key, Resource


class Index:
    """Keys by value; values are computed once for each version of an object."""

    def __init__(self, values: Callable[[Resource], Iterable[str]]) -> None:
        self._values = values
        self._keys: dict[str, dict[Key, None]] = {}
        self._of: dict[Key, tuple[str, ...]] = {}

    def keys(self, value: str) -> list[Key]:
        return list(self._keys.get(value, ()))

    def add(self, resource: Resource) -> None:
        self._put(resource.key, tuple(dict.fromkeys(self._values(resource))))

    def discard(self, resource: Resource) -> None:
        for value in self._of.pop(resource.key, ()):
            keys = self._keys[value]
            del keys[resource.key]
            if not keys:
                del self._keys[value]

    def replace(self, old: Resource | None, new: Resource) -> None:
        values = tuple(dict.fromkeys(self._values(new)))
        if old is not None and old.key == new.key and self._of.get(new.key, ()) == values:
            return
        if old is not None:
            self.discard(old)
        self._put(new.key, values)

    def _put(self, key: Key, values: tuple[str, ...]) -> None:
        if values:
            self._of[key] = values
        for value in values:
            self._keys.setdefault(value, {})[key] = None


def owner_uids(resource: Resource) -> Iterable[str]:
    return (owner.uid for owner in resource.metadata.ownerReferences)
