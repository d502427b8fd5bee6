"""One HTTP connection, byte by byte: order, ends, limits, and what is no HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from dbaas.apiserver.connections import LINE_LIMIT, Connection, Patience
from dbaas.apiserver.server import BODY_LIMIT
from dbaas.contracts.transport import Request, Response

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
GET = b"GET /%b HTTP/1.1\r\nHost: here\r\n\r\n"


class Echo:
    """Answers with the path and the body; `/wait` when it is let go, `/watch` with a stream, `/fail` never."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.go = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def answer(self, request: Request, authorization: str) -> Response:
        self.seen.append(request.path)
        if request.path == "/wait":
            try:
                await self.go.wait()
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if request.path == "/fail":
            raise ZeroDivisionError
        if request.path in ("/watch", "/broken"):
            return Response(200, stream=self._stream(request.path))
        return Response(200, request.path.encode() + request.body)

    async def _stream(self, path: str) -> AsyncIterator[bytes]:
        yield b"one\n"
        await self.go.wait()
        if path == "/broken":
            raise ZeroDivisionError
        yield b"two\n"


@asynccontextmanager
async def connected(echo: Echo, patience: Patience | None = None) -> AsyncIterator[tuple[Streams, set[Connection]]]:
    """A client, and the connections of the server."""
    open_ones: set[Connection] = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(echo.answer, open_ones, patience or Patience()), "127.0.0.1")
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    try:
        async with asyncio.timeout(10):
            yield (reader, writer), open_ones
    finally:
        writer.transport.abort()
        server.close()
        for each in list(open_ones):
            each.abort()
            await each.closed.wait()


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in head[1:-2])
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return int(head[0].split()[1]), headers, body


async def until_closed(open_ones: set[Connection]) -> None:
    for each in list(open_ones):
        await each.closed.wait()


async def test_requests_that_come_together_are_answered_in_order() -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), _):
        post = b"POST /second HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nabc"
        writer.write(GET % b"wait" + post + GET % b"third")
        while not echo.seen:
            await asyncio.sleep(0)
        assert echo.seen == ["/wait"]
        echo.go.set()
        assert [(await read_answer(reader))[2] for _ in range(3)] == [b"/wait", b"/secondabc", b"/third"]


async def test_who_sends_ahead_is_not_read_until_it_is_answered() -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), open_ones):
        writer.write(GET % b"wait")
        while not echo.seen:
            await asyncio.sleep(0)
        (connection,) = open_ones
        assert connection.transport is not None
        writer.write(GET % b"next")
        while connection.transport.is_reading():
            await asyncio.sleep(0)
        echo.go.set()
        assert [(await read_answer(reader))[2] for _ in range(2)] == [b"/wait", b"/next"]
        assert connection.transport.is_reading()


async def test_who_does_not_read_gets_no_more_answers_ready() -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), open_ones):
        writer.write(GET % b"first")
        await read_answer(reader)
        (connection,) = open_ones
        connection.pause_writing()
        writer.write(GET % b"second" + GET % b"third")
        assert (await read_answer(reader))[2] == b"/second"
        assert echo.seen == ["/first", "/second"]
        connection.resume_writing()
        assert (await read_answer(reader))[2] == b"/third"


async def test_a_request_may_come_byte_by_byte() -> None:
    async with connected(Echo()) as ((reader, writer), _):
        for byte in b"POST /slow HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await read_answer(reader))[2] == b"/slowabc"


@pytest.mark.parametrize(
    ("garbage", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
        (b"\x16\x03\x01\x00\xa5", 400),
        (b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: here\r\nX: " + b"x" * (LINE_LIMIT + 1), 431),
    ],
)
async def test_what_is_no_http_is_refused_and_the_connection_ends(garbage: bytes, status: int) -> None:
    async with connected(Echo()) as ((reader, writer), open_ones):
        writer.write(garbage)
        found, headers, _ = await read_answer(reader)
        assert (found, headers["connection"]) == (status, "close")
        assert await reader.read() == b""
        writer.close()
        await until_closed(open_ones)


async def test_garbage_after_a_request_does_not_cost_its_answer() -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), _):
        writer.write(GET % b"wait")
        while not echo.seen:
            await asyncio.sleep(0)
        writer.write(b"nonsense\r\n\r\n")
        echo.go.set()
        assert [(await read_answer(reader))[0] for _ in range(2)] == [200, 400]


async def test_a_body_is_asked_for_where_the_client_waits_for_that() -> None:
    head = b"POST /big HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    async with connected(Echo()) as ((reader, writer), _):
        writer.write(head % 3)
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"abc")
        assert (await read_answer(reader))[2] == b"/bigabc"
        writer.write(head % (BODY_LIMIT + 1))
        assert (await read_answer(reader))[0] == 413


