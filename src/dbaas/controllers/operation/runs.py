"""Statements on their way to a server, beside the reconciles: each waits in its session until it is noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from dbaas.core.supervise import attempt

LONGEST_END_SECONDS = 20.0  # the driver asks the server to end it, and waits for the answer for some seconds


@dataclass(frozen=True)
class RunState:
    """Of one statement. `is_open`: its session is there; `is_released`: it was let go, and may have been sent."""

    step: str
    session: str
    is_open: bool = False
    is_released: bool = False
    has_ended: bool = False


@dataclass
class Run:
    """One statement. `tag` is what the server says that it has done; `failure` is why it has not ended well."""

    step: str
    session: str
    tag: str = ""
    failure: Exception | None = None
    _open: bool = False
    _go: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    @property
    def state(self) -> RunState:
        ended = self._task is not None and self._task.done()
        return RunState(self.step, self.session, self._open, self._go.is_set(), ended)

    def release(self) -> None:
        """Its beginning is noted: it may be sent."""
        self._go.set()

    async def wait_for_release(self, opened: Callable[[], None]) -> None:
        """In its session. `opened` is told that it is there."""
        self._open = True
        opened()
        await self._go.wait()


Work = Callable[[Run], Awaitable[str]]
"""Does all of it, with `wait_for_release` before it is sent; answers the tag."""


class Runs:
    """At most one for each operation, by the uid of its OpsRequest."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._leaving: set[asyncio.Task[None]] = set()

    def find(self, uid: str) -> Run | None:
        return self._runs.get(uid)

    def begin(self, uid: str, run: Run, work: Work, wake: Callable[[], None]) -> None:
        """`wake` is called when it has ended."""

        async def live() -> None:
            async def send() -> None:
                run.tag = await work(run)

            run.failure = await attempt(send)

        self._runs[uid] = run
        run._task = asyncio.get_running_loop().create_task(live())
        run._task.add_done_callback(lambda _: wake())

    def forget(self, uid: str) -> None:
        """Of one that has ended."""
        self._runs.pop(uid, None)

    async def stop(self, uid: str) -> None:
        """Ends it, also on the server where that answers; nothing where there is none."""
        run = self._runs.pop(uid, None)
        if run is None or run._task is None or run._task.done():
            return
        run._task.cancel()
        self._leaving.add(run._task)
        run._task.add_done_callback(self._leaving.discard)
        await asyncio.wait([run._task], timeout=LONGEST_END_SECONDS)

    async def keep(self) -> None:
        """For as long as this process is at work: ends all of them when it is cancelled."""
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.gather(*(self.stop(uid) for uid in list(self._runs)))
