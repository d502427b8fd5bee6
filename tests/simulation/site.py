"""The API server at its address: it can be stopped for a while and started again on the store that it left."""

from __future__ import annotations

from collections.abc import Callable

from dbaas.apiserver.server import ApiServer
from dbaas.contracts.transport import NotSent, Request, Response


class Site:
    """A transport. While nothing listens a request is never sent; `ask_inside` works as long as the server runs."""

    def __init__(self, make: Callable[[], ApiServer]) -> None:
        self.is_up = False
        self._make = make
        self._server = make()

    async def start(self) -> None:
        await self._server.start()
        self.is_up = True

    async def stop(self) -> None:
        """Streams end; what was answered is kept, and the history that watches ask for is not."""
        self.is_up = False
        await self._server.stop()

    async def start_again(self) -> None:
        self._server = self._make()
        await self.start()

    async def request(self, request: Request) -> Response:
        """Raises NotSent."""
        if not self.is_up:
            raise NotSent("injected: nothing listens")
        return await self.ask_inside(request)

    async def ask_inside(self, request: Request) -> Response:
        return await self._server.request(request)


class Inside:
    """The way of those who judge: past the address."""

    def __init__(self, site: Site) -> None:
        self._site = site

    async def request(self, request: Request) -> Response:
        return await self._site.ask_inside(request)
