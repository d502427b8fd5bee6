"""Ends this process when its time is up, even if its event loop no longer turns.

For a process that may act only until a deadline: a loop that is blocked, or a process that was stopped and continued,
cannot be trusted to notice by itself. The timer is a thread of `faulthandler`, which needs neither the event loop nor
the interpreter's lock, and tells where each thread was before it ends the process.
"""

from __future__ import annotations

import faulthandler
import os
from typing import Protocol

STANDARD_ERROR = 2
EXIT_CODE = 1  # faulthandler's own


class Fuse(Protocol):
    """At most one in a process."""

    def arm(self, seconds: float) -> None:
        """The process ends in so many seconds, counted by monotonic time, unless `arm` or `disarm` is called before."""
        ...

    def disarm(self) -> None: ...

    def blow(self) -> None:
        """The process ends now: nothing is flushed, awaited or cleaned up."""
        ...


class ProcessFuse:
    """The fuse of this process."""

    def arm(self, seconds: float) -> None:
        if seconds <= 0:
            self.blow()
        faulthandler.dump_traceback_later(seconds, exit=True, file=STANDARD_ERROR)

    def disarm(self) -> None:
        faulthandler.cancel_dump_traceback_later()

    def blow(self) -> None:
        os._exit(EXIT_CODE)
