"""Keeps a cache equal to the API server: list once, then watch, and never give up.

What may go wrong and what is done: a version that is too old (410, as an answer or in the stream) lists again; any
other error pauses, watches again and after three failures lists again; a stream that is silent for longer than
bookmarks explain is dropped. A list replaces, so what was deleted while nobody watched is found missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import structlog

from dbaas.api.resource import Key
from dbaas.contracts.client import ApiError
from dbaas.contracts.rest import Page, Rest, Selection, WatchEvent
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import Randomness
from dbaas.runtime.cache import Cache

log = structlog.get_logger(__name__)

PAGE_SIZE = 500
LEAST_WATCH_SECONDS, MOST_WATCH_SECONDS = 300.0, 600.0  # the server ends a watch after a time in between
LEAST_SILENCE_SECONDS, MOST_SILENCE_SECONDS = 75.0, 90.0  # bookmarks come about once a minute
LIST_SECONDS = 60.0  # for one page
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.8, 30.0
HOT_SECONDS = 1.0  # a stream that ended sooner than this without a word counts as a failure
FAILURES_BEFORE_LIST = 3
EVENTS_AT_ONCE = 100


@dataclass
class Progress:
    """Counters for metrics and health. `turned_at` is the last sign of life of the loop itself, in monotonic time."""

    lists: int = 0
    watches: int = 0
    failures: int = 0
    turned_at: float = 0.0


class Reflector:
    """One list and watch for one kind and selection, shared by all who need it."""

    def __init__(self, rest: Rest, cache: Cache, clock: Clock, randomness: Randomness) -> None:
        self.cache = cache
        self.progress = Progress()
        self._rest = rest
        self._clock = clock
        self._randomness = randomness
        self._selection = Selection(metadata_only=cache.metadata_only)
        self._must_list = True
        self._failed = 0  # in a row

    async def run(self) -> None:
        """Until cancelled."""
        self._must_list = True
        while True:
            self.progress.turned_at = self._clock.monotonic()
            try:
                if self._must_list:
                    await self._list()
                await self._watch()
            except ApiError as error:
                self._must_list = self._must_list or error.code == 410
                await self._pause(error)
            except TransportError as error:
                await self._pause(error)

    async def _list(self) -> None:
        self.progress.lists += 1
        seen: set[Key] = set()
        token, version = "", ""
        while True:
            page = await self._list_page(token)
            version = version or page.version
            for resource in page.items:
                seen.add(resource.key)
                self.cache.observe_listed(resource)
            await self._clock.sleep(0)  # others may run between two pages
            if not (token := page.token):
                break
        self.cache.finish_list(seen, version)
        self._must_list = False

    async def _list_page(self, token: str) -> Page:
        kind = self.cache.kind
        try:
            async with asyncio.timeout(LIST_SECONDS):
                return await self._rest.list_page(kind, self._selection, limit=PAGE_SIZE, token=token)
        except TimeoutError as error:
            raise TransportError(f"cannot list {kind.plural}: no answer in {LIST_SECONDS:.0f} s") from error

    async def _watch(self) -> None:
        self.progress.watches += 1
        began = self._clock.monotonic()
        heard = await self._follow()
        if heard or self._clock.monotonic() - began >= HOT_SECONDS:
            self._failed = 0
            return
        await self._pause(None)

    async def _follow(self) -> bool:
        """Until the stream ends or falls silent; whether it said anything."""
        heard = 0
        events = self._rest.watch(
            self.cache.kind,
            self._selection,
            version=self.cache.version,
            timeout_seconds=self._randomness.uniform(LEAST_WATCH_SECONDS, MOST_WATCH_SECONDS),
        )
        silence = self._randomness.uniform(LEAST_SILENCE_SECONDS, MOST_SILENCE_SECONDS)
        async with aclosing(events):
            while (event := await _next_event(events, silence)) is not None:
                heard += 1
                self._failed = 0
                self.progress.turned_at = self._clock.monotonic()
                self._take(event)
                if heard % EVENTS_AT_ONCE == 0:
                    await self._clock.sleep(0)
        return heard > 0

    def _take(self, event: WatchEvent) -> None:
        resource = event.resource
        if resource is None:
            self.cache.progress(event.version)
        elif event.change == "DELETED":
            self.cache.remove(resource.key, resource.metadata.uid, event.version)
        else:
            self.cache.observe(resource)

    async def _pause(self, error: DbaasError | None) -> None:
        self._failed += 1
        self.progress.failures += 1
        if self._failed % FAILURES_BEFORE_LIST == 0:
            self._must_list = True
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(self._failed - 1, 30))
        seconds = self._randomness.uniform(0.5, 1) * longest
        reason = str(error) if error else "the stream ended at once"
        log.info("watch_interrupted", kind=self.cache.kind.resource, reason=reason, retry_seconds=round(seconds, 1))
        await self._clock.sleep(seconds)


async def _next_event(events: AsyncGenerator[WatchEvent, None], silence: float) -> WatchEvent | None:
    """None at the end of the stream, and when nothing has come for so long."""
    try:
        async with asyncio.timeout(silence):
            return await anext(events)
    except (StopAsyncIteration, TimeoutError):
        return None
