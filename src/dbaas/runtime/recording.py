"""Writes what a reconcile came to into the status: one patch, and only if it says something new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dbaas.api.resource import Resource
from dbaas.contracts.client import NotFound, WriteConflict
from dbaas.contracts.rest import Rest
from dbaas.core.clock import Clock, format_time
from dbaas.runtime.caches import Caches
from dbaas.runtime.status import Verdict, compose_paused, compose_status, merge_difference

MOST_LOOKS = 3


class StatusWriter:
    """Its answers are whether anything was written. An object that is gone, or another of its name, is left alone."""

    def __init__(self, rest: Rest, caches: Caches, clock: Clock) -> None:
        self._rest = rest
        self._caches = caches
        self._clock = clock

    async def write_verdict(self, resource: Resource, verdict: Verdict) -> bool:
        """`resource` is the one that was judged: its generation is the observed one."""
        now = format_time(self._clock.now())
        generation = resource.metadata.generation
        return await self._write(resource, lambda old: compose_status(old, verdict, generation, now))

    async def write_paused(self, resource: Resource) -> bool:
        return await self._write(resource, compose_paused)

    async def _write(self, resource: Resource, compose: Callable[[dict[str, Any]], dict[str, Any]]) -> bool:
        """Compared with the newest we know: the reconciler may have written to it meanwhile, and others may have.

        Raises WriteConflict where others write to it all the time.
        """
        for _ in range(MOST_LOOKS):
            current = self._caches.open(resource.kind).get(resource.key)
            if current is None or current.metadata.uid != resource.metadata.uid:
                return False
            old = current.status
            patch = merge_difference(old, compose(old))
            if not patch:
                return False
            try:
                self._caches.take(await self._send(current, patch))
            except NotFound:
                return False
            except WriteConflict as error:
                conflict = error
            else:
                return True
            if not await self._look_again(resource):
                return False
        raise conflict

    async def _send(self, current: Resource, patch: dict[str, Any]) -> Resource:
        """A list is replaced as a whole: no condition may have come to it that we have not seen."""
        metadata = {"uid": current.metadata.uid}
        if "conditions" in patch:
            metadata["resourceVersion"] = current.metadata.resourceVersion
        body = {"metadata": metadata, "status": patch}
        return await self._rest.patch(current.kind, current.key, body, subresource="status")

    async def _look_again(self, resource: Resource) -> bool:
        """Whether it is there."""
        try:
            found = await self._rest.get(resource.kind, resource.key)
        except NotFound:
            return False
        self._caches.take(found)
        return found.metadata.uid == resource.metadata.uid
