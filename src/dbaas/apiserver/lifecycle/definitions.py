"""Deletes the objects of a CustomResourceDefinition that is being deleted, then lets it go."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.definitions import CLEANUP, COLLECTION, collection_of
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


def _is_told(definition: dict[str, Any]) -> bool:
    """Whether its conditions say that its objects are being deleted; if not, they do now."""
    for condition in definition["status"].get("conditions") or ():
        if condition["type"] == "Terminating" and condition["reason"] != PROGRESS:
            condition.update(reason=PROGRESS, message="CustomResource deletion is in progress")
            return False
    return True
