"""Writes what a reconcile came to into the status: one patch, and only if it says something new."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dbaas.api.resource import Resource
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Rest
from dbaas.core.clock import Clock, format_time
from dbaas.runtime.caches import Caches
from dbaas.runtime.status import Verdict, compose_paused, compose_status, merge_difference


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
        """Compared with the newest we know: the reconciler may have written to it meanwhile."""
        current = self._caches.open(resource.kind).get(resource.key)
        if current is None or current.metadata.uid != resource.metadata.uid:
            return False
        old = current.status
        patch = merge_difference(old, compose(old))
        if not patch:
            return False
        body = {"metadata": {"uid": resource.metadata.uid}, "status": patch}
        try:
            written = await self._rest.patch(resource.kind, resource.key, body, subresource="status")
        except NotFound:
            return False
        self._caches.take(written)
        return True
