"""The life of an operator process: it stands by, leads, and goes in order when it is asked to.

In order means: readiness off, nothing new taken in, running reconciles finished up to a deadline, events written, the
lease given back, connections closed. The lease is kept until the work has ended, so no successor starts too early.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from dbaas.core.clock import Clock
from dbaas.core.supervise import supervise
from dbaas.runtime.election import Elector, LeaseLost
from dbaas.runtime.manager import DRAIN_SECONDS, Manager

Part = Callable[[], Awaitable[None]]


class Operator:
    """`elector` None where no other process can be at work. `beside` runs as long as the manager: the watchdog."""

    def __init__(
        self, manager: Manager, elector: Elector | None, clock: Clock, beside: Sequence[tuple[str, Part]] = ()
    ) -> None:
        self._manager = manager
        self._elector = elector
        self._clock = clock
        self._parts = [("manager", manager.run), *beside]

    async def run(self, stop: asyncio.Event, drain_seconds: float = DRAIN_SECONDS) -> None:
        """Until `stop` is set and all has ended. Raises LeaseLost; then everything was cut off at once.

        Connections are the caller's: it closes them when this has returned.
        """
        tasks = [self._start(name, part) for name, part in self._parts]
        election = asyncio.ensure_future(self._elector.run()) if self._elector is not None else None
        try:
            leaving = asyncio.ensure_future(self._leave(stop, drain_seconds))
            tasks.append(leaving)
            await asyncio.wait([leaving, *([election] if election else [])], return_when=asyncio.FIRST_COMPLETED)
            if election is not None and election.done():
                raise _loss_of(election)
            leaving.result()
            await _end([election] if election else [])
            if self._elector is not None:
                await self._elector.release()
        finally:
            await _end([*tasks, *([election] if election else [])])

    async def _leave(self, stop: asyncio.Event, drain_seconds: float) -> None:
        await stop.wait()
        await self._manager.stop(drain_seconds)

    def _start(self, name: str, part: Part) -> asyncio.Future[None]:
        return asyncio.ensure_future(supervise(name, part, self._clock))


def _loss_of(election: asyncio.Future[None]) -> BaseException:
    """An election that ends for any other reason renews no more: that is a loss too."""
    return election.exception() or LeaseLost("cannot keep the lease: the election has ended")


async def _end(futures: Sequence[asyncio.Future[None]]) -> None:
    for future in futures:
        future.cancel()
    await asyncio.gather(*futures, return_exceptions=True)
