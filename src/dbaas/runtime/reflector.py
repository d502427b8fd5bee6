"""Keeps a cache equal to the API server: list once, then watch, and never give up.

What may go wrong and what is done: a version that is too old (410, as an answer or in the stream) lists again; any
other error pauses, watches again and after three failures lists again; a stream that is silent for longer than
bookmarks explain is dropped. A list replaces, so what was deleted while nobody watched is found missing. A list that
is older than what we know comes from a server that lags and is not used; where it insists, it has been restored from a
backup and is believed. Twice a day everything is listed again, whatever a watch may have lost.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial

import structlog

from dbaas.api.resource import Key
from dbaas.contracts.client import ApiError, NotFound
from dbaas.contracts.rest import Page, Rest, Selection, WatchEvent
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import Randomness
from dbaas.runtime.cache import Cache
from dbaas.runtime.turns import Turns
from dbaas.runtime.versions import is_older

log = structlog.get_logger(__name__)

PAGE_SIZE = 500
LEAST_WATCH_SECONDS, MOST_WATCH_SECONDS = 300.0, 600.0  # the server ends a watch after a time in between
LEAST_SILENCE_SECONDS, MOST_SILENCE_SECONDS = 75.0, 90.0  # bookmarks come about once a minute
LIST_SECONDS = 60.0  # for one page
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.8, 30.0
HOT_SECONDS = 1.0  # a stream that ended sooner than this without a word counts as a failure
FAILURES_BEFORE_LIST = 3
OLD_LISTS_BEFORE_BELIEF = 3
LEAST_LIST_SECONDS, MOST_LIST_SECONDS = 32_400.0, 39_600.0  # a watch that goes well is followed by a list after so long
LATE_SECONDS = 1.0  # so much less silence is allowed after an event, so that not each one costs a timer


@dataclass
class Progress:
    """Counters for metrics and health. `turned_at` is the last sign of life of the loop itself, in monotonic time.

    `trouble` is why the last attempt failed, empty when one has succeeded since.
    """

    lists: int = 0
    watches: int = 0
    failures: int = 0
    turned_at: float = 0.0
    trouble: str = ""

    def __add__(self, other: Progress) -> Progress:
        """Of both; as old as the older."""
        return Progress(
            self.lists + other.lists,
            self.watches + other.watches,
            self.failures + other.failures,
            min(self.turned_at, other.turned_at),
            self.trouble or other.trouble,
        )


class Reflector:
    """One list and watch for one kind and selection, shared by all who need it."""

    def __init__(self, rest: Rest, cache: Cache, clock: Clock, randomness: Randomness, namespace: str = "") -> None:
        self.cache = cache
        self.progress = Progress()
        self._rest = rest
        self._clock = clock
        self._randomness = randomness
        self._turns = Turns(clock)  # not that of workers: news come before work
        self._selection = Selection(namespace, metadata_only=cache.metadata_only, knows=partial(_knows, cache))
        self._must_list = True
        self._list_due = 0.0
        self._old_lists = 0  # in a row
        self._failed = 0  # in a row

    async def run(self) -> None:
        """Until cancelled."""
        self._must_list = True
        while True:
            self.progress.turned_at = self._clock.monotonic()
            try:
                if self._must_list or self._clock.monotonic() >= self._list_due:
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
            if not version:
                version = page.version
                self._refuse_old(version)
            for resource in page.items:
                seen.add(resource.key)
                self.cache.observe_listed(resource)
                await self._turns.share()
            if not (token := page.token):
                break
        self.cache.finish_list(seen, version)
        self._must_list, self._old_lists = False, 0
        self.progress.trouble = ""
        self._list_due = self._clock.monotonic() + self._randomness.uniform(LEAST_LIST_SECONDS, MOST_LIST_SECONDS)

    def _refuse_old(self, version: str) -> None:
        if not is_older(version, self.cache.version):
            return
        self._old_lists += 1
        if self._old_lists <= OLD_LISTS_BEFORE_BELIEF:
            kind = self.cache.kind.plural
            raise TransportError(f"cannot list {kind}: the list is of version {version}, {self.cache.version} is known")
        log.warning("server_went_back", kind=self.cache.kind.resource, version=version, known=self.cache.version)
        self.cache.rewind()

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
        heard = False
        events = self._rest.watch(
            self.cache.kind,
            self._selection,
            version=self.cache.version,
            timeout_seconds=self._randomness.uniform(LEAST_WATCH_SECONDS, MOST_WATCH_SECONDS),
        )
        silence = self._randomness.uniform(LEAST_SILENCE_SECONDS, MOST_SILENCE_SECONDS)
        with suppress(TimeoutError):
            async with aclosing(events), asyncio.timeout(silence) as limit:
                async for event in events:
                    heard = True
                    self._failed = 0
                    self.progress.turned_at, self.progress.trouble = self._clock.monotonic(), ""
                    self._take(event)
                    _extend(limit, silence)
                    await self._turns.share()
        return heard

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
        reason = _explain(error)
        tell = log.debug if reason == self.progress.trouble else log.info  # once, however long it lasts
        tell("watch_interrupted", kind=self.cache.kind.resource, reason=reason, retry_seconds=round(seconds, 1))
        self.progress.trouble = reason
        await self._clock.sleep(seconds)


def _knows(cache: Cache, key: Key, version: str) -> bool:
    """Whether it is this version that is there: mostly one that we have written ourselves."""
    known = cache.get(key)
    return known is not None and known.metadata.resourceVersion == version


def _explain(error: DbaasError | None) -> str:
    if isinstance(error, NotFound):
        return "the server does not know this kind: is its CustomResourceDefinition installed?"
    return str(error) if error else "the stream ended at once"


def _extend(limit: asyncio.Timeout, seconds: float) -> None:
    """From now on so many seconds, or a little less: a new timer for each event would cost more than the event."""
    when, now = limit.when(), asyncio.get_running_loop().time()
    if when is not None and now + seconds - when > LATE_SECONDS:
        limit.reschedule(now + seconds)
