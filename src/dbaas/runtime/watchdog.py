"""Measures how late the event loop runs what is due, and has it written down when it stands still.

Everything of an operator shares one loop: what blocks it blocks all servers, the renewal of the lease included.
"""

from __future__ import annotations

from collections import deque
from contextlib import closing

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram

from dbaas.core.clock import Clock
from dbaas.core.stall import StallWatch

log = structlog.get_logger(__name__)

BEAT_SECONDS = 0.1
STALL_SECONDS = 1.0
CHRONIC_SECONDS = 1.0
REMEMBERED_BEATS = 60  # of which each has been late before we say that a restart may help
LAGS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Watchdog:
    """`run` must run on the loop that is watched. One for each process."""

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._clock = clock
        self._last: deque[float] = deque(maxlen=REMEMBERED_BEATS)
        self._lags = Histogram(
            "dbaas_loop_lag_seconds", "How late the event loop runs what is due.", buckets=LAGS, registry=registry
        )
        self._stalls = Counter(
            "dbaas_loop_stalls_total", "Times that the event loop stood still for over a second.", registry=registry
        )

    async def run(self) -> None:
        """Until cancelled."""
        with closing(StallWatch(STALL_SECONDS, self._clock, self._note_stall)) as watch:
            watch.start()
            while True:
                due = self._clock.monotonic() + BEAT_SECONDS
                await self._clock.sleep(BEAT_SECONDS)
                watch.beat()
                self.note_lag(max(0.0, self._clock.monotonic() - due))

    def note_lag(self, seconds: float) -> None:
        self._lags.observe(seconds)
        self._last.append(seconds)

    def unhealthy(self) -> list[str]:
        """Why we should be restarted: a loop that has been late again and again. One that stands still cannot say."""
        if len(self._last) < REMEMBERED_BEATS or min(self._last) < CHRONIC_SECONDS:
            return []
        return [f"the event loop lags: by {min(self._last):.1f} s or more at each of {REMEMBERED_BEATS} beats"]

    def _note_stall(self, seconds: float, stack: str) -> None:
        """On another thread."""
        self._stalls.inc()
        log.error("loop_stalled", seconds=round(seconds, 1), stack=stack)
