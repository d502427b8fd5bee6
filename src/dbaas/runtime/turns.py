"""Shares the event loop among those that have much to do and never wait.

Reconciles of settled objects and lists that come in read caches only: nothing in them lets others run, and a resync of
ten thousand objects would stop the loop for seconds, renewals of the lease and edits of users included.
"""

from __future__ import annotations

import asyncio

from dbaas.core.clock import Clock

SLICE_SECONDS = 0.002


class Turns:
    """Of those that take turns with each other. Each awaits `share` between any two of the many things it does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._queue = asyncio.Lock()  # first come, first served
        self._turned_at = float("-inf")

    async def share(self) -> None:
        """Returns at once until 2 ms have gone since the loop turned; then the others run first, in order."""
        if self._is_fresh():
            return
        async with self._queue:
            if not self._is_fresh():
                await self._clock.sleep(0)
                self._turned_at = self._clock.monotonic()

    def _is_fresh(self) -> bool:
        return self._clock.monotonic() - self._turned_at < SLICE_SECONDS
