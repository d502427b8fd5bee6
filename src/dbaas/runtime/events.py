"""Notes for people beside an object (core/v1 Events), written in the background.

Recording never blocks and never fails: what is too much is dropped and counted. The same note about the same object
becomes one Event with a count. The limits are those of client-go's event correlator, but that the first of a reason
passes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from dbaas.api.core import EVENT
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import ApiError, EventType, Invalid, NotFound
from dbaas.contracts.rest import Rest
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import Clock, format_time
from dbaas.core.randomness import Randomness

log = structlog.get_logger(__name__)

MOST_WAITING = 10_000
WRITES_AT_ONCE, WRITES_PER_SECOND = 50, 50.0
WRITES_IN_A_CROWD = 10.0  # a second: what a thousand new objects have to tell must not hold up their work
MOST_SERIES = 4096
SERIES_SECONDS = 600.0  # a note that comes again later than this is news, and a new Event
BURST, REFILL_SECONDS = 25.0, 300.0  # for each object: so many at once, then one in five minutes
BURST_OF_REASON = 1.0  # beyond that, of each reason as often: what is told all day must not hide what happens once
LONGEST_NOTE = 1024  # bytes; the API's limit
LONGEST_NAME = 200  # of the object's name inside the Event's

SeriesKey = tuple[str, EventType, str, str]


@dataclass
class _Series:
    """One Event, to be written again when `count` has grown."""

    about: Resource
    name: str
    first: str
    last: str
    heard_at: float
    count: int = 1
    written: int = 0


@dataclass
class _Bucket:
    """Tokens of one object."""

    tokens: float
    filled_at: float

    def take(self, now: float, most: float, per_second: float) -> bool:
        self.tokens = min(most, self.tokens + (now - self.filled_at) * per_second)
        self.filled_at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class EventRecorder:
    """`run` writes what `record` collects; while `is_crowded` says so, with longer pauses."""

    def __init__(
        self, rest: Rest, clock: Clock, randomness: Randomness, component: str = "dbaas",
        is_crowded: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.dropped_total = 0
        self._rest = rest
        self._clock = clock
        self._randomness = randomness
        self._component = component
        self._is_crowded = is_crowded
        self._series: OrderedDict[SeriesKey, _Series] = OrderedDict()
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()
        self._waiting: OrderedDict[SeriesKey, _Series] = OrderedDict()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._pace = _Bucket(WRITES_AT_ONCE, 0.0)
        self._hurries = False

    def record(self, about: Resource, type: EventType, reason: str, note: str) -> None:
        key = (about.metadata.uid, type, reason, _shorten(note))
        uid = about.metadata.uid
        may_pass = self._may_pass(uid, BURST) or self._may_pass(f"{uid} {reason}", BURST_OF_REASON)
        if not may_pass or (key not in self._waiting and len(self._waiting) >= MOST_WAITING):
            self.dropped_total += 1
            return
        self._waiting[key] = self._grow(key, about)
        self._idle.clear()
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wake.wait()
            while self._waiting:
                await self._wait_for_turn()
                key, series = self._waiting.popitem(last=False)
                await self._write(key, series)
            self._wake.clear()
            self._idle.set()

    async def flush(self) -> None:
        """Waits until all that was recorded is written, as fast as that goes; `run` must be running."""
        self._hurries = True
        await self._idle.wait()
        self._hurries = False

    async def _wait_for_turn(self) -> None:
        while not self._hurries:
            per_second = WRITES_IN_A_CROWD if self._is_crowded() else WRITES_PER_SECOND
            if self._pace.take(self._clock.monotonic(), WRITES_AT_ONCE, per_second):
                return
            await self._clock.sleep(1 / per_second)

    def _grow(self, key: SeriesKey, about: Resource) -> _Series:
        now, seconds = format_time(self._clock.now()), self._clock.monotonic()
        series = self._series.get(key)
        if series is not None and seconds - series.heard_at < SERIES_SECONDS:
            series.count += 1
            series.last, series.heard_at = now, seconds
            self._series.move_to_end(key)
            return series
        name = f"{about.metadata.name[:LONGEST_NAME]}.{self._randomness.uuid().replace('-', '')[:16]}"
        series = self._series[key] = _Series(about, name, now, now, seconds)
        self._series.move_to_end(key)
        if len(self._series) > MOST_SERIES:
            self._series.popitem(last=False)
        return series

    def _may_pass(self, whose: str, burst: float) -> bool:
        now = self._clock.monotonic()
        bucket = self._buckets.setdefault(whose, _Bucket(burst, now))
        self._buckets.move_to_end(whose)
        if len(self._buckets) > MOST_SERIES:
            self._buckets.popitem(last=False)
        return bucket.take(now, burst, 1 / REFILL_SECONDS)

    async def _write(self, key: SeriesKey, series: _Series) -> None:
        try:
            await self._send(key, series)
        except (ApiError, TransportError) as error:
            self.dropped_total += 1
            log.debug("event_lost", object=str(series.about), reason=key[2], error=error.message)

    async def _send(self, key: SeriesKey, series: _Series) -> None:
        count = series.count
        if series.written:
            patch = {"count": count, "lastTimestamp": series.last}
            try:
                await self._rest.patch(EVENT, Key(_namespace_of(series.about), series.name), patch)
            except (NotFound, Invalid):  # Events expire; to a server that lets a patch create them ours is incomplete
                series.written = 0
        if not series.written:
            await self._rest.create(EVENT, _build_event(key, series, self._component))
        series.written = count


def _build_event(key: SeriesKey, series: _Series, component: str) -> dict[str, Any]:
    about = series.about
    involved = {
        "apiVersion": about.kind.api_version,
        "kind": about.kind.kind,
        "name": about.metadata.name,
        "uid": about.metadata.uid,
        "resourceVersion": about.metadata.resourceVersion,
    }
    if about.metadata.namespace:
        involved["namespace"] = about.metadata.namespace
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": series.name, "namespace": _namespace_of(about)},
        "involvedObject": involved,
        "type": key[1],
        "reason": key[2],
        "message": key[3],
        "source": {"component": component},
        "reportingComponent": component,
        "reportingInstance": "",
        "firstTimestamp": series.first,
        "lastTimestamp": series.last,
        "count": series.count,
    }


def _namespace_of(about: Resource) -> str:
    """Events about cluster-scoped objects live in `default`, as Kubernetes' own do."""
    return about.metadata.namespace or "default"


def _shorten(note: str) -> str:
    encoded = note.encode()
    if len(encoded) <= LONGEST_NOTE:
        return note
    return encoded[: LONGEST_NOTE - 3].decode(errors="ignore") + "…"
