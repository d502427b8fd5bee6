"""Deletes what nobody owns any more.

Source: the garbage collector of kube-controller-manager. An object goes when none of its owners is there; owners that
are deleted in the foreground wait for the dependents that block them; owners that are orphaned let theirs go first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from dbaas.apiserver.lifecycle.access import Access, Worklist
from dbaas.apiserver.lifecycle.misplaced import MisplacedOwners
from dbaas.apiserver.metadata import FOREGROUND, ORPHAN
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.store import Change, Entry
from dbaas.apiserver.store.collection import key_of

Place = tuple[str, str]


class GarbageCollector:
    """Level-based: a key says only "look at this object"."""

    def __init__(self, access: Access, misplaced: MisplacedOwners) -> None:
        self._access = access
        self._misplaced = misplaced
        self._work = Worklist()
        self._dependents: dict[str, dict[Place, None]] = {}
        self._waiting: dict[str, Place] = {}  # owners in the foreground that dependents still block

    def load(self) -> None:
        """Takes what is there at start and listens for what changes."""
        for collection, objects in self._access.store.collections():
            for entry in objects:
                self._index(collection, entry)
                if entry.owners or entry.deleting:
                    self._work.add(collection, entry.key)
        self._access.store.listen(self._observe)

    async def run(self) -> None:
        await self._work.run(self._collect)

    def _observe(self, change: Change) -> None:
        if change.before is not None:
            for uid in change.before.owners:
                self._dependents.get(uid, {}).pop((change.collection, change.key), None)
                if uid in self._waiting:
                    self._work.add(*self._waiting[uid])
        if not change.deleted:
            self._index(change.collection, change.after)
            if change.after.owners or change.after.deleting:
                self._work.add(change.collection, change.key)
            return
        self._misplaced.forget(change.after)
        self._waiting.pop(change.after.uid, None)
        for place in self._dependents.pop(change.after.uid, {}):
            self._work.add(*place)

    def _index(self, collection: str, entry: Entry) -> None:
        self._misplaced.learn(entry)
        for uid in entry.owners:
            self._dependents.setdefault(uid, {})[collection, entry.key] = None

    def _find_owner(
        self, owner: Mapping[str, Any], namespace: str
    ) -> tuple[Resource, Entry] | Literal["absent", "unknown"]:
        """Absent: not there, or another one has its name. Unknown: its kind is not served, so nobody can say, or it has
        a namespace and its dependent has none: a mistake, and no reason to delete anything."""
        group, _, version = owner["apiVersion"].rpartition("/")
        resource = self._access.catalogue.find_kind(group, version, owner["kind"])
        if resource is None or (resource.namespaced and not namespace):
            return "unknown"
        place = namespace if resource.namespaced else ""
        entry = self._access.store.collection(resource.collection).get(key_of(place, owner["name"]))
        return (resource, entry) if entry is not None and entry.uid == owner["uid"] else "absent"

    async def _collect(self, collection: str, key: str) -> None:
        found = self._access.get(collection, key)
        if found is None:
            return
        resource, entry, obj = found
        finalizers = obj["metadata"].get("finalizers") or []
        if entry.deleting:
            if ORPHAN in finalizers:
                await self._orphan_dependents(resource, entry, finalizers)
            elif FOREGROUND in finalizers:
                await self._delete_dependents(resource, entry, finalizers)
        elif entry.owners:
            await self._check_owners(resource, entry, obj)

    async def _orphan_dependents(self, resource: Resource, entry: Entry, finalizers: list[str]) -> None:
        """Every dependent loses its reference to the owner, then the owner may go."""
        for collection, key in list(self._dependents.get(entry.uid, ())):
            found = self._access.get(collection, key)
            if found is not None and not await self._let_go(*found, {entry.uid}):
                self._work.add(resource.collection, entry.key)  # it has changed meanwhile: once more
                return
        await self._remove_finalizer(resource, entry, finalizers, ORPHAN)

    async def _delete_dependents(self, resource: Resource, entry: Entry, finalizers: list[str]) -> None:
        """The owner goes once no dependent that blocks it is left."""
        blocked = False
        for collection, key in list(self._dependents.get(entry.uid, ())):
            found = self._access.get(collection, key)
            if found is None:
                continue
            dependent = found[2]
            blocked |= any(
                owner["uid"] == entry.uid and owner.get("blockOwnerDeletion")
                for owner in dependent["metadata"]["ownerReferences"]
            )
            if not found[1].deleting:
                self._work.add(collection, key)
        if blocked:
            self._waiting[entry.uid] = (resource.collection, entry.key)
        else:
            await self._remove_finalizer(resource, entry, finalizers, FOREGROUND)

    async def _check_owners(self, resource: Resource, entry: Entry, obj: dict[str, Any]) -> None:
        solid, gone, waiting = False, set(), set()
        for owner in obj["metadata"]["ownerReferences"]:
            found = self._find_owner(owner, entry.namespace)
            await self._misplaced.check(resource, entry, owner)
            if found == "unknown":
                return
            if found == "absent":
                gone.add(owner["uid"])
            elif self._waits_for_dependents(*found):
                waiting.add(owner["uid"])
            else:
                solid = True
        if solid:
            if gone or waiting:
                await self._let_go(resource, entry, obj, gone | waiting)
            return
        dependents = [self._access.get(*place) for place in self._dependents.get(entry.uid, ())]
        if waiting and any(dependents):
            circular = any(each is not None and self._waits_for_dependents(*each[:2]) for each in dependents)
            if circular and not await self._unblock(resource, entry, obj):
                self._work.add(resource.collection, entry.key)
                return
            await self._access.delete(resource, entry, "Foreground")
        else:
            await self._access.delete(resource, entry, "Background")

    async def _unblock(self, resource: Resource, entry: Entry, obj: dict[str, Any]) -> bool:
        """Lets the owners go first: in a circle, each would wait for the other for ever."""
        owners = [{**owner, "blockOwnerDeletion": False} for owner in obj["metadata"]["ownerReferences"]]
        if owners == obj["metadata"]["ownerReferences"]:
            return True
        return await self._access.merge(resource, entry, {"metadata": {"ownerReferences": owners}})

    def _waits_for_dependents(self, resource: Resource, owner: Entry) -> bool:
        if not owner.deleting:
            return False
        found = self._access.get(resource.collection, owner.key)
        return found is not None and FOREGROUND in (found[2]["metadata"].get("finalizers") or ())

    async def _let_go(self, resource: Resource, entry: Entry, obj: dict[str, Any], uids: set[str]) -> bool:
        """Removes the references to these owners."""
        kept = [owner for owner in obj["metadata"]["ownerReferences"] if owner["uid"] not in uids]
        return await self._access.merge(resource, entry, {"metadata": {"ownerReferences": kept or None}})

    async def _remove_finalizer(self, resource: Resource, entry: Entry, finalizers: list[str], gone: str) -> None:
        kept = [finalizer for finalizer in finalizers if finalizer != gone]
        await self._access.merge(resource, entry, {"metadata": {"finalizers": kept or None}})
