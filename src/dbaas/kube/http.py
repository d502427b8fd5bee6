"""Kubernetes API requests over HTTP: the transport for every server that is not in this process.

aiohttp is imported when the first request is made, so that commands that make none start quickly.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from dbaas.contracts.transport import NotSent, Request, Response, TransportError
from dbaas.core.clock import Clock
from dbaas.core.key_pair import KeyPair
from dbaas.kube.access import Access, build_ssl_context
from dbaas.kube.logins import Logins

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, ClientTimeout

    from dbaas.core.process import Processes

CONNECT_SECONDS = 10.0
REQUEST_SECONDS = 30.0
SILENCE_SECONDS = 120.0  # of a stream; readers have shorter limits, this one ends connections that nobody reads
CONCURRENT_REQUESTS = 32


class HttpTransport:
    """One server. Connections are kept and reused; at most 32 requests run at a time, streams not counted.

    `processes` runs the command that says who we are, where the access has one.
    """

    def __init__(
        self, access: Access, clock: Clock, *, user_agent: str = "dbaas", processes: Processes | None = None
    ) -> None:
        self._access = access
        self._user_agent = user_agent
        self._session: ClientSession | None = None
        self._shown: KeyPair | None = None
        self._slots = asyncio.Semaphore(CONCURRENT_REQUESTS)
        self._logins = Logins(access, clock, processes)

    async def request(self, request: Request) -> Response:
        if _is_stream(request):
            return await self._exchange(request)
        async with self._slots:
            return await self._exchange(request)

    async def close(self) -> None:
        """Ends all connections, those of streams too."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _exchange(self, request: Request) -> Response:
        import aiohttp

        headers = [*request.headers.items(), ("user-agent", self._user_agent), *await self._logins.headers()]
        session = await self._open_session((await self._logins.current()).pair)
        streams = _is_stream(request)
        try:
            response = await session.request(
                request.method,
                self._access.server + request.path,
                params=request.query,
                headers=headers,
                data=request.body or None,
                timeout=self._limits(request, streams),
                server_hostname=self._access.server_name or None,
                proxy=self._access.proxy or None,
                allow_redirects=False,
            )
            if response.status == 401:
                self._logins.refused()
            if streams and response.status == 200:
                return Response(response.status, b"", _headers(response), LineStream(response))
            return Response(response.status, await response.read(), _headers(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotSent(f"cannot reach {self._access.server}: {_describe(error)}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransportError(f"no answer from {self._access.server}: {_describe(error)}") from error

    async def _open_session(self, pair: KeyPair | None) -> ClientSession:
        """Another certificate needs other connections: the old ones end, streams too, and their readers come again."""
        if self._session is not None and self._shown != pair:
            await self.close()
        if self._session is None:
            import aiohttp

            tls = build_ssl_context(self._access, pair)
            connector = aiohttp.TCPConnector(limit=0, ssl=tls if tls is not None else True)
            # nothing is gained by compression on the same machine
            encoding = {"accept-encoding": "identity"} if self._access.is_loopback else {}
            self._session = aiohttp.ClientSession(connector=connector, headers=encoding, read_bufsize=2**20)
            self._shown = pair
        return self._session

    def _limits(self, request: Request, streams: bool) -> ClientTimeout:
        import aiohttp

        if streams:
            silence = request.timeout_seconds or SILENCE_SECONDS
            return aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS, sock_read=silence)
        total = request.timeout_seconds or REQUEST_SECONDS
        return aiohttp.ClientTimeout(total=total, sock_connect=min(CONNECT_SECONDS, total))


class LineStream:
    """The body of a watch in whole lines, as they come."""

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self._rest: list[bytes] = []

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        import aiohttp

        while True:
            try:
                piece = await self._response.content.readany()
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                await self.aclose()
                raise TransportError(f"the stream broke: {_describe(error)}") from error
            if not piece:
                raise StopAsyncIteration
            end = piece.rfind(b"\n") + 1
            if not end:
                self._rest.append(piece)
                continue
            whole = b"".join([*self._rest, piece[:end]])
            self._rest = [piece[end:]] if piece[end:] else []
            return whole

    async def aclose(self) -> None:
        """At once: a farewell as TLS wants it may last, and nobody waits for what the server still says."""
        connection = self._response.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._response.close()


def _is_stream(request: Request) -> bool:
    query = request.query
    return bool(query) and any(query.get(name, "").lower() in ("true", "1") for name in ("watch", "follow"))


def _headers(response: ClientResponse) -> dict[str, str]:
    """In lower case; what came several times (warnings) is joined, as HTTP allows."""
    return {name.lower(): ", ".join(response.headers.getall(name)) for name in response.headers}


def _describe(error: BaseException) -> str:
    import aiohttp

    if isinstance(error, aiohttp.ClientPayloadError):
        return "the connection was lost in the middle of an answer"
    if isinstance(error, TimeoutError):
        return "it took too long"
    return str(error) or type(error).__name__
