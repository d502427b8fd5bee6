"""An event loop whose time is virtual: it jumps to the next timer when nothing else can run.

A run on it takes no real time and, with a seeded `Randomness` and `InlineOffload`, is the same every time. It is for
code without sockets and threads: a loop that would wait for input with no timer set can never wake, so it raises.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class DeadlockError(RuntimeError):
    """Everything waits and no timer is set: on virtual time nothing would ever happen again."""


class _JumpingSelector(selectors.SelectSelector):
    """Never blocks: a wait of n seconds moves the loop's time forward by n instead."""

    elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise DeadlockError("every task waits and no timer is set")
        self.elapsed += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An asyncio loop on virtual time; `time()` starts at 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # asyncio runs a timer once it is nearer than this. Its own value, a nanosecond, is lost in a float after some
        # months, and a timer that is due would never run.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.elapsed


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