@pytest.mark.parametrize("framed", [True, False])
async def test_a_body_beyond_the_limit_is_refused_while_it_is_being_sent(framed: bool) -> None:
    kind = b"Transfer-Encoding: chunked" if framed else b"Content-Length: %d" % (2 * BODY_LIMIT)
    async with connected(Echo()) as ((reader, writer), open_ones):
        writer.write(b"POST / HTTP/1.1\r\nHost: here\r\n" + kind + b"\r\n\r\n")
        piece = b"x" * (BODY_LIMIT // 2)
        for _ in range(4):
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece) if framed else piece)
            await writer.drain()
        status, _, body = await read_answer(reader)
        assert (status, b"Request entity too large" in body) == (413, True)
        writer.close()
        await until_closed(open_ones)


async def test_a_connection_lasts_as_its_client_wants() -> None:
    for version, header, lasts in (
        (b"1.1", b"", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
    ):
        async with connected(Echo()) as ((reader, writer), _):
            writer.write(b"GET /a HTTP/" + version + b"\r\nHost: here\r\n" + header + b"\r\n")
            assert (await read_answer(reader))[2] == b"/a"
            if lasts:
                writer.write(GET % b"b")
                assert (await read_answer(reader))[2] == b"/b"
            else:
                assert await reader.read() == b""


async def test_a_client_that_wants_another_protocol_is_answered_in_this_one() -> None:
    async with connected(Echo()) as ((reader, writer), _):
        headers = b"Host: here\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n"
        writer.write(b"GET /a HTTP/1.1\r\n" + headers + b"\x81\x05hello")
        assert (await read_answer(reader))[2] == b"/a"
        assert await reader.read() == b""


async def test_a_client_that_goes_away_ends_its_request() -> None:
    echo = Echo()
    async with connected(echo) as ((_, writer), open_ones):
        writer.write(GET % b"wait")
        while not echo.seen:
            await asyncio.sleep(0)
        writer.transport.abort()
        await echo.cancelled.wait()
        await until_closed(open_ones)


@pytest.mark.parametrize("method", [b"PATCH", b"POST", b"PUT", b"DELETE"])
async def test_what_is_to_be_written_for_a_client_that_has_gone_already_is_not(method: bytes) -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), open_ones):
        writer.write(GET % b"first")
        await read_answer(reader)
        writer.write(method + b" /late HTTP/1.1\r\nHost: here\r\nContent-Length: 2\r\n\r\n{}")
        writer.write_eof()  # before this server has looked at either
        await until_closed(open_ones)
    assert echo.seen == ["/first"]


async def test_a_request_that_does_not_come_is_not_waited_for() -> None:
    async with connected(Echo(), Patience(request=0.05, lingering=0.05)) as ((reader, writer), open_ones):
        writer.write(b"POST /a HTTP/1.1\r\nHost: here\r\nContent-Length: 3\r\n\r\nab")
        assert (await read_answer(reader))[0] == 504
        await until_closed(open_ones)  # though the client does nothing


async def test_half_a_head_and_no_head_end_the_connection() -> None:
    for begun in (b"", b"GET /a HTTP"):
        async with connected(Echo(), Patience(request=0.05)) as ((reader, writer), open_ones):
            writer.write(begun)
            await until_closed(open_ones)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)


async def test_an_idle_connection_ends_but_not_one_that_is_being_answered() -> None:
    echo = Echo()
    async with connected(echo, Patience(idle=0.05)) as ((reader, writer), open_ones):
        writer.write(GET % b"wait")
        asyncio.get_running_loop().call_later(0.15, echo.go.set)
        assert (await read_answer(reader))[2] == b"/wait"
        await until_closed(open_ones)


async def test_an_answer_that_fails_is_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with connected(Echo()) as ((reader, writer), open_ones):
        writer.write(GET % b"fail")
        status, headers, body = await read_answer(reader)
        assert (status, headers["connection"]) == (500, "close")
        assert b"the server has failed" in body
        await until_closed(open_ones)
    gc.collect()
    assert any("ZeroDivisionError" in (each.exc_text or "") or each.exc_info for each in caplog.records)


async def test_a_stream_that_fails_does_not_look_whole(caplog: pytest.LogCaptureFixture) -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), _):
        writer.write(GET % b"broken")
        assert (await reader.readuntil(b"one\n\r\n")).endswith(b"4\r\none\n\r\n")
        echo.go.set()
        rest = b""
        with contextlib.suppress(ConnectionError):
            rest = await reader.read()
        assert not rest.endswith(b"0\r\n\r\n")
    gc.collect()
    assert caplog.records


async def test_after_a_stream_the_connection_goes_on() -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), _):
        writer.write(GET % b"watch" + GET % b"next")
        echo.go.set()
        assert (await reader.readuntil(b"\r\n0\r\n\r\n")).endswith(b"two\n\r\n0\r\n\r\n")
        assert (await read_answer(reader))[2] == b"/next"


async def test_the_end_waits_for_an_answer_and_says_that_it_is_the_last() -> None:
    echo = Echo()
    async with connected(echo) as ((reader, writer), open_ones):
        writer.write(GET % b"wait")
        while not echo.seen:
            await asyncio.sleep(0)
        for each in open_ones:
            each.end()
        echo.go.set()
        _, headers, body = await read_answer(reader)
        assert (headers["connection"], body) == ("close", b"/wait")
        await until_closed(open_ones)
