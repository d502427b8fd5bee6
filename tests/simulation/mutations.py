"""Bugs that operators of this field have had, put back one at a time at a seam: the simulation must find each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from dbaas.api.conditions import CONDITION_TYPES
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER, Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import ApiError, Client, EventType
from dbaas.contracts.reconcile import Condition, Controller, Outcome, Reconcile, Waiting
from dbaas.contracts.rest import Page, Propagation, Rest, Selection, WatchEvent, knows_nothing
from dbaas.core.clock import LoopClock, format_time
from simulation.lives import Parts

MANAGED = (DATABASE, DATABASE_USER, DATABASE_GRANT)


class DeafRest:
    """A re-list that tells nobody what has gone: all that was known before is listed again."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._known: dict[Kind, dict[Key, Resource]] = {}

    async def get(self, kind: Kind, key: Key, *, version: str = "") -> Resource:
        return await self._rest.get(kind, key, version=version)

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = 500, token: str = "") -> Page:
        page = await self._rest.list_page(kind, selection, limit=limit, token=token)
        known = self._known.setdefault(kind, {})
        known.update({resource.key: resource for resource in page.items})
        return Page(list(known.values()), page.version, page.token)

    async def watch(
        self, kind: Kind, selection: Selection, *, version: str, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        known, selection = self._known.setdefault(kind, {}), replace(selection, knows=knows_nothing)
        async for event in self._rest.watch(kind, selection, version=version, timeout_seconds=timeout_seconds):
            if event.resource is not None and event.change == "DELETED":
                known.pop(event.resource.key, None)
            elif event.resource is not None:
                known[event.resource.key] = event.resource
            yield event

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        return await self._rest.create(kind, body)

    async def apply(self, kind: Kind, body: Mapping[str, Any], *, force: bool = False) -> Resource:
        return await self._rest.apply(kind, body, force=force)

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, subresource: str = "", manager: str = ""
    ) -> Resource:
        return await self._rest.patch(kind, key, patch, subresource=subresource, manager=manager)

    async def delete(
        self, kind: Kind, key: Key, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Resource | None:
        left = await self._rest.delete(kind, key, uid=uid, propagation=propagation)
        if left is None:
            self._known.get(kind, {}).pop(key, None)
        return left


class CountingRest(DeafRest):
    """Deaf to nothing; counts the watches that were begun."""

    def __init__(self, rest: Rest) -> None:
        super().__init__(rest)
        self.begun = 0

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = 500, token: str = "") -> Page:
        return await self._rest.list_page(kind, selection, limit=limit, token=token)

    async def watch(
        self, kind: Kind, selection: Selection, *, version: str, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        self.begun += 1
        async for event in self._rest.watch(kind, selection, version=version, timeout_seconds=timeout_seconds):
            yield event


class StrippingRest(DeafRest):
    """Deaf to nothing; each status is written without something."""

    def __init__(self, rest: Rest, strip: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        super().__init__(rest)
        self._strip = strip

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = 500, token: str = "") -> Page:
        return await self._rest.list_page(kind, selection, limit=limit, token=token)

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, subresource: str = "", manager: str = ""
    ) -> Resource:
        if subresource == "status":
            patch = {**patch, "status": self._strip(dict(patch["status"]))}
        return await super().patch(kind, key, patch, subresource=subresource, manager=manager)


