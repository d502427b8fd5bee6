"""An operator that dies at a chosen write to the API, and the next one that takes over."""

from __future__ import annotations

import asyncio

from dbaas.contracts.transport import Request, Response, Transport, TransportError
from fixtures.faults import is_write
from simulation.world import World


class DyingTransport:
    """The write of that number gets no answer, and nothing is sent after it; it may have `reached` the server."""

    def __init__(self, transport: Transport, number: int, *, reached: bool) -> None:
        self.died = asyncio.Event()
        self._transport = transport
        self._left = number
        self._reached = reached

    async def request(self, request: Request) -> Response:
        if not is_write(request) or "/events" in request.path:
            return await self._transport.request(request)
        self._left -= 1
        if self._left >= 0:
            return await self._transport.request(request)
        if not self.died.is_set():
            self.died.set()
            if self._reached:
                await self._transport.request(request)
        raise TransportError("the operator died")


async def die_and_recover(world: World, number: int, *, reached: bool) -> bool:
    """Whether there were so many writes."""
    transport = DyingTransport(world.faults, number, reached=reached)
    world.start(transport)
    try:
        async with asyncio.timeout(120):
            await transport.died.wait()
    except TimeoutError:
        return False
    await world.sources.clock.sleep(0.5)
    await world.stop()
    world.start()
    await world.settle()
    return True
