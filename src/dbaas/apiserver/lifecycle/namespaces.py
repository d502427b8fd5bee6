"""Empties a namespace that is being deleted, then lets it go."""

from __future__ import annotations

from dbaas.apiserver.lifecycle.access import Access, Worklist
from dbaas.apiserver.store import Change

NAMESPACES = "namespaces"
INITIAL = ("default", "kube-system", "kube-public")


class NamespaceCleanup:
    """The finalizer `kubernetes` in the namespace's spec is this loop's."""

    def __init__(self, access: Access) -> None:
        self._access = access
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
        elif change.deleted and change.after.namespace:
            namespace = self._access.store.collection(NAMESPACES).get(change.after.namespace)
            if namespace is not None and namespace.deleting:
                self._work.add(NAMESPACES, namespace.key)

    async def _empty(self, collection: str, name: str) -> None:
        found = self._access.get(collection, name)
        if found is None or not found[1].deleting:
            return
        empty = True
        for each, objects in self._access.store.collections():
            resource = self._access.catalogue.find_collection(each)
            if resource is None or not resource.namespaced:
                continue
            for entry in list(objects.select(name)):
                empty = False
                if not entry.deleting:
                    await self._access.delete(resource, entry)
        if empty:
            resource, entry, obj = found
            obj["spec"]["finalizers"] = []
            if not await self._access.replace(resource, entry, obj, "finalize"):
                self._work.add(collection, name)
