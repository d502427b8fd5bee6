"""Deletes events that are older than an hour, as Kubernetes forgets them."""

from __future__ import annotations

from datetime import timedelta

from dbaas.apiserver.lifecycle.access import Access
from dbaas.core.clock import Clock, format_time

EVENTS = "events"
LIFETIME = timedelta(hours=1)
CHECK_SECONDS = 60.0


class EventExpiry:
    """The life of an event begins anew with each write."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self._clock.sleep(CHECK_SECONDS)
            await self._expire()

    async def _expire(self) -> None:
        limit = format_time(self._clock.now() - LIFETIME)
        for entry in list(self._access.store.collection(EVENTS)):
            found = self._access.get(EVENTS, entry.key)
            if found is None:
                continue
            resource, _, obj = found
            times = [obj["metadata"]["creationTimestamp"]]
            times += [each["time"] for each in obj["metadata"].get("managedFields") or () if "time" in each]
            if max(times) < limit:
                await self._access.delete(resource, entry)
