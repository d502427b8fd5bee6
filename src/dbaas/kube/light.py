"""Kubernetes API requests for commands that live for a moment: HTTP/1.1 on asyncio's own streams.

Why beside `kube.http`: importing aiohttp takes longer than everything else that a command does. What long-lived
processes need (retries, many streams at once, limits) is not here. Source: RFC 9112.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from dbaas.contracts.transport import NotSent, Request, Response, TransportError
from dbaas.core.clock import Clock
from dbaas.kube.access import Access, build_ssl_context
from dbaas.kube.impersonation import Headers
from dbaas.kube.logins import Logins

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 30.0
IDLE_SECONDS = 5.0  # a server may close an older connection at the moment when we write to it
BUFFER_BYTES = 2**20
_NO_BODY = (204, 304)


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used_at: float = 0.0

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


class LightTransport:
    """One server, without a proxy. Connections are reused while they are fresh, one for each request in work."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._address = urlsplit(access.server)
        self._logins = Logins(access, clock)
        self._idle: list[_Connection] = []
        self._streams: list[_Connection] = []
        self._is_closed = False

    async def request(self, request: Request) -> Response:
        streams = request.query.get("watch") == "true"
        sent = self._encode(request, await self._logins.headers())
        connection = await self._connect()
        is_reusable = False
        try:
            async with asyncio.timeout(request.timeout_seconds or REQUEST_SECONDS):
                connection.writer.write(sent)
                await connection.writer.drain()
                status, headers = await _read_head(connection.reader)
                body = _read_body(connection.reader, status, headers)
                if streams and status == 200:
                    self._streams.append(connection)
                    is_reusable = True
                    return Response(status, b"", headers, _lines(body))
                if status == 401:
                    self._logins.refused()
                whole = b"".join([piece async for piece in body])
            is_kept = headers.get("connection", "").lower() != "close" and _is_delimited(status, headers)
            is_reusable = is_kept and not self._is_closed
            if is_reusable:
                self._idle.append(connection)
                connection.used_at = self._clock.monotonic()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError, IndexError) as error:
            why = "it took too long" if isinstance(error, TimeoutError) else str(error) or type(error).__name__
            raise TransportError(f"no answer from {self._access.server}: {why}") from error
        finally:
            if not is_reusable:
                connection.writer.close()
        return Response(status, whole, headers)

    async def close(self) -> None:
        """Ends all connections, those of streams too."""
        self._is_closed = True
        while left := self._idle or self._streams:
            await left.pop().close()

    async def _connect(self) -> _Connection:
        now = self._clock.monotonic()
        while self._idle:
            connection = self._idle.pop()
            if now - connection.used_at < IDLE_SECONDS and not connection.reader.at_eof():
                return connection
            connection.writer.close()
        tls = build_ssl_context(self._access, (await self._logins.current()).pair)
        host, port = self._address.hostname or "", self._address.port or (443 if tls else 80)
        name = (self._access.server_name or host) if tls else None
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                opened = await asyncio.open_connection(host, port, ssl=tls, server_hostname=name, limit=BUFFER_BYTES)
        except OSError as error:
            why = "it took too long" if isinstance(error, TimeoutError) else error.strerror or str(error)
            raise NotSent(f"cannot reach {self._access.server}: {why}") from error
        return _Connection(*opened)

    def _encode(self, request: Request, login: Headers) -> bytes:
        target = quote(self._address.path + request.path, safe="/:@!$&'()*+,;=~")
        if request.query:
            target += f"?{urlencode(request.query)}"
        headers = [
            ("host", self._address.netloc),
            ("user-agent", "dbaas"),
            ("accept-encoding", "identity"),
            *request.headers.items(),
            *login,
            ("content-length", str(len(request.body))),
        ]
        lines = [f"{request.method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
        return "\r\n".join([*lines, "", ""]).encode() + request.body


async def _read_head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    """Status and headers (names in lower case, repeated ones joined). Answers that are only interim are passed over."""
    while True:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").rstrip().split("\r\n")
        status = int(first.split(" ")[1])
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            key = name.strip().lower()
            headers[key] = f"{headers[key]}, {value.strip()}" if key in headers else value.strip()
        if status >= 200:
            return status, headers


def _is_delimited(status: int, headers: Mapping[str, str]) -> bool:
    return status in _NO_BODY or "content-length" in headers or "chunked" in headers.get("transfer-encoding", "")


async def _read_body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> AsyncIterator[bytes]:
    if status in _NO_BODY:
        return
    if "chunked" in headers.get("transfer-encoding", "").lower():
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            yield (await reader.readexactly(size + 2))[:-2]
        while await reader.readuntil(b"\r\n") != b"\r\n":
            pass
    elif "content-length" in headers:
        yield await reader.readexactly(int(headers["content-length"]))
    else:
        while piece := await reader.read(BUFFER_BYTES):
            yield piece


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Whole lines, as they come."""
    rest = b""
    try:
        async for piece in pieces:
            whole, newline, rest = (rest + piece).rpartition(b"\n")
            if newline:
                yield whole + newline
    except (OSError, asyncio.IncompleteReadError, ValueError) as error:
        raise TransportError(f"the stream broke: {error}") from error
