"""Empties a namespace that is being deleted, then lets it go."""

from __future__ import annotations

from dbaas.apiserver.lifecycle.access import Access, Worklist
from dbaas.apiserver.lifecycle.remaining import Remaining
from dbaas.apiserver.objects import decode_entry
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.store import Change, Entry
from dbaas.core.clock import Clock, format_time

NAMESPACES = "namespaces"
FINALIZER = "kubernetes"
INITIAL = ("default", "kube-system", "kube-public")


class NamespaceCleanup:
    """The finalizer `kubernetes` in the namespace's spec is this loop's, and so are conditions in its status."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._work = Worklist()

    async def make_initial(self) -> None:
        """The namespaces that every cluster has."""
        for name in INITIAL:
            if self._access.store.collection(NAMESPACES).get(name) is None:
                await self._access.create("/api/v1/namespaces", {"metadata": {"name": name}})

    def load(self) -> None:
        for entry in self._access.store.collection(NAMESPACES):
            if entry.deleting:
                self._work.add(NAMESPACES, entry.key)
        self._access.store.listen(self._observe)

    async def run(self) -> None:
        await self._work.run(self._empty)

    def _observe(self, change: Change) -> None:
        if change.collection == NAMESPACES:
            if change.after.deleting and not change.deleted:
                self._work.add(NAMESPACES, change.key)
        elif change.after.deleting and change.after.namespace:
            namespace = self._access.store.collection(NAMESPACES).get(change.after.namespace)
            if namespace is not None and namespace.deleting:
                self._work.add(NAMESPACES, namespace.key)

    async def _empty(self, collection: str, name: str) -> None:
        found = self._access.get(collection, name)
        if found is None or not found[1].deleting or FINALIZER not in (found[2]["spec"].get("finalizers") or ()):
            return
        await self._delete_content(name)
        resource, entry, namespace = found
        remaining = self._count_content(name)
        before = namespace["status"].get("conditions") or []
        conditions = remaining.conditions(before, format_time(self._clock.now()))
        if conditions != before:
            namespace["status"]["conditions"] = conditions
            await self._access.replace(resource, entry, namespace, "status")  # what has changed comes back as a key
        elif not remaining:
            namespace["spec"]["finalizers"] = [each for each in namespace["spec"]["finalizers"] if each != FINALIZER]
            if not await self._access.replace(resource, entry, namespace, "finalize"):
                self._work.add(collection, name)

    async def _delete_content(self, name: str) -> None:
        for resource, entry in self._content(name):
            if not entry.deleting:
                await self._access.delete(resource, entry)

    def _count_content(self, name: str) -> Remaining:
        remaining = Remaining()
        for resource, entry in self._content(name):
            metadata = decode_entry(entry, resource)["metadata"]
            remaining.count(resource, metadata.get("finalizers") or ())
        return remaining

    def _content(self, name: str) -> list[tuple[Resource, Entry]]:
        found = []
        for collection, objects in self._access.store.collections():
            resource = self._access.catalogue.find_collection(collection)
            if resource is not None and resource.namespaced:
                found += [(resource, entry) for entry in objects.select(name)]
        return found
