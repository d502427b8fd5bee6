"""How long a request may take: what its client says with `?timeout=`, a minute at most; a watch ends by itself.

Source: apiserver `endpoints/filters/request_deadline.go`; durations are read as Go's `time.ParseDuration` reads them.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable
from typing import TypeVar

from dbaas.apiserver.failures import Failure, bad_request, quoted
from dbaas.apiserver.list_options import asks_to_watch
from dbaas.contracts.transport import Request

T = TypeVar("T")
LONGEST_SECONDS = 60.0
_PART = re.compile(r"(\d+\.?\d*|\.\d+)([^\d.]*)")
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_for(request: Request) -> float | None:
    """None for a watch. Raises Failure 400 where the timeout is no duration."""
    if asks_to_watch(request.query):
        return None
    asked = request.query.get("timeout", "")
    seconds = _parse(asked) if asked else 0.0
    return seconds if 0 < seconds < LONGEST_SECONDS else LONGEST_SECONDS


def _parse(text: str) -> float:
    sign, digits = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if digits == "0":
        return 0.0
    parts = _PART.findall(digits)
    if not parts or "".join(number + unit for number, unit in parts) != digits:
        raise _refused(f"invalid duration {quoted(text)}")
    for _, unit in parts:
        if not unit:
            raise _refused(f"missing unit in duration {quoted(text)}")
        if unit not in _UNITS:
            raise _refused(f"unknown unit {quoted(unit)} in duration {quoted(text)}")
    return sign * sum(float(number) * _UNITS[unit] for number, unit in parts)


def _refused(why: str) -> Failure:
    return bad_request(f"invalid timeout specified in the request URL - time: {why}")


class SharedDeadline:
    """Many tasks that may take equally long share one timer: one for each would cost as much as half a small read."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[asyncio.Task[object], float] = {}  # in order of both
        self._late: set[asyncio.Task[object]] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def hold(self, work: Awaitable[T]) -> T:
        """What comes of it, within the time. At most once at a time in a task. Raises TimeoutError."""
        task = asyncio.current_task()
        assert task is not None, "work is done in tasks"
        cancelled = task.cancelling()
        self._due[task] = due = asyncio.get_running_loop().time() + self._seconds
        if self._timer is None:
            self._ring_at(due)
        try:
            return await work
        except asyncio.CancelledError as error:
            if task in self._late and task.cancelling() - 1 <= cancelled:  # else somebody else wants it to end, too
                raise TimeoutError from error
            raise
        finally:
            self._due.pop(task, None)
            if task in self._late:
                self._late.remove(task)
                task.uncancel()

    def _ring_at(self, due: float) -> None:
        self._timer = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        now, self._timer = asyncio.get_running_loop().time(), None
        for task, due in list(self._due.items()):
            if due > now:
                self._ring_at(due)
                return
            del self._due[task]
            self._late.add(task)
            task.cancel()
