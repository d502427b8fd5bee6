"""Serves a kind of a foreign group: applies what it translates to as owned children, and writes their state back.

What the children do is theirs; nothing about servers is known here. A deletion takes the newest word of the foreign
object to the children first, since it may just have changed its mind about what becomes of the data.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from dbaas.api.init_sql import ANSWER
from dbaas.api.instance import ANNOTATION_ADOPTABLE
from dbaas.api.resource import (
    ANNOTATION_ALLOW_DESTRUCTIVE,
    ANNOTATION_CONFIRM_DELETE,
    ANNOTATION_FORCE_DELETE,
    ANNOTATION_PAUSED,
    ANNOTATION_RECONCILE_AT,
    Key,
    Kind,
    Resource,
)
from dbaas.contracts.admission import Admission
from dbaas.contracts.client import Client
from dbaas.contracts.dialect import ForeignKind, Happening, Lookup, Reflection, Translation, translate
from dbaas.contracts.reconcile import Controller, Outcome, Refused, Waiting, token_of
from dbaas.controllers.finalizers import hold, is_held, let_go
from dbaas.controllers.managed.resolution import ALREADY_MANAGED
from dbaas.controllers.refusing import refuse_invalid
from dbaas.manifests.metadata import build_metadata, is_controlled_by

LOOKUP_SECONDS = 30.0  # of what may be anywhere nothing tells
HANDED_ON = (
    ANNOTATION_FORCE_DELETE,
    ANNOTATION_CONFIRM_DELETE,
    ANNOTATION_ALLOW_DESTRUCTIVE,
    ANNOTATION_RECONCILE_AT,
    ANNOTATION_ADOPTABLE,
    ANSWER,
)
"""Annotations of ours that count on a foreign object too, beside the words that its group has for them."""


class Facade:
    """One for each foreign kind."""

    def __init__(self, foreign: ForeignKind, client: Client, admission: Admission) -> None:
        self._foreign = foreign
        self._client = client
        self._admission = admission
        self._becomes: Mapping[tuple[str, str], Kind] = {(k.api_version, k.kind): k for k in foreign.becomes}

    def build(self) -> Controller:
        """The controller for the runtime."""
        return Controller(self._foreign.kind, self.reconcile, owns=self._foreign.becomes, references=self._refer)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting where something must be there first, Refused where the object cannot be honoured."""
        if resource.metadata.is_deleting:
            return await self._finish(resource)
        if self._foreign.is_paused(resource):
            return await self._rest(resource)
        await refuse_invalid(self._admission, resource)
        translation = await self._translate(resource)
        if translation.missing:
            raise Waiting("DependencyMissing", "; ".join(translation.missing), requeue_after=LOOKUP_SECONDS)
        await hold(self._client, resource, self._foreign.finalizer)
        children = [await self._apply(resource, body) for body in translation.objects]
        return self._report(resource, children)

    async def _translate(self, resource: Resource) -> Translation:
        return await translate(self._foreign, resource, finder(self._client))

    async def _apply(self, resource: Resource, body: Mapping[str, Any]) -> Resource:
        kind, key = self._identify(resource, body)
        found = await self._client.get(kind, key)
        if found is not None and not is_controlled_by(found, resource):
            raise Refused(
                ALREADY_MANAGED, f"{kind} {key} exists and does not belong to {resource}: rename or delete one of them"
            )
        child = await self._client.apply(kind, {**body, "metadata": _metadata(resource, body)})
        return await self._pause(child, paused=False)

    async def _pause(self, child: Resource, *, paused: bool) -> Resource:
        """By a write of its own, so that nothing else of the child changes while the foreign object rests."""
        if (ANNOTATION_PAUSED in child.metadata.annotations) == paused:
            return child
        patch = {"metadata": {"annotations": {ANNOTATION_PAUSED: "true" if paused else None}}}
        return await self._client.patch(child.kind, child.key, patch)

    async def _rest(self, resource: Resource) -> Outcome:
        children = await self._find_children(resource, await self._translate(resource))
        return self._report(resource, [await self._pause(child, paused=True) for child in children])

    async def _finish(self, resource: Resource) -> Outcome:
        if not is_held(resource, self._foreign.finalizer):
            return Outcome(gone=True)
        translation = await self._translate(resource)
        children = await self._find_children(resource, translation)
        if not children:
            self._tell(resource, self._foreign.ended(resource))
            await let_go(self._client, resource, self._foreign.finalizer)
            return Outcome(gone=True)
        told = [await self._tell_newest(resource, translation, child) for child in reversed(children)]
        for child in told:
            if not child.metadata.is_deleting:
                await self._client.delete(child.kind, child.key, uid=child.metadata.uid)
        return self._report(resource, told[::-1])

    async def _tell_newest(self, resource: Resource, translation: Translation, child: Resource) -> Resource:
        """What becomes of the data stands in the child."""
        for body in translation.objects:
            if self._identify(resource, body) == (child.kind, child.key):
                return await self._client.apply(child.kind, {**body, "metadata": _metadata(resource, body)})
        return child

    async def _find_children(self, resource: Resource, translation: Translation) -> list[Resource]:
        """Those that exist and are ours, in the order of the translation."""
        found = [await self._client.get(*self._identify(resource, body)) for body in translation.objects]
        return [child for child in found if child is not None and is_controlled_by(child, resource)]

    def _identify(self, resource: Resource, body: Mapping[str, Any]) -> tuple[Kind, Key]:
        kind = self._becomes[body["apiVersion"], body["kind"]]
        return kind, Key(resource.metadata.namespace if kind.namespaced else "", body["metadata"]["name"])

    def _report(self, resource: Resource, children: Sequence[Resource]) -> Outcome:
        reflection: Reflection = self._foreign.reflect(resource, children)
        self._tell(resource, reflection.events)
        return Outcome(reflection.conditions, reflection.status, phase=reflection.phase, message=reflection.message)

    def _tell(self, resource: Resource, happenings: Iterable[Happening]) -> None:
        for happening in happenings:
            self._client.event(resource, happening.type, happening.reason, happening.note)

    def _refer(self, resource: Resource) -> Iterable[str]:
        for lookup in self._foreign.lookups(resource):
            if not lookup.is_anywhere:
                yield token_of(lookup.kind, lookup.key)


def finder(client: Client) -> Callable[[Lookup], Awaitable[Sequence[Resource]]]:
    """Looks up with that client."""

    async def find(lookup: Lookup) -> Sequence[Resource]:
        if lookup.is_anywhere:
            return [each for each in await client.list(lookup.kind) if each.metadata.name == lookup.key.name]
        one = await client.get(lookup.kind, lookup.key)
        return [one] if one is not None else []

    return find


def _metadata(resource: Resource, body: Mapping[str, Any]) -> dict[str, Any]:
    """What is cluster-scoped becomes what is cluster-scoped."""
    given, said = body["metadata"], resource.metadata.annotations
    built = build_metadata(given["name"], resource, given.get("labels") or {})
    annotations = {name: said[name] for name in HANDED_ON if name in said} | (given.get("annotations") or {})
    merged = {**given, **built, "annotations": annotations}
    return {name: value for name, value in merged.items() if value or name not in ("namespace", "annotations")}
