"""The record that electors share: a Lease (coordination.k8s.io/v1), read and written as client-go does."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from dbaas.api.core import LEASE
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import AlreadyExists, ApiError, NotFound
from dbaas.contracts.rest import Rest, Selection
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import Clock

WATCH_SECONDS = 300.0
DEAF_SECONDS = 1.0  # between two watches
RELEASED_SECONDS = 1  # the duration that a holder leaves behind who has gone of its own will
HELD_FOR = "dbaas.io/held-for-seconds"
"""The duration once more, as an annotation: who shortens or empties the spec by hand shortens nobody's turn."""


@dataclass(frozen=True)
class LeaseRecord:
    """What a Lease says. `holder` is empty where nobody has it; `version` is the resourceVersion.

    `duration_seconds` is the longest that spec or annotation says.
    """

    holder: str
    duration_seconds: int
    transitions: int
    version: str

    @property
    def is_released(self) -> bool:
        """Given up on purpose, and not cleared by somebody while its holder is at work."""
        return not self.holder and self.duration_seconds <= RELEASED_SECONDS


UNSEEN = LeaseRecord("", 0, 0, "")


class LeaseView:
    """What one process has seen of a Lease, and since when. Every request ends within `request_seconds`.

    All raise ApiError and TransportError.
    """

    def __init__(
        self, rest: Rest, key: Key, clock: Clock, request_seconds: float, pause_seconds: float = math.inf
    ) -> None:
        """It is looked at at least every `pause_seconds`: more than that and a request never counts at once."""
        self.record = UNSEEN
        self.last_held_seconds = 0  # of the last turn that we have seen and that did not end in a release
        self._unchanged = 0.0
        self._counted_at = clock.monotonic()
        self._longest = pause_seconds + request_seconds
        self._rest = rest
        self._key = key
        self._clock = clock
        self._request_seconds = request_seconds

    @property
    def unchanged_seconds(self) -> float:
        """How long we have known of no change, by our own monotonic clock.

        A clock may leap: that of a virtual machine that was moved, of a computer that slept. A leap counts as a pause.
        """
        now = self._clock.monotonic()
        self._unchanged += min(now - self._counted_at, self._longest)
        self._counted_at = now
        return self._unchanged

    async def look(self, duration_seconds: int) -> None:
        """Reads it; where it is missing, makes one that nobody holds and that nobody may take for so long."""
        _ = self.unchanged_seconds  # counts also where there is no answer
        try:
            self._note(await self._ask(self._rest.get(LEASE, self._key)))
        except NotFound:
            body = build_lease(self._key, duration_seconds, self.record.transitions)
            with contextlib.suppress(AlreadyExists):
                self._note(await self._ask(self._rest.create(LEASE, body)))

    async def write(self, patch: dict[str, Any]) -> None:
        """Raises WriteConflict where somebody has written since."""
        self._note(await self._ask(self._rest.patch(LEASE, self._key, patch)))

    async def _ask(self, request: Awaitable[Resource]) -> Resource:
        try:
            async with asyncio.timeout(self._request_seconds):
                return await request
        except TimeoutError as error:
            why = f"no answer in {self._request_seconds:g} s"
            raise TransportError(f"cannot read or write {LEASE} {self._key}: {why}") from error

    def _note(self, resource: Resource) -> None:
        record = parse_lease(resource)
        if self.record.version == record.version:
            return
        known = max(record.transitions, self.record.transitions)  # somebody may have emptied it
        self.record = replace(record, transitions=known)
        self._unchanged, self._counted_at = 0.0, self._clock.monotonic()
        if record.holder:
            self.last_held_seconds = record.duration_seconds
        elif record.duration_seconds == RELEASED_SECONDS:
            self.last_held_seconds = 0


class LeaseBell:
    """Rings when the holder of a Lease gives it back, so that who stands by need not wait for its next look.

    Nothing is believed that it hears: whoever is woken looks. Where the Lease cannot be watched, looks must do.
    """

    def __init__(self, rest: Rest, key: Key, clock: Clock, silence_seconds: float) -> None:
        """A holder renews it more often than every `silence_seconds`; a stream that is silent for longer is dropped."""
        self._rest = rest
        self._key = key
        self._clock = clock
        self._silence_seconds = silence_seconds
        self._rung = asyncio.Event()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or for so long."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._clock.sleep(seconds)), loop.create_task(self._rung.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._rung.clear()

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(ApiError, TransportError, TimeoutError):
                await self._follow()
            await self._clock.sleep(DEAF_SECONDS)

    async def _follow(self) -> None:
        selection = Selection(self._key.namespace, fields=f"metadata.name={self._key.name}")
        events = self._rest.watch(LEASE, selection, version="", timeout_seconds=WATCH_SECONDS)
        async with contextlib.aclosing(events):
            while True:
                async with asyncio.timeout(self._silence_seconds):
                    event = await anext(events, None)
                if event is None:
                    return
                if event.resource is not None and event.change != "DELETED" and parse_lease(event.resource).is_released:
                    self._rung.set()


def parse_lease(resource: Resource) -> LeaseRecord:
    """Fields that are missing count as empty: everybody may write a Lease."""
    spec = resource.spec
    return LeaseRecord(
        holder=spec.get("holderIdentity") or "",
        duration_seconds=max(spec.get("leaseDurationSeconds") or 0, _held_for(resource)),
        transitions=spec.get("leaseTransitions") or 0,
        version=resource.metadata.resourceVersion,
    )


def build_lease(key: Key, duration_seconds: int, transitions: int) -> dict[str, Any]:
    """A new one that nobody holds."""
    return {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.kind,
        "metadata": {"name": key.name, "namespace": key.namespace, "annotations": {HELD_FOR: str(duration_seconds)}},
        "spec": {"leaseDurationSeconds": duration_seconds, "leaseTransitions": transitions},
    }


def patch_taken(seen: LeaseRecord, holder: str, duration_seconds: int, now: datetime) -> dict[str, Any]:
    """A new holder takes the lease: one more transition."""
    spec = {"leaseTransitions": seen.transitions + 1, "acquireTime": format_micro_time(now)}
    return _patch(seen, spec | _held(holder, duration_seconds, now))


def patch_renewed(seen: LeaseRecord, duration_seconds: int, now: datetime) -> dict[str, Any]:
    """The holder goes on."""
    return _patch(seen, _held(seen.holder, duration_seconds, now))


def patch_released(seen: LeaseRecord, now: datetime) -> dict[str, Any]:
    """The holder goes, and nobody needs to wait for the lease to run out."""
    spec = {"holderIdentity": None, "leaseDurationSeconds": RELEASED_SECONDS, "renewTime": format_micro_time(now)}
    return _patch(seen, spec)


def format_micro_time(moment: datetime) -> str:
    """`metav1.MicroTime`: always six digits after the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _held(holder: str, duration_seconds: int, now: datetime) -> dict[str, Any]:
    return {"holderIdentity": holder, "leaseDurationSeconds": duration_seconds, "renewTime": format_micro_time(now)}


def _patch(seen: LeaseRecord, spec: dict[str, Any]) -> dict[str, Any]:
    """Only if nobody has written since it was seen."""
    annotations = {HELD_FOR: str(spec["leaseDurationSeconds"])}
    return {"metadata": {"resourceVersion": seen.version, "annotations": annotations}, "spec": spec}


def _held_for(resource: Resource) -> int:
    text = resource.metadata.annotations.get(HELD_FOR, "")
    return int(text) if text.isdecimal() else 0
