"""Follows a handful of objects of several kinds by watches, for commands that wait for something to happen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType

from dbaas.api.resource import Key, Resource
from dbaas.cli.kinds import ServedKind
from dbaas.contracts.client import ApiError
from dbaas.contracts.rest import Selection
from dbaas.core.clock import Clock
from dbaas.kube.verbs import RestClient

WATCH_SECONDS = 300.0
PAUSE_SECONDS = 0.2


@dataclass(frozen=True)
class Ref:
    """One object of one kind. With a `uid` it is that very one: another that takes its name later does not count."""

    served: ServedKind
    key: Key
    uid: str = ""

    def find(self, resource: Resource | None) -> Resource | None:
        """What has its name, if it is the one."""
        return resource if resource is None or self.uid in ("", resource.metadata.uid) else None

    def __str__(self) -> str:
        return f"{self.served.singular}/{self.key.name}"


class Follower:
    """`objects` has the newest known version of each wanted object, None where it does not exist (any more).

    Within `async with` it is kept up to date; a server that cannot be reached raises in `changed`.
    """

    def __init__(self, rest: RestClient, clock: Clock, wanted: Iterable[Ref]) -> None:
        self.objects: dict[Ref, Resource | None] = {}
        self._rest = rest
        self._clock = clock
        self._wanted = list(dict.fromkeys(wanted))
        self._changed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Follower:
        places: dict[tuple[ServedKind, str], dict[Key, Ref]] = {}
        for ref in self._wanted:
            places.setdefault((ref.served, ref.key.namespace), {})[ref.key] = ref
        versions = await asyncio.gather(*(self._list(*place, refs) for place, refs in places.items()))
        for (place, refs), version in zip(places.items(), versions, strict=True):
            task = asyncio.create_task(self._follow(*place, refs, version))
            task.add_done_callback(lambda _: self._changed.set())
            self._tasks.append(task)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def changed(self, seconds: float) -> bool:
        """Waits for the next change; False where nothing changed for so long. Raises what ended the watch."""
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            return False
        self._changed.clear()
        for task in self._tasks:
            if task.done():
                task.result()
        return True

    async def _list(self, served: ServedKind, namespace: str, refs: Mapping[Key, Ref]) -> str:
        """The version from which to watch."""
        found: dict[Key, Resource] = {}
        version, token = "", ""
        while True:
            page = await self._rest.list_page(served.kind, Selection(namespace), token=token)
            found |= {resource.key: resource for resource in page.items}
            version = page.version
            if not (token := page.token):
                break
        self.objects |= {ref: ref.find(found.get(key)) for key, ref in refs.items()}
        self._changed.set()
        return version

    async def _follow(self, served: ServedKind, namespace: str, refs: Mapping[Key, Ref], version: str) -> None:
        while True:
            try:
                version = await self._watch(served, namespace, refs, version)
            except ApiError as error:
                if error.code != 410:
                    raise
                version = await self._list(served, namespace, refs)
            await self._clock.sleep(PAUSE_SECONDS)

    async def _watch(self, served: ServedKind, namespace: str, refs: Mapping[Key, Ref], version: str) -> str:
        events = self._rest.watch(served.kind, Selection(namespace), version=version, timeout_seconds=WATCH_SECONDS)
        try:
            async for event in events:
                version = event.version
                ref = refs.get(event.resource.key) if event.resource is not None else None
                if ref is not None:
                    self.objects[ref] = None if event.change == "DELETED" else ref.find(event.resource)
                    self._changed.set()
        finally:
            await events.aclose()
        return version


@dataclass(frozen=True)
class Deadline:
    """A moment on a clock."""

    clock: Clock
    at: float

    @property
    def remaining(self) -> float:
        return max(0.0, self.at - self.clock.monotonic())


def start_deadline(clock: Clock, seconds: float) -> Deadline:
    return Deadline(clock, clock.monotonic() + seconds)


async def follow_until(
    follower: Follower, deadline: Deadline, is_over: Callable[[float], bool], tick: float = 0.5
) -> bool:
    """Until `is_over`, which is given how long nothing has changed; False where the time is over first."""
    quiet_since = deadline.clock.monotonic()
    while True:
        if is_over(deadline.clock.monotonic() - quiet_since):
            return True
        if deadline.remaining <= 0:
            return False
        if await follower.changed(min(tick, deadline.remaining)):
            quiet_since = deadline.clock.monotonic()
