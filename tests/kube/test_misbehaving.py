"""Both HTTP transports against servers that fail in each phase of a request: property 25 of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import pytest

from dbaas.contracts.transport import NotSent, Request, Response, TransportError
from dbaas.core.clock import LoopClock, SystemClock
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport
from dbaas.kube.light import LightTransport
from dbaas.kube.retries import MOST_ATTEMPTS, RetryingTransport

pytestmark = pytest.mark.slow

Make = Callable[[Access], HttpTransport | LightTransport]
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
FINE = HEAD + b"content-length: 2\r\n\r\n{}"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"


@dataclass
class Script:
    """What the server says on each connection it gets, piece by piece; after the last it hangs or closes.

    `requests` are the first lines of what it was asked.
    """

    pieces: list[bytes] = field(default_factory=list)
    hangs: bool = False
    requests: list[str] = field(default_factory=list)
    connections: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            self.requests.append(head.split(b"\r\n")[0].decode())
            for piece in self.pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if self.hangs:
                await self.over.wait()
            if self.pieces != [FINE]:
                return


@pytest.fixture(params=[HttpTransport, LightTransport])
def make(request: pytest.FixtureRequest) -> Make:
    transport: type[HttpTransport] | type[LightTransport] = request.param
    return lambda access: transport(access, SystemClock())


@asynccontextmanager
async def _serving(make: Make, script: Script) -> AsyncIterator[HttpTransport | LightTransport]:
    server = await asyncio.start_server(script.serve, "127.0.0.1", 0)
    transport = make(Access(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"))
    try:
        yield transport
    finally:
        script.over.set()
        await transport.close()
        server.close()
        await server.wait_closed()


def _request(method: str = "GET", **query: str) -> Request:
    headers = {"content-type": "application/merge-patch+json"} if method == "PATCH" else {}
    return Request(method, "/x", query, headers, b"{}" if method != "GET" else b"", timeout_seconds=0.3)


PHASES = {
    "before it answers": [],
    "in its first line": [b"HTTP/1."],
    "in its headers": [HEAD],
    "before its body": [HEAD + b"content-length: 2\r\n\r\n"],
    "in its body": [HEAD + b"content-length: 2\r\n\r\n{"],
    "in a chunk": [CHUNKED + b"5\r\n{"],
    "between two chunks": [CHUNKED + b"1\r\n{\r\n"],
    "before the last chunk": [CHUNKED + b"2\r\n{}\r\n"],
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("hangs", [False, True])
async def test_a_server_that_fails_in_any_phase_is_an_error_in_time(make: Make, phase: str, hangs: bool) -> None:
    async with _serving(make, Script(PHASES[phase], hangs=hangs)) as transport, asyncio.timeout(10):
        with pytest.raises(TransportError) as caught:
            await transport.request(_request("POST"))
        assert not isinstance(caught.value, NotSent), "it may have taken effect"


@pytest.mark.parametrize("answer", [b"\x16\x03\x01\x00", b"SSH-2.0-OpenSSH_9\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n"])
async def test_what_is_not_http_is_an_error(make: Make, answer: bytes) -> None:
    async with _serving(make, Script([answer])) as transport, asyncio.timeout(10):
        with pytest.raises(TransportError):
            await transport.request(_request())


async def test_a_body_that_drips_is_left_after_a_time(make: Make) -> None:
    """Each piece comes in time and the whole does not."""

    class Dripping(Script):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + b"content-length: 1000000\r\n\r\n")
            while not self.over.is_set():
                writer.write(b" ")
                await writer.drain()
                await asyncio.wait({asyncio.ensure_future(self.over.wait())}, timeout=0.01)

    async with _serving(make, Dripping()) as transport, asyncio.timeout(10):
        with pytest.raises(TransportError, match="too long"):
            await transport.request(_request())


@pytest.mark.parametrize("method", ["POST", "PATCH"])
async def test_what_may_have_happened_is_not_sent_again(make: Make, method: str) -> None:
    """Neither by us nor by a library below, on a connection that had worked before."""
    script = Script([FINE])
    async with _serving(make, script) as transport, asyncio.timeout(10):
        retrying = RetryingTransport(transport, LoopClock(), SeededRandomness(1))
        assert (await retrying.request(_request())).status == 200
        script.pieces = []
        with pytest.raises(TransportError):
            await retrying.request(_request(method))
        assert script.requests == ["GET /x HTTP/1.1", f"{method} /x HTTP/1.1"]
        assert script.connections == 1


async def test_a_read_is_sent_again_until_it_is_answered(make: Make) -> None:
    class Recovering(Script):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if self.connections == 3:
                self.pieces = [FINE]
            await super()._talk(reader, writer)

    script = Recovering([])
    async with _serving(make, script) as transport, asyncio.timeout(10):
        retrying = RetryingTransport(transport, LoopClock(), SeededRandomness(1))
        assert (await retrying.request(_request())).body == b"{}"
        assert 3 <= len(script.requests) <= MOST_ATTEMPTS


async def test_who_does_not_listen_or_does_not_exist_was_never_asked(make: Make) -> None:
    for address in ("http://127.0.0.1:1", "http://nobody.invalid:80"):
        transport = make(Access(address))
        with pytest.raises(NotSent, match="cannot reach"):
            await transport.request(_request("POST"))
        await transport.close()


async def test_a_certificate_that_is_not_trusted_ends_it_before_anything_is_sent(make: Make) -> None:
    """Here there is no TLS at all: the server closes when it sees the first byte of it."""

    class Plain(Script):
        async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readexactly(1)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    def make_secure(access: Access) -> HttpTransport | LightTransport:
        return make(Access(access.server.replace("http:", "https:")))

    async with _serving(make_secure, Plain()) as transport, asyncio.timeout(10):
        with pytest.raises(NotSent, match="cannot reach"):
            await transport.request(_request("POST"))


ENDINGS = {
    "cut in a line": [CHUNKED + b'9\r\n{"a":1}\n{\r\n'],
    "cut in a chunk": [CHUNKED + b'8\r\n{"a":1}\n\r\n9\r\n{"b"'],
    "garbage between chunks": [CHUNKED + b'8\r\n{"a":1}\n\r\nnonsense\r\n'],
}


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_stream_that_breaks_brings_what_was_whole_and_then_an_error(make: Make, ending: str) -> None:
    async with _serving(make, Script(ENDINGS[ending])) as transport, asyncio.timeout(10):
        got: list[bytes] = []
        with pytest.raises(TransportError, match=r"the stream broke|no answer"):
            await _read(await transport.request(_request(watch="true")), got)
        assert b"".join(got) in (b'{"a":1}\n', b"")


async def test_a_stream_that_is_half_open_is_left_after_a_time() -> None:
    async with _serving(
        lambda access: HttpTransport(access, SystemClock()), Script([CHUNKED + b'8\r\n{"a":1}\n\r\n'], hangs=True)
    ) as transport:
        got: list[bytes] = []
        async with asyncio.timeout(10):
            with pytest.raises(TransportError, match="the stream broke"):
                await _read(await transport.request(_request(watch="true")), got)
        assert got == [b'{"a":1}\n']


async def _read(response: Response, got: list[bytes]) -> None:
    assert response.stream is not None
    with suppress(StopAsyncIteration):
        while True:
            got.append(await anext(response.stream))


async def test_a_request_that_is_cancelled_leaves_the_transport_usable(make: Make) -> None:
    script = Script([], hangs=True)
    async with _serving(make, script) as transport, asyncio.timeout(10):
        for _ in range(40):  # more than there are slots
            task: asyncio.Task[Response] = asyncio.ensure_future(_send(transport))
            await _until(lambda: len(script.requests) > 0)
            script.requests.clear()
            task.cancel()
            await asyncio.wait([task])
        script.pieces, script.hangs = [FINE], False
        assert (await transport.request(_request())).status == 200


async def _send(transport: HttpTransport | LightTransport) -> Response:
    return await transport.request(Request("GET", "/x"))


async def _until(happened: Callable[[], bool]) -> None:
    while not happened():
        await _turn()


def _turn() -> Awaitable[None]:
    return asyncio.sleep(0)
