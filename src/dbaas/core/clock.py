"""Time as a parameter: the only module that reads a clock, so that everything else can run on a virtual one."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
_COUNTS_SLEEP: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # Linux: what a suspended machine holds expires too


class Clock(Protocol):
    """Where a part gets the time from. All three speak of the same time line."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC. It may jump; never measure durations with it."""
        ...

    def monotonic(self) -> float:
        """Seconds that only grow; for durations, deadlines and expiry."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait at least so many seconds; cancellation ends it."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic() if _COUNTS_SLEEP is None else time.clock_gettime(_COUNTS_SLEEP)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class LoopClock:
    """The time of the running event loop: real on an ordinary loop, virtual on `core.simulation.VirtualLoop`."""

    def __init__(self, start: datetime = EPOCH) -> None:
        self._start = start

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


def format_time(moment: datetime) -> str:
    """RFC 3339 in UTC to the second, as Kubernetes writes `metav1.Time`: `2026-01-01T00:00:00Z`."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`; fractions of a second and offsets are accepted. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone")
    return moment.astimezone(UTC)
