"""The HTTP face: bytes from a socket to a `Request`, a `Response` or its stream back. Loopback and a token, always.

The token is taken as a bearer token, and as the password of basic authentication: `kubectl`, like all of client-go,
sends a bearer token only over TLS, but a name and password in the URL (`http://dbaas:<token>@127.0.0.1:…`) always.
Source: client-go, `tools/clientcmd/client_config.go`.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import hmac
import ipaddress
import socket
from collections.abc import AsyncGenerator, AsyncIterator
from urllib.parse import unquote

from aiohttp import web

from dbaas.apiserver.deadlines import seconds_for
from dbaas.apiserver.failures import (
    Failure,
    bad_request,
    timed_out,
    too_large,
    too_many_requests,
    unauthorized,
)
from dbaas.apiserver.sending import prepare_body
from dbaas.apiserver.server import BODY_LIMIT
from dbaas.apiserver.verbs import respond_failure
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.core.errors import DbaasError
from dbaas.core.offload import InlineOffload, Offload
from dbaas.core.secrets import Secret

SHUTDOWN_SECONDS = 1.0
MOST_AT_ONCE = 600  # as many as kube-apiserver answers, reads and writes together; watches do not count
OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version")


class ListenError(DbaasError):
    """The address cannot be listened on."""

    reason = "CannotListen"


class Site:
    """A running HTTP server; `port` is the one that it got."""

    def __init__(self, runner: web.ServerRunner, host: str, port: int) -> None:
        self._runner = runner
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def stop(self) -> None:
        """Takes no more requests and cuts off what is under way after a second; stop the API server first."""
        await self._runner.cleanup()


async def serve(
    server: Transport,
    host: str,
    port: int,
    token: Secret,
    offload: Offload | None = None,
    most_at_once: int = MOST_AT_ONCE,
) -> Site:
    """Listens on a loopback address; port 0 takes a free one. Raises ListenError, also where the port is in use.

    Large answers are compressed in `offload`. Who comes when `most_at_once` are being answered is told to come back.
    """
    if not ipaddress.ip_address(host).is_loopback:
        raise ListenError(f"cannot listen on {host}: the embedded API server is for this machine only")
    face = _Face(server, token, offload or InlineOffload(), most_at_once)
    runner = web.ServerRunner(
        web.Server(face.answer, access_log=None, handler_cancellation=True), shutdown_timeout=SHUTDOWN_SECONDS
    )
    await runner.setup()
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        await web.SockSite(runner, listener).start()
    except OSError as error:
        listener.close()
        await runner.cleanup()
        why = "the port is in use by another program" if error.errno == errno.EADDRINUSE else error.strerror
        raise ListenError(f"cannot listen on {host}:{port}: {why}") from error
    return Site(runner, host, listener.getsockname()[1])


class _Face:
    def __init__(self, server: Transport, token: Secret, offload: Offload, most_at_once: int) -> None:
        self._server = server
        self._token = token.reveal().encode()
        self._offload = offload
        self._free = most_at_once

    async def answer(self, message: web.BaseRequest) -> web.StreamResponse:
        try:
            self._authenticate(message)
            request = await _read(message)
            response = await self._admit(request)
        except Failure as failure:
            return _whole(respond_failure(failure))
        if response.stream is None:
            return _whole(await prepare_body(request, response, self._offload))
        return await _stream(message, response)

    def _authenticate(self, message: web.BaseRequest) -> None:
        given = _given_token(message.headers.get("Authorization", ""))
        if not hmac.compare_digest(given, self._token) and message.path not in OPEN_PATHS:
            raise unauthorized()

    async def _admit(self, request: Request) -> Response:
        """One of a bounded number that are answered at once, in its time. Raises Failure 400, 429, 504."""
        seconds = seconds_for(request)
        if not self._free:
            raise too_many_requests()
        self._free -= 1
        try:
            async with asyncio.timeout(seconds):
                return await self._server.request(request)
        except TimeoutError as error:
            raise timed_out() from error
        finally:
            self._free += 1


def _given_token(header: str) -> bytes:
    scheme, _, value = header.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() != "basic":
        return b""
    try:
        return base64.b64decode(value, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


async def _read(message: web.BaseRequest) -> Request:
    if (message.content_length or 0) > BODY_LIMIT:
        raise too_large(BODY_LIMIT)
    pieces, size = [], 0
    while piece := await message.content.readany():
        pieces.append(piece)
        size += len(piece)
        if size > BODY_LIMIT:
            raise too_large(BODY_LIMIT)
    headers = {name.lower(): value for name, value in message.headers.items()}
    headers.pop("authorization", None)
    url = message.rel_url
    path = unquote(url.raw_path)
    if "\0" in path:
        raise bad_request("the path has a zero byte")
    return Request(message.method, path, dict(url.query) if url.raw_query_string else {}, headers, b"".join(pieces))


def _whole(response: Response) -> web.Response:
    return web.Response(body=response.body, status=response.status, headers=dict(response.headers))


async def _close(stream: AsyncIterator[bytes]) -> None:
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()


async def _stream(message: web.BaseRequest, response: Response) -> web.StreamResponse:
    answer = web.StreamResponse(status=response.status, headers=dict(response.headers))
    assert response.stream is not None
    stream = response.stream
    try:
        await answer.prepare(message)
        async for piece in stream:
            await answer.write(piece)
        await answer.write_eof()
    except ConnectionResetError:
        pass  # the client has gone away, which is how watches end
    finally:
        await _close(stream)
    return answer
