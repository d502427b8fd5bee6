"""A loop on virtual time that takes what is ready in any order: a race that is possible happens for some seed."""

from __future__ import annotations

import asyncio
import heapq
import random
from asyncio.events import TimerHandle
from collections import deque
from collections.abc import Coroutine
from contextvars import Context
from itertools import count
from typing import Any, TypeVar

from dbaas.core.simulation import VirtualLoop

T = TypeVar("T")
LONGEST_SECONDS = 100_000.0


class Endless(BaseException):
    """So much time has passed that nothing can be waiting for it: a task does not end, or does not let itself end."""


class NumberedTask(asyncio.Task[Any]):
    """Where tasks are kept in sets, as a TaskGroup does, they are called in one order in each run of a seed."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], number: int, **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number


class ShufflingLoop(VirtualLoop):
    """The same seed gives the same order."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[TimerHandle]
    _timer_cancelled_count: int

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._order = random.Random(seed)
        self._limit = LONGEST_SECONDS
        numbers = count(1)

        def make(
            loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], context: Context | None = None
        ) -> asyncio.Task[Any]:
            return NumberedTask(coroutine, next(numbers), loop=loop, context=context)

        self.set_task_factory(make)  # type: ignore[arg-type]

    def _run_once(self) -> None:
        """What asyncio's own does, without a look at sockets: there are none, and it is called a million times."""
        if self.time() > self._limit:
            self._limit = self.time() + LONGEST_SECONDS  # for what is cancelled now to come to its end
            raise Endless(f"tasks that do not end: {self._describe()}")
        ready = self._ready
        if len(ready) > 1:
            handles = list(ready)
            self._order.shuffle(handles)
            ready.clear()
            ready.extend(handles)
        self._call_due()
        if not ready:
            super()._run_once()  # type: ignore[misc]
            return
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle._cancelled:  # type: ignore[attr-defined]
                handle._run()

    def _call_due(self) -> None:
        """Time leaps to the next timer where nothing is ready."""
        scheduled = self._scheduled
        while scheduled:
            timer = scheduled[0]
            if timer.cancelled():
                self._timer_cancelled_count -= 1
            elif timer.when() < self.time() + self._clock_resolution:
                # who waits for that moment must find that it has come, or would wait for the rest of it for ever
                self._jumping.elapsed = max(self._jumping.elapsed, timer.when())
                self._ready.append(timer)
            elif self._ready:
                return
            else:
                self._jumping.elapsed = timer.when()
                continue
            heapq.heappop(scheduled)
            timer._scheduled = False  # type: ignore[attr-defined]

    def _describe(self) -> str:
        return ", ".join(
            sorted({str(getattr(task.get_coro(), "__qualname__", task)) for task in asyncio.all_tasks(self)})
        )


def run_shuffled(main: Coroutine[Any, Any, T], seed: int) -> T:
    """`asyncio.run` on virtual time, in the order of that seed. Raises Endless."""
    with asyncio.Runner(loop_factory=lambda: ShufflingLoop(seed)) as runner:
        return runner.run(main)
