"""Work that everybody waits for, but only for a moment: what takes longer goes on beside everything else."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from typing import Any


class Resumption:
    """Ended by `end`, which must be called."""

    def __init__(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self, works: Iterable[Coroutine[Any, Any, None]], within_seconds: float) -> None:
        """Returns when all are done, or the time is over. Raises what one of those that are done has raised."""
        self._tasks += [asyncio.create_task(work) for work in works]
        if self._tasks:
            done, _ = await asyncio.wait(self._tasks, timeout=within_seconds)
            for task in done:
                task.result()

    async def end(self) -> None:
        """What is still at work is cancelled."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
