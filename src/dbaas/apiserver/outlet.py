"""What an HTTP connection sends: answers, whole or in pieces, as fast as the other side reads them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from dbaas.apiserver.framing import CONTINUE, LAST_PIECE, frame, make_head
from dbaas.contracts.transport import Response

_CLOSE = b"connection: close\r\n"
_KEEP = b"connection: keep-alive\r\n"
_FRAMED = b"transfer-encoding: chunked\r\n"


class Outlet:
    """One for each connection. `is_free` is cleared while the other side reads too slowly; nothing is sent to one that
    has gone, and that is no error."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self.is_free = asyncio.Event()
        self.is_free.set()

    def send(self, response: Response, *, closes: bool, is_old: bool = False, head_only: bool = False) -> None:
        """`closes`: nothing follows. `is_old`: to HTTP/1.0, which must be told if something may follow."""
        framing = b"content-length: %d\r\n" % len(response.body)
        if closes:
            framing += _CLOSE
        elif is_old:
            framing += _KEEP
        head = self._head(response, framing)
        self._write(head if head_only else head + response.body)

    async def pour(self, response: Response, stream: AsyncIterator[bytes], *, closes: bool, is_old: bool) -> None:
        """To the end of the stream, which is closed in any case. HTTP/1.0 knows the end by that of the connection."""
        framing = b"" if is_old else _FRAMED
        try:
            self._write(self._head(response, framing + _CLOSE if closes else framing))
            async for piece in stream:
                if piece:
                    self._write(piece if is_old else frame(piece))
                    await self.is_free.wait()
            if not is_old:
                self._write(LAST_PIECE)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()

    def consent(self) -> None:
        """To a client that wants to be asked for the body of its request."""
        self._write(CONTINUE)

    def _head(self, response: Response, framing: bytes) -> bytes:
        return make_head(response.status, response.headers, framing, int(self._loop.time()))

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)