class LateClient:
    """Takes a finalizer for written at once, and writes it when `catch_up` is called."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._owed: dict[tuple[Kind, Key], Mapping[str, Any]] = {}

    async def catch_up(self, kind: Kind, key: Key) -> None:
        patch = self._owed.pop((kind, key), None)
        if patch is not None:
            await self._client.patch(kind, key, patch)

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, version: str = "", subresource: str = "",
        manager: str = "",
    ) -> Resource:  # fmt: skip
        finalizers = (patch.get("metadata") or {}).get("finalizers")
        if kind in MANAGED and finalizers and FINALIZER in finalizers:
            self._owed[kind, key] = patch
            found = await self._client.get(kind, key)
            if found is not None:
                return found
        return await self._client.patch(kind, key, patch, version=version, subresource=subresource, manager=manager)

    async def get(self, kind: Kind, key: Key, *, fresh: bool = False) -> Resource | None:
        return await self._client.get(kind, key, fresh=fresh)

    async def list(
        self, kind: Kind, *, namespace: str = "", labels: Mapping[str, str] | None = None, token: str = "",
        fresh: bool = False,
    ) -> Sequence[Resource]:  # fmt: skip
        return await self._client.list(kind, namespace=namespace, labels=labels, token=token, fresh=fresh)

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        return await self._client.create(kind, body)

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        return await self._client.apply(kind, body)

    async def delete(self, kind: Kind, key: Key, *, uid: str) -> None:
        await self._client.delete(kind, key, uid=uid)

    def event(self, about: Resource, type: EventType, reason: str, note: str) -> None:
        self._client.event(about, type, reason, note)


def _stamp(reconcile: Reconcile) -> Reconcile:
    """Each status says when it was written, so that no two are equal."""

    async def call(resource: Resource, /) -> Outcome:
        outcome = await reconcile(resource)
        if outcome.status is None:
            return outcome
        return replace(outcome, status={**outcome.status, "lastVerified": format_time(LoopClock().now())})

    return call


def _holding_late(reconcile: Reconcile, clients: Sequence[LateClient], kind: Kind) -> Reconcile:
    async def call(resource: Resource, /) -> Outcome:
        try:
            return await reconcile(resource)
        finally:
            with suppress(ApiError):  # as it was: nobody looked
                await clients[-1].catch_up(kind, resource.key)

    return call


def _forgetting(reconcile: Reconcile, rests: Sequence[CountingRest]) -> Reconcile:
    """When a watch has begun anew since an object was looked at last, it is not put back for later."""
    known: dict[Key, int] = {}

    async def call(resource: Resource, /) -> Outcome:
        begun = sum(rest.begun for rest in rests)
        forgets = known.setdefault(resource.key, begun) != begun
        known[resource.key] = begun
        try:
            outcome = await reconcile(resource)
        except Waiting as waiting:
            if not forgets:
                raise
            return Outcome([Condition("Ready", "False", waiting.reason, waiting.message)])
        return replace(outcome, requeue_after=None) if forgets else outcome

    return call


def lose_requeues() -> Parts:
    """What shall be tried again later is forgotten where a watch was interrupted in between."""
    rests: list[CountingRest] = []

    def make(rest: Rest) -> Rest:
        rests.append(CountingRest(rest))
        return rests[-1]

    return Parts(
        rest=make,
        controllers=lambda found, client: [replace(one, reconcile=_forgetting(one.reconcile, rests)) for one in found],
    )


def lose_deletes() -> Parts:
    """What is deleted while nobody watches stays in the cache for ever."""
    return Parts(rest=DeafRest)


def drop_conditions_of_others() -> Parts:
    """A status is written with our conditions alone."""

    def strip(status: dict[str, Any]) -> dict[str, Any]:
        conditions = status.get("conditions") or ()
        ours = [condition for condition in conditions if condition["type"] in CONDITION_TYPES]
        return {**status, "conditions": ours} if conditions else status

    return Parts(rest=lambda rest: StrippingRest(rest, strip))


def fight_over_status() -> Parts:
    """The status of a server is new at every look."""
    return Parts(
        controllers=lambda found, client: [
            replace(one, reconcile=_stamp(one.reconcile)) if one.kind == DATABASE_INSTANCE else one for one in found
        ]
    )


def hold_after_effect() -> Parts:
    """The finalizer comes when the effect is made already."""
    clients: list[LateClient] = []

    def make(client: Client) -> Client:
        clients.append(LateClient(client))
        return clients[-1]

    def wrap(found: Sequence[Controller], client: Client) -> Sequence[Controller]:
        return [
            replace(one, reconcile=_holding_late(one.reconcile, clients, one.kind)) if one.kind in MANAGED else one
            for one in found
        ]

    return Parts(client=make, controllers=wrap)
