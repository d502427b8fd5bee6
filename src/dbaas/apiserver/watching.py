"""Watch: the changes of a collection as a stream of lines, from any version that the history still reaches.

A watch keeps only its place in the history. One that cannot follow finds its place gone, is told 410 and ends, so a
slow reader costs no memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass

import orjson

from dbaas.apiserver.failures import Failure, expired, version_too_large
from dbaas.apiserver.list_options import parse_version, read_list_options
from dbaas.apiserver.objects import decode_entry, make_entry
from dbaas.apiserver.reading import Selection
from dbaas.apiserver.store import Change, Collection, Entry, Store
from dbaas.apiserver.store.collection import ExpiredError
from dbaas.apiserver.views import View
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness

BOOKMARK_SECONDS = 60.0
LEAST_TIMEOUT_SECONDS = 1800.0
PIECE = 200  # initial objects in one piece of the stream
INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True)
class WatchOptions:
    """`since` None: from now on. `sends_initial`: first all that is there, as ADDED."""

    since: int | None
    sends_initial: bool
    marks_initial_end: bool
    bookmarks: bool
    timeout_seconds: float


class Watches:
    """All open streams, so that they can be ended together."""

    def __init__(self, store: Store, clock: Clock, randomness: Randomness) -> None:
        self._store = store
        self._clock = clock
        self._randomness = randomness
        self._open: dict[_Stream, None] = {}  # in the order in which they came
        self._closing = False

    def read_options(self, query: Mapping[str, str]) -> WatchOptions:
        """Raises Failure 400, 422, 500, 504."""
        asked, newest = read_list_options(query), self._store.version
        version = parse_version(asked.version, watch=True)
        if version > newest and not asked.initial:
            raise version_too_large(version, newest)
        seconds = asked.timeout_seconds or LEAST_TIMEOUT_SECONDS * self._randomness.uniform(1, 2)
        sends_initial = asked.initial if asked.initial is not None else not version
        since = None if not version or (sends_initial and version <= newest) else version
        return WatchOptions(since, sends_initial, sends_initial and asked.bookmarks, asked.bookmarks, seconds)

    def open(
        self, selection: Selection, view: View, options: WatchOptions, is_served: Callable[[], bool]
    ) -> AsyncIterator[bytes]:
        """Ends when the client closes it, at its timeout, when the kind is no longer served, or with `close`."""
        stream = _Stream(self._store, self._clock, selection, view, options)
        return self._run(stream, is_served)

    async def _run(self, stream: _Stream, is_served: Callable[[], bool]) -> AsyncIterator[bytes]:
        self._open[stream] = None
        try:
            async with aclosing(stream.pieces(lambda: self._closing or not is_served())) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._open.pop(stream, None)

    def __len__(self) -> int:
        return len(self._open)

    def wake(self) -> None:
        """Lets every stream look whether it must end."""
        for stream in self._open:
            stream.wake.set()

    def close(self) -> None:
        self._closing = True
        self.wake()


class _Stream:
    def __init__(self, store: Store, clock: Clock, selection: Selection, view: View, options: WatchOptions) -> None:
        self.wake = asyncio.Event()
        self._store = store
        self._clock = clock
        self._selection = selection
        self._view = view
        self._options = options
        self._collection: Collection = store.collection(selection.resource.collection)
        self._sent = store.version  # the version up to which the client knows all

    async def pieces(self, must_end: Callable[[], bool]) -> AsyncGenerator[bytes, None]:
        deadline = self._clock.monotonic() + self._options.timeout_seconds
        if (self._options.since or 0) > self._store.version:
            yield self._error(version_too_large(self._options.since or 0, self._store.version))
            return
        try:
            position = self._start()
        except ExpiredError:
            yield self._error(expired(f"too old resource version: {self._options.since} ({self._collection.floor})"))
            return
        self._collection.watchers[self.wake] = None
        timer = _Timer(self._clock, self.wake)
        try:
            for piece in self._initial():
                yield piece
            while not must_end():
                self.wake.clear()  # before looking: what comes while a piece is being sent must not be slept through
                changes = self._collection.since(position)
                position += len(changes)
                if piece := b"".join(self._event(change) for change in changes):
                    yield piece
                    continue
                self._sent = max(self._sent, self._store.version)
                if timer.has_ended and (mark := self._mark()):
                    yield mark
                if self._clock.monotonic() >= deadline:
                    return
                timer.ensure(min(BOOKMARK_SECONDS, deadline - self._clock.monotonic()))
                await self.wake.wait()
        except ExpiredError:
            yield self._error(expired(f"too old resource version: {self._sent} ({self._collection.floor})"))
        finally:
            timer.cancel()
            self._collection.watchers.pop(self.wake, None)

    def _start(self) -> int:
        if self._options.since is not None:
            self._sent = self._options.since
            return self._collection.position(self._options.since)
        return self._collection.position(self._store.version)

    def _initial(self) -> Iterator[bytes]:
        if not self._options.sends_initial:
            return
        version = self._store.version
        entries = list(self._selection.entries(self._collection))
        for start in range(0, len(entries), PIECE):
            yield b"".join(self._line("ADDED", self._view.one(entry)) for entry in entries[start : start + PIECE])
        if self._options.marks_initial_end:
            metadata = {"resourceVersion": str(version), "annotations": {INITIAL_EVENTS_END: "true"}}
            yield self._line("BOOKMARK", self._view.bookmark(metadata))

    def _event(self, change: Change) -> bytes:
        self._sent = change.version
        holds = self._selection.holds
        held = change.before is not None and holds(change.before)
        if change.deleted:
            return self._line("DELETED", self._view.one(change.after)) if held else b""
        if holds(change.after):
            return self._line("MODIFIED" if held else "ADDED", self._view.one(change.after))
        if not held or change.before is None:
            return b""
        return self._line("DELETED", self._view.one(self._moved(change.before, change.version)))

    def _moved(self, entry: Entry, version: int) -> Entry:
        """As it last was, at the version at which it left the selection."""
        obj = decode_entry(entry, self._selection.resource)
        obj["metadata"]["resourceVersion"] = str(version)
        return make_entry(entry.key, version, obj, self._selection.resource)

    def _mark(self) -> bytes:
        if not self._options.bookmarks:
            return b""
        return self._line("BOOKMARK", self._view.bookmark({"resourceVersion": str(self._sent)}))

    def _error(self, failure: Failure) -> bytes:
        return self._line("ERROR", orjson.dumps(failure.status()))

    @staticmethod
    def _line(kind: str, obj: bytes) -> bytes:
        return b'{"type":"' + kind.encode() + b'","object":' + obj + b"}\n"


class _Timer:
    """Sets an event after a while; at most one at a time."""

    def __init__(self, clock: Clock, event: asyncio.Event) -> None:
        self._clock = clock
        self._event = event
        self._task: asyncio.Task[None] | None = None

    @property
    def has_ended(self) -> bool:
        return self._task is not None and self._task.done()

    def ensure(self, seconds: float) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._clock.sleep(max(0.0, seconds)))
            self._task.add_done_callback(lambda _: self._event.set())

    def cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
