"""What an HTTP connection sends, on a transport that only remembers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from dbaas.apiserver.outlet import Outlet
from dbaas.contracts.transport import Response


class Remembering(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.has_gone = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.has_gone


class Pieces:
    """A stream that tells when it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces
        self.closed = False

    async def run(self) -> AsyncIterator[bytes]:
        try:
            for piece in self._pieces:
                yield piece
        finally:
            self.closed = True


async def test_a_whole_answer_tells_its_length_and_what_follows() -> None:
    for closes, is_old, connection in (
        (False, False, None),
        (True, False, b"connection: close"),
        (True, True, b"connection: close"),
        (False, True, b"connection: keep-alive"),
    ):
        transport = Remembering()
        Outlet(transport).send(Response(200, b"{}"), closes=closes, is_old=is_old)
        lines, body = bytes(transport.written).split(b"\r\n\r\n")
        assert body == b"{}"
        assert b"content-length: 2" in lines.split(b"\r\n")
        found = [line for line in lines.split(b"\r\n") if line.startswith(b"connection:")]
        assert found == ([connection] if connection else [])


async def test_who_asks_for_the_head_gets_no_body() -> None:
    transport = Remembering()
    Outlet(transport).send(Response(405, b"{}"), closes=False, head_only=True)
    assert transport.written.endswith(b"\r\n\r\n")
    assert b"content-length: 2" in transport.written


async def test_a_stream_comes_in_frames_and_ends_with_the_last_one() -> None:
    transport, pieces = Remembering(), Pieces(b"one\n", b"", b"two\n")
    stream = pieces.run()
    await Outlet(transport).pour(Response(200, stream=stream), stream, closes=False, is_old=False)
    head, body = bytes(transport.written).split(b"\r\n\r\n", 1)
    assert b"transfer-encoding: chunked" in head
    assert body == b"4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"
    assert pieces.closed


async def test_an_old_client_gets_a_stream_without_frames() -> None:
    transport, pieces = Remembering(), Pieces(b"one\n")
    stream = pieces.run()
    await Outlet(transport).pour(Response(200, stream=stream), stream, closes=True, is_old=True)
    head, body = bytes(transport.written).split(b"\r\n\r\n", 1)
    assert b"transfer-encoding" not in head
    assert (body, b"connection: close" in head) == (b"one\n", True)


async def test_a_stream_waits_for_who_reads_slowly() -> None:
    transport = Remembering()
    outlet = Outlet(transport)
    outlet.is_free.clear()
    stream = Pieces(b"one\n", b"two\n").run()
    pouring = asyncio.ensure_future(outlet.pour(Response(200, stream=stream), stream, closes=False, is_old=False))
    for _ in range(5):
        await asyncio.sleep(0)
    assert b"one\n" in transport.written
    assert b"two\n" not in transport.written
    outlet.is_free.set()
    await pouring
    assert b"two\n" in transport.written


async def test_a_stream_that_nobody_wants_any_more_is_closed() -> None:
    pieces, outlet = Pieces(b"one\n", b"two\n"), Outlet(Remembering())
    outlet.is_free.clear()
    stream = pieces.run()
    pouring = asyncio.ensure_future(outlet.pour(Response(200, stream=stream), stream, closes=False, is_old=False))
    await asyncio.sleep(0)
    pouring.cancel()
    await asyncio.wait([pouring])
    assert pieces.closed


async def test_nothing_is_sent_to_one_that_has_gone() -> None:
    transport = Remembering()
    transport.has_gone = True
    Outlet(transport).send(Response(200, b"{}"), closes=False)
    Outlet(transport).consent()
    assert transport.written == b""
