"""What follows from a CustomResourceDefinition's end: its objects go before it, and its names are free for others."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.definitions import CLEANUP, COLLECTION, collection_of, has_its_names
from dbaas.apiserver.lifecycle.access import Access, Worklist
from dbaas.apiserver.store import Change

PROGRESS = "InstanceDeletionInProgress"


class DefinitionCleanup:
    """A definition's name is the name of its collection, so an object that goes leads back to it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._work = Worklist()

    def load(self) -> None:
        for entry in self._access.store.collection(COLLECTION):
            if entry.deleting:
                self._work.add(COLLECTION, entry.key)
        self._access.store.listen(self._observe)

    async def run(self) -> None:
        await self._work.run(self._empty)

    def _observe(self, change: Change) -> None:
        name = change.key if change.collection == COLLECTION else change.collection if change.deleted else ""
        definition = self._access.store.collection(COLLECTION).get(name) if name else None
        if definition is not None and definition.deleting:
            self._work.add(COLLECTION, name)

    async def _empty(self, collection: str, name: str) -> None:
        found = self._access.get(collection, name)
        if found is None or not found[1].deleting:
            return
        definitions, entry, definition = found
        if not _is_told(definition):
            if not await self._access.replace(definitions, entry, definition, "status"):
                self._work.add(collection, name)
            return  # it comes back with the change
        finalizers = definition["metadata"].get("finalizers") or []
        objects = collection_of(definition)
        resource = self._access.catalogue.find_collection(objects)
        left = list(self._access.store.collection(objects))
        for each in left:
            if resource is not None and not each.deleting:
                await self._access.delete(resource, each)
        if not left and CLEANUP in finalizers:
            kept = [finalizer for finalizer in finalizers if finalizer != CLEANUP]
            if not await self._access.merge(definitions, entry, {"metadata": {"finalizers": kept or None}}):
                self._work.add(collection, name)


class DefinitionNames:
    """A definition that could not have its names is looked at again whenever another of its group changes."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._work = Worklist()

    def load(self) -> None:
        self._add_refused("")
        self._access.store.listen(self._observe)

    async def run(self) -> None:
        await self._work.run(self._settle)

    def _observe(self, change: Change) -> None:
        if change.collection == COLLECTION:
            self._add_refused(change.key)

    def _add_refused(self, name: str) -> None:
        """Those of the same group; all for no name."""
        group = name.partition(".")[2]
        for entry in self._access.store.collection(COLLECTION):
            if not group or entry.key.partition(".")[2] == group:
                self._work.add(COLLECTION, entry.key)

    async def _settle(self, collection: str, name: str) -> None:
        """A write of nothing: what names a definition has is decided with each write."""
        found = self._access.get(collection, name)
        if found is None or found[1].deleting or has_its_names(found[2]):
            return
        if not await self._access.merge(found[0], found[1], {}):
            self._work.add(collection, name)


def _is_told(definition: dict[str, Any]) -> bool:
    """Whether its conditions say that its objects are being deleted; if not, they do now."""
    for condition in definition["status"].get("conditions") or ():
        if condition["type"] == "Terminating" and condition["reason"] != PROGRESS:
            condition.update(reason=PROGRESS, message="CustomResource deletion is in progress")
            return False
    return True
