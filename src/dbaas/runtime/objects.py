"""Objects of one kind by key, and found by what they contain."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dbaas.api.resource import Key, Resource
from dbaas.runtime.indices import Index


class Objects:
    """Keeps its indices true. `size_bytes` is that of the JSON alone."""

    def __init__(self) -> None:
        self.size_bytes = 0
        self._objects: dict[Key, Resource] = {}
        self._indices: dict[str, Index] = {}

    def __len__(self) -> int:
        return len(self._objects)

    def __iter__(self) -> Iterator[Resource]:
        """Of those that are there now: the objects may change meanwhile."""
        return iter(list(self._objects.values()))

    def get(self, key: Key) -> Resource | None:
        return self._objects.get(key)

    def put(self, resource: Resource) -> None:
        known = self._objects.get(resource.key)
        self._objects[resource.key] = resource
        self.size_bytes += len(resource.raw) - (len(known.raw) if known else 0)
        for index in self._indices.values():
            index.replace(known, resource)

    def drop(self, resource: Resource) -> None:
        del self._objects[resource.key]
        self.size_bytes -= len(resource.raw)
        for index in self._indices.values():
            index.discard(resource)

    def index(self, name: str, values: Callable[[Resource], Iterable[str]]) -> Index:
        """Made and filled on first use; the name stands for the function."""
        if name not in self._indices:
            index = Index(values)
            for resource in self._objects.values():
                index.add(resource)
            self._indices[name] = index
        return self._indices[name]

    def find(self, index: Index, value: str) -> list[Resource]:
        """In order of namespace and name."""
        return [self._objects[key] for key in sorted(index.keys(value))]

    def select(self, namespace: str, labels: Mapping[str, str]) -> Sequence[Resource]:
        """In order of namespace and name. By index, so the cost is that of what is found."""
        if labels:
            name, wanted = next(iter(labels.items()))
            index = self.index(f"label:{name}", lambda resource: _label_values(resource, name))
            return [r for r in self.find(index, wanted) if is_selected(r, namespace, labels)]
        if namespace:
            index = self.index("namespace", lambda resource: (resource.metadata.namespace,))
            return self.find(index, namespace)
        return [self._objects[key] for key in sorted(self._objects)]


def _label_values(resource: Resource, name: str) -> tuple[str, ...]:
    value = resource.metadata.labels.get(name)
    return () if value is None else (value,)


def is_selected(resource: Resource, namespace: str, labels: Mapping[str, str]) -> bool:
    if namespace and resource.metadata.namespace != namespace:
        return False
    return all(resource.metadata.labels.get(name) == value for name, value in labels.items())
