"""The objects of one kind as last seen, and who is told when they change.

Two writers feed it: the reflector, and our own writes, whose answers are newer than what the watch has brought. So
each intake compares versions, and an older object never replaces a newer one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dbaas.api.resource import Key, Kind, Resource
from dbaas.runtime.objects import Objects
from dbaas.runtime.versions import is_newer, is_older, newest

GONE_REMEMBERED = 1024


@dataclass(frozen=True)
class Change:
    """What listeners get, after the cache has it. `old` None: new here; `new` None: gone.

    `initial` marks the first list, when everything seems new and nothing is urgent.
    """

    old: Resource | None
    new: Resource | None
    initial: bool = False

    @property
    def kind(self) -> Kind:
        return self._present.kind

    @property
    def key(self) -> Key:
        return self._present.key

    @property
    def _present(self) -> Resource:
        present = self.new or self.old
        assert present is not None, "a change is about an object"
        return present


Listener = Callable[[Change], None]


class Cache:
    """`version` is the newest that lists and watches have brought; `synced` is set once a whole list has come in.

    `parts` are the caches that reflectors fill, by the namespace that each is of; empty for all. `listed` is called at
    the end of each list.
    """

    def __init__(self, kind: Kind, *, metadata_only: bool = False, listed: Callable[[], None] = lambda: None) -> None:
        self.kind = kind
        self.metadata_only = metadata_only
        self.objects = Objects()
        self.synced = asyncio.Event()
        self.version = ""
        self.parts: Mapping[str, Cache] = {"": self}
        self._listed_version = ""
        self._listed = listed
        self._gone: dict[str, None] = {}  # uids, oldest first
        self._rewinding = False
        self._listeners: list[Listener] = []

    @property
    def is_synced(self) -> bool:
        """It stays so, however old the content gets."""
        return self.synced.is_set()

    def listen(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def get(self, key: Key) -> Resource | None:
        return self.objects.get(key)

    def take(self, resource: Resource) -> None:
        """The answer to a request of ours. Ignored where the watch already knows better."""
        if self.get(resource.key) is None and not is_newer(resource.metadata.resourceVersion, self.version):
            return  # the watch was beyond that version and has no such object: it is gone again
        if resource.metadata.uid not in self._gone:
            self._put(resource)

    def is_outdated(self, resource: Resource) -> bool:
        """Whether an answer is of a time before what is known: it came late, or was kept by somebody on the way.

        What a watch has not told of may be there all the same, for news get lost; what a list does not have was gone.
        """
        known, version = self.get(resource.key), resource.metadata.resourceVersion
        if known is not None:
            return is_older(version, known.metadata.resourceVersion)
        return resource.metadata.uid in self._gone or is_older(version, self._listed_version)

    def observe(self, resource: Resource) -> None:
        """An object from a watch. What we have deleted ourselves stays deleted, however late the news of it comes."""
        self.progress(resource.metadata.resourceVersion)
        if resource.metadata.uid not in self._gone:
            self._put(resource)

    def observe_listed(self, resource: Resource) -> None:
        """An object from a list, which is right about what there is; `finish_list` must follow."""
        self._gone.pop(resource.metadata.uid, None)
        self._put(resource, initial=not self.is_synced)

    def rewind(self) -> None:
        """The server has gone back in time, as one restored from a backup does: the list that follows is the truth."""
        self._rewinding = True

    def progress(self, version: str) -> None:
        """The watch has brought everything up to this version."""
        self.version = newest(self.version, version)

    def remove(self, key: Key, uid: str, version: str = "") -> None:
        """Deleted, as the watch (with the version of the deletion) or the answer to our own deletion says."""
        self._gone[uid] = None
        if len(self._gone) > GONE_REMEMBERED:
            del self._gone[next(iter(self._gone))]
        if version:
            self.progress(version)
        known = self.get(key)
        if known is not None and known.metadata.uid == uid:
            self._drop(known)

    def finish_list(self, seen: set[Key], version: str) -> None:
        """Everything has been listed as of `version`: what is not among it and is not newer has been deleted."""
        for resource in self.objects:
            if resource.key in seen:
                continue
            if self._rewinding or not is_newer(resource.metadata.resourceVersion, version):
                self._drop(resource)
        self._rewinding = False
        self.version = self._listed_version = version
        self.synced.set()
        self._listed()

    def _put(self, resource: Resource, *, initial: bool = False) -> None:
        known = self.get(resource.key)
        is_undone = known is not None and self._rewinding and resource.raw != known.raw
        if known is not None and not (_supersedes(resource, known) or is_undone):
            return
        if known is not None and known.metadata.uid != resource.metadata.uid:
            self._drop(known)  # the same name again is another object
            known = None
        self.objects.put(resource)
        self._tell(Change(known, resource, initial))

    def _drop(self, resource: Resource) -> None:
        self.objects.drop(resource)
        self._tell(Change(resource, None))

    def _tell(self, change: Change) -> None:
        for listener in self._listeners:
            listener(change)


def _supersedes(resource: Resource, known: Resource) -> bool:
    new, old = resource.metadata.resourceVersion, known.metadata.resourceVersion
    return new != old and not is_older(new, old)
