"""A loop on virtual time that takes what is ready in any order: a race that is possible happens for some seed."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Coroutine
from typing import Any, TypeVar

from dbaas.core.simulation import VirtualLoop

T = TypeVar("T")
LONGEST_SECONDS = 100_000.0


class Endless(BaseException):
    """So much time has passed that nothing can be waiting for it: a task does not end, or does not let itself end."""


class ShufflingLoop(VirtualLoop):
    """The same seed gives the same order."""

    _ready: deque[asyncio.Handle]

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._order = random.Random(seed)
        self._limit = LONGEST_SECONDS

    def _run_once(self) -> None:
        if self.time() > self._limit:
            self._limit = self.time() + LONGEST_SECONDS  # for what is cancelled now to come to its end
            raise Endless(f"tasks that do not end: {self._describe()}")
        if len(self._ready) > 1:
            handles = list(self._ready)
            self._order.shuffle(handles)
            self._ready.clear()
            self._ready.extend(handles)
        super()._run_once()  # type: ignore[misc]

    def _describe(self) -> str:
        return ", ".join(
            sorted({str(getattr(task.get_coro(), "__qualname__", task)) for task in asyncio.all_tasks(self)})
        )


def run_shuffled(main: Coroutine[Any, Any, T], seed: int) -> T:
    """`asyncio.run` on virtual time, in the order of that seed. Raises Endless."""
    with asyncio.Runner(loop_factory=lambda: ShufflingLoop(seed)) as runner:
        return runner.run(main)
