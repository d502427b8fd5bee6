"""A deletion that others hold: without force they are waited for, with force they go as well once that is confirmed.

Who would go is told with a hash of all their names; the annotation `dbaas.io/confirm-delete` repeats it. Those that are
confirmed are marked before the first of them is deleted, so that after a crash they are known and newcomers are not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.resource import ANNOTATION_CONFIRM_DELETE, ANNOTATION_FORCE_DELETE, GROUP, Key, Resource
from dbaas.contracts.client import Client, NotFound
from dbaas.contracts.reconcile import Condition, Conflict, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.conditions import own_status
from dbaas.controllers.holding import DEPENDENCIES_EXIST, describe_dependents, hold_for_dependents, is_forced, name_few

PENDING = "PendingDeletionConfirmation"
CASCADING = "CascadeDeleting"
HOLDING = (DEPENDENCIES_EXIST, PENDING, CASCADING)
ANNOTATION_DELETED_WITH = f"{GROUP}/deleted-with"
FIELD = "deletionConfirmation"
MOST_LISTED = 100
LOOK_AGAIN_SECONDS = 10.0  # of what depends on those that depend nothing tells


@dataclass(frozen=True)
class Hold:
    """Why it cannot go yet. `confirmation` is `status.deletionConfirmation`, empty where none is asked for."""

    reason: str
    message: str
    phase: str = "Deleting"
    confirmation: dict[str, Any] = field(default_factory=dict)

    @property
    def condition(self) -> Condition:
        return Condition("Ready", "False", self.reason, self.message)


class Cascade:
    """Decides about an object that is being deleted and those that depend on it."""

    def __init__(self, client: Client, registry: Registry) -> None:
        self._client = client
        self._foreign = {(each.kind.api_version, each.kind.kind): each.kind for each in registry.foreign_kinds()}

    async def check(self, held: Resource, dependents: Sequence[Resource]) -> None:
        """Raises Waiting while there are any; their end wakes the object that is held."""
        hold = await self.settle(held, dependents)
        if hold is None:
            return
        status = {name: value for name, value in own_status(held).items() if name != FIELD}
        status |= {FIELD: hold.confirmation} if hold.confirmation else {}
        pause = LOOK_AGAIN_SECONDS if hold.confirmation else None
        raise Waiting(hold.reason, hold.message, requeue_after=pause, status=status, phase=hold.phase)

    async def settle(self, held: Resource, dependents: Sequence[Resource]) -> Hold | None:
        """None where nothing depends on it any more. Raises Conflict after it has written that into the status."""
        if not dependents:
            await self._conclude(held)
            return None
        if not is_forced(held):
            condition = hold_for_dependents(self._client, held, dependents)
            return Hold(condition.reason, condition.message)
        unmarked = [each for each in dependents if not _is_marked(each, held)]
        if unmarked and not _is_confirmed(held, dependents, unmarked):
            return self._ask(held, unmarked)
        for dependent in unmarked:
            await self._mark(dependent, held)
        for dependent in dependents:
            if not dependent.metadata.is_deleting:
                await self._delete(dependent)
        return _describe_progress(dependents)

    def _ask(self, held: Resource, dependents: Sequence[Resource]) -> Hold:
        digest = hash_names(dependents)
        message = (
            f"{describe_dependents(dependents)}: forced, they go as well, and spec.deletionProtection does not save "
            f"them; what they stand for stays or goes by their deletionPolicy. To confirm it, set the annotation "
            f"{ANNOTATION_CONFIRM_DELETE}: {digest!r}"
        )
        if (held.status.get(FIELD) or {}).get("hash") != digest:
            self._client.event(held, "Warning", "ForceDeletePending", message)
        confirmation = {
            "required": True,
            "hash": digest,
            "children": list_names(dependents)[:MOST_LISTED],
            "remainingCount": len(dependents),
            "message": message,
        }
        return Hold(PENDING, message, "PendingDeletion", confirmation)

    async def _mark(self, dependent: Resource, held: Resource) -> None:
        annotations = {ANNOTATION_FORCE_DELETE: "true", ANNOTATION_DELETED_WITH: held.metadata.uid}
        try:
            await self._client.patch(dependent.kind, dependent.key, {"metadata": {"annotations": annotations}})
        except NotFound:  # gone by itself meanwhile
            return

    async def _delete(self, dependent: Resource) -> None:
        """After the foreign object that it stands for, if any, which would make it again."""
        owner = dependent.metadata.owner
        foreign = self._foreign.get((owner.apiVersion, owner.kind)) if owner is not None else None
        if owner is not None and foreign is not None:
            await self._client.delete(foreign, Key(dependent.metadata.namespace, owner.name), uid=owner.uid)
        await self._client.delete(dependent.kind, dependent.key, uid=dependent.metadata.uid)

    async def _conclude(self, held: Resource) -> None:
        """Said once, since the status forgets it."""
        known = held.status.get(FIELD)
        if not known:
            return
        await self._client.patch(held.kind, held.key, {"status": {FIELD: None}}, subresource="status")
        if not known.get("required"):
            self._client.event(held, "Normal", "CascadeDeleteComplete", "all that depended on it is gone")
        raise Conflict(f"{held} has just been written")


def hash_names(objects: Iterable[Resource]) -> str:
    """Eight hexadecimal digits that stand for exactly these objects, in whatever order."""
    return hashlib.sha256("\n".join(list_names(objects)).encode()).hexdigest()[:8]


def list_names(objects: Iterable[Resource]) -> list[str]:
    """Sorted, as `Kind/namespace/name`."""
    return sorted(f"{each.kind.kind}/{each.key}" for each in objects)


def _is_marked(dependent: Resource, held: Resource) -> bool:
    """By this deletion, or by one that takes both along and has begun with it."""
    mark = dependent.metadata.annotations.get(ANNOTATION_DELETED_WITH)
    return mark == held.metadata.uid or (mark is not None and dependent.metadata.is_deleting)


def _is_confirmed(held: Resource, dependents: Sequence[Resource], unmarked: Sequence[Resource]) -> bool:
    """The first where marking them was cut short: none is gone yet."""
    given = held.metadata.annotations.get(ANNOTATION_CONFIRM_DELETE)
    return given in (hash_names(dependents), hash_names(unmarked))


def _describe_progress(dependents: Sequence[Resource]) -> Hold:
    message = f"{len(dependents)} that depended on it are being deleted: {name_few(dependents)}"
    confirmation = {
        "required": False,
        "children": list_names(dependents)[:MOST_LISTED],
        "remainingCount": len(dependents),
        "message": message,
    }
    return Hold(CASCADING, message, confirmation=confirmation)
