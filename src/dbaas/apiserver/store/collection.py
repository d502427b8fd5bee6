"""The committed objects of one kind, in order, with their recent history.

The history is bounded in changes and in bytes; its oldest known version is the floor. Whoever asks for less gets the
error that Kubernetes gives (410 Expired) and lists anew.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice

import msgspec

HISTORY_LIMIT = 4096
HISTORY_BYTES = 64 * 1024 * 1024


class Owner(msgspec.Struct):
    """An owner reference, as much as an index needs."""

    uid: str


class Header(msgspec.Struct):
    """What is read of an object without opening the rest."""

    class Metadata(msgspec.Struct):
        name: str
        resourceVersion: str = ""  # noqa: N815 - wire name
        namespace: str = ""
        uid: str = ""
        labels: dict[str, str] | None = None
        ownerReferences: list[Owner] | None = None  # noqa: N815 - wire name
        deletionTimestamp: str | None = None  # noqa: N815 - wire name

    metadata: Metadata


_HEADER = msgspec.json.Decoder(Header)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One object. `body` is its JSON without the leading `{"apiVersion":…,"kind":…,`.

    `complete_by` is the schema that has nothing to remove from it or to fill in, where one is known.
    """

    key: str
    version: int
    uid: str
    body: bytes
    labels: Mapping[str, str]
    owners: tuple[str, ...]  # their uids
    deleting: bool
    complete_by: object = None

    @classmethod
    def read(cls, key: str, version: int, body: bytes) -> Entry:
        metadata = _HEADER.decode(b"{" + body).metadata
        deleting = metadata.deletionTimestamp is not None
        owners = tuple(owner.uid for owner in metadata.ownerReferences or ())
        return cls(key, version, metadata.uid, body, metadata.labels or {}, owners, deleting)

    @property
    def namespace(self) -> str:
        return self.key.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


def key_of(namespace: str, name: str) -> str:
    """Sorts as etcd does: by namespace, then by name."""
    return f"{namespace}/{name}" if namespace else name


class Change(msgspec.Struct, frozen=True):
    """One committed write. `before` is None for a creation; `after` of a deletion is the last state at that version."""

    collection: str
    before: Entry | None
    after: Entry
    deleted: bool = False

    @property
    def version(self) -> int:
        return self.after.version

    @property
    def key(self) -> str:
        return self.after.key

    @property
    def size(self) -> int:
        """Bytes of the objects that it keeps in memory, at most."""
        return len(self.after.body) + (len(self.before.body) if self.before is not None else 0)


class ExpiredError(Exception):
    """The history no longer reaches back that far."""


class Collection:
    """All objects of one kind that are committed."""

    def __init__(self, floor: int, history_limit: int = HISTORY_LIMIT, history_bytes: int = HISTORY_BYTES) -> None:
        self._entries: dict[str, Entry] = {}
        self._order: list[str] = []
        self._history: deque[Change] = deque()
        self._limit = history_limit
        self._byte_limit = history_bytes
        self._bytes = 0
        self.first = 0  # number of changes that have fallen out of the history
        self.floor = floor
        self.watchers: dict[asyncio.Event, None] = {}  # in the order in which they came

    def load(self, entry: Entry) -> None:
        """Takes an object at start, without history."""
        if entry.key not in self._entries:
            insort(self._order, entry.key)
        self._entries[entry.key] = entry

    def record(self, change: Change) -> None:
        """Takes a committed change and wakes who watches."""
        if change.deleted:
            del self._entries[change.key]
            del self._order[bisect_left(self._order, change.key)]
        else:
            self.load(change.after)
        self._history.append(change)
        self._bytes += change.size
        while len(self._history) > self._limit or self._bytes > self._byte_limit:
            forgotten = self._history.popleft()
            self._bytes -= forgotten.size
            self.floor = forgotten.version
            self.first += 1
        for watcher in self.watchers:
            watcher.set()

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def select(self, namespace: str = "", start: str = "") -> Iterator[Entry]:
        """In order, from the key `start`; only those of a namespace if one is given."""
        prefix = f"{namespace}/" if namespace else ""
        for index in range(bisect_left(self._order, max(start, prefix)), len(self._order)):
            key = self._order[index]
            if not key.startswith(prefix):
                return
            yield self._entries[key]

    def at(self, version: int) -> Collection:
        """As it was then. Raises ExpiredError."""
        if version < self.floor:
            raise ExpiredError
        undone: dict[str, Entry | None] = {}
        for change in reversed(self._history):
            if change.version <= version:
                break
            undone[change.key] = change.before
        if not undone:
            return self
        past = Collection(version, 0)
        past._entries = {key: entry for key, entry in self._entries.items() if key not in undone}
        past._entries.update((key, entry) for key, entry in undone.items() if entry is not None)
        past._order = sorted(past._entries)
        return past

    def position(self, version: int) -> int:
        """The number of the first change after `version`, for `since`. Raises ExpiredError."""
        if version < self.floor:
            raise ExpiredError
        behind = 0
        for change in reversed(self._history):
            if change.version <= version:
                break
            behind += 1
        return self.first + len(self._history) - behind

    def since(self, position: int) -> list[Change]:
        """The changes from this number on. Raises ExpiredError."""
        if position < self.first:
            raise ExpiredError
        skip = position - self.first
        if skip >= len(self._history):
            return []
        return list(islice(self._history, skip, None))
