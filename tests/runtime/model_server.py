"""The plainest API server of one kind there can be, with every fault of a list or a watch as a knob."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import ApiError
from dbaas.contracts.rest import Page, Selection, WatchEvent
from dbaas.contracts.transport import TransportError
from fixtures.resources import gadget

PAGE = 2
BOOKMARK_SECONDS = 60.0


@dataclass
class Faults:
    """What goes wrong next. Counts are those of requests or events to come."""

    failing_lists: int = 0
    failing_watches: int = 0
    expired_tokens: int = 0
    stale_lists: int = 0
    stale_by: int = 0
    lost_events: int = 0
    swapped_events: int = 0
    mute: bool = False


@dataclass
class _Stream:
    """One watch. `again` is sent once more; `end` is how it ends."""

    at: int
    again: list[WatchEvent] = field(default_factory=list)
    is_over: bool = False
    end: Exception | None = None


class ModelServer:
    """Versions are one higher with each write. `states` has the objects of every version since the beginning."""

    def __init__(self) -> None:
        self.version = 1
        self.faults = Faults()
        self.states: dict[int, dict[str, Resource]] = {1: {}}
        self._journal: list[WatchEvent] = []
        self._oldest = 1
        self._born = 0
        self._streams: list[_Stream] = []
        self._news = asyncio.Event()

    @property
    def objects(self) -> dict[str, Resource]:
        return self.states[self.version]

    def put(self, name: str) -> Resource:
        """Creates or changes it."""
        known = self.objects.get(name)
        if known is None:
            self._born += 1
        uid = known.metadata.uid if known else f"uid-{self._born}"
        resource = gadget(name, self.version + 1, uid=uid)
        self._write({**self.objects, name: resource}, "MODIFIED" if known else "ADDED", resource)
        return resource

    def remove(self, name: str) -> Resource:
        resource = gadget(name, self.version + 1, uid=self.objects[name].metadata.uid)
        self._write({n: r for n, r in self.objects.items() if n != name}, "DELETED", resource)
        return resource

    def forget_journal(self) -> None:
        """Nobody can watch from an older version any more; open streams go on."""
        self._oldest = self.version

    def end_streams(self, end: Exception | None) -> None:
        for stream in self._streams:
            stream.is_over, stream.end = True, end
        self._tell()

    def repeat(self, count: int) -> None:
        """The last events come once more to everybody who watches."""
        for stream in self._streams:
            stream.again.extend(event for event in self._journal[-count:] if int(event.version) <= stream.at)
        self._tell()

    def restore(self, version: int) -> None:
        """As from a backup of that version."""
        self.version = self._oldest = version
        self._journal = []
        self.states = {past: state for past, state in self.states.items() if past <= version}
        self.end_streams(None)

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = 500, token: str = "") -> Page:
        faults = self.faults
        if faults.failing_lists:
            faults.failing_lists -= 1
            raise TransportError("injected")
        version, first = map(int, token.split(":")) if token else (self._version_to_list(), 0)
        if token and faults.expired_tokens:
            faults.expired_tokens -= 1
            raise ApiError("injected", code=410, reason="Expired")
        state = self.states.get(version)
        if state is None:
            raise ApiError("restored meanwhile", code=410, reason="Expired")
        items = [state[name] for name in sorted(state)]
        following = first + PAGE
        more = f"{version}:{following}" if following < len(items) else ""
        return Page(items[first:following], str(version), more)

    async def watch(
        self, kind: Kind, selection: Selection, *, version: str, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        if self.faults.failing_watches:
            self.faults.failing_watches -= 1
            raise TransportError("injected")
        if int(version) < self._oldest:
            raise ApiError("too old", code=410, reason="Expired")
        if int(version) > self.version:
            raise ApiError("too large resource version", code=504, reason="Timeout")
        stream = _Stream(int(version))
        self._streams.append(stream)
        try:
            async with asyncio.timeout(timeout_seconds):
                async for event in self._follow(stream):
                    yield event
        except TimeoutError:
            return
        finally:
            self._streams.remove(stream)

    async def _follow(self, stream: _Stream) -> AsyncGenerator[WatchEvent, None]:
        while not stream.is_over:
            for event in [] if self.faults.mute else self._take(stream):
                yield event
            self._news.clear()
            try:
                async with asyncio.timeout(BOOKMARK_SECONDS):
                    await self._news.wait()
            except TimeoutError:
                if not self.faults.mute and not self._due(stream):
                    yield WatchEvent("BOOKMARK", str(self.version))
        if stream.end is not None:
            raise stream.end

    def _take(self, stream: _Stream) -> list[WatchEvent]:
        due = [*stream.again, *self._due(stream)]
        stream.again, stream.at = [], self.version
        while due and self.faults.lost_events:
            self.faults.lost_events -= 1
            due.pop(0)
        while len(due) > 1 and self.faults.swapped_events:
            self.faults.swapped_events -= 1
            due[0], due[1] = due[1], due[0]
        return due

    def _due(self, stream: _Stream) -> list[WatchEvent]:
        return [event for event in self._journal if int(event.version) > stream.at]

    def _version_to_list(self) -> int:
        if not self.faults.stale_lists:
            return self.version
        self.faults.stale_lists -= 1
        return max(1, self.version - self.faults.stale_by)

    def _write(self, objects: dict[str, Resource], change: str, resource: Resource) -> None:
        self.version += 1
        self.states[self.version] = objects
        self._journal.append(WatchEvent(change, str(self.version), resource))  # type: ignore[arg-type]
        self._tell()

    def _tell(self) -> None:
        self._news.set()


def key_of(name: str) -> Key:
    return Key("default", name)
