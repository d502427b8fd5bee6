"""Notices from a thread of its own when the event loop stops turning, and what it was doing then.

Only another thread can: code that blocks the loop blocks every task that could complain.
"""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

from dbaas.core.clock import Clock

LOOKS = 5  # in the time that is allowed
SHOWN_FRAMES = 20

Report = Callable[[float, str], None]


class StallWatch:
    """Made and closed on the loop's thread. After `start`, `beat` must be called more often than `limit_seconds`.

    `report` gets the seconds since the last beat and the innermost frames of the loop's thread, once for each stall. It
    is called on the watching thread. A process that was stopped and goes on looks like one that stalled.
    """

    def __init__(self, limit_seconds: float, clock: Clock, report: Report) -> None:
        self._limit = limit_seconds
        self._clock = clock
        self._report = report
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stall-watch", daemon=True)
        self._loop_thread = threading.get_ident()
        self._beat_at = 0.0

    def start(self) -> None:
        self.beat()
        self._thread.start()

    def beat(self) -> None:
        self._beat_at = self._clock.monotonic()

    def close(self) -> None:
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        reported = -1.0
        while not self._closed.wait(self._limit / LOOKS):
            beat_at = self._beat_at
            seconds = self._clock.monotonic() - beat_at
            if seconds > self._limit and beat_at != reported:
                reported = beat_at
                self._report(seconds, self._stack())

    def _stack(self) -> str:
        frame = sys._current_frames().get(self._loop_thread)
        return "".join(traceback.format_stack(frame)[-SHOWN_FRAMES:]) if frame is not None else ""
