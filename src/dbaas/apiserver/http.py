"""The HTTP face: bytes from a socket to a `Request`, a `Response` or its stream back. Loopback and a token, always.

The token is taken as a bearer token, and as the password of basic authentication: `kubectl`, like all of client-go,
sends a bearer token only over TLS, but a name and password in the URL (`http://dbaas:<token>@127.0.0.1:…`) always.
Source: client-go, `tools/clientcmd/client_config.go`. Members of a cluster come with a token that is derived from it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import hmac
import ipaddress
import socket

from dbaas.apiserver.connections import Connection
from dbaas.apiserver.deadlines import LONGEST_SECONDS, SharedDeadline, seconds_for
from dbaas.apiserver.failures import (
    Failure,
    bad_request,
    beyond_rights,
    timed_out,
    too_many_requests,
    unauthorized,
)
from dbaas.apiserver.realms import is_within
from dbaas.apiserver.sending import prepare_body
from dbaas.apiserver.verbs import respond_failure
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.core.clock import SystemClock
from dbaas.core.errors import DbaasError
from dbaas.core.limited_tokens import read_realm
from dbaas.core.offload import InlineOffload, Offload
from dbaas.core.secrets import Secret

SHUTDOWN_SECONDS = 1.0
TURNS_TO_BE_KNOWN = 4  # of the loop: asyncio tells of a connection some turns after it has accepted it
BACKLOG = 1024  # connections that wait to be taken
MOST_AT_ONCE = 600  # as many as kube-apiserver answers, reads and writes together; watches do not count
OPEN_PATHS = ("/healthz", "/livez", "/readyz", "/version")


class ListenError(DbaasError):
    """The address cannot be listened on."""

    reason = "CannotListen"


class Site:
    """A running HTTP server; `port` is the one that it got."""

    def __init__(self, listener: asyncio.Server, connections: set[Connection], host: str, port: int) -> None:
        self._listener = listener
        self._connections = connections
        self.host = host
        self.port = port

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def stop(self) -> None:
        """Takes no more requests and cuts off what is under way after a second; stop the API server first."""
        await self._stop_listening()
        for connection in list(self._connections):
            connection.end()
        try:
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                await self._until_closed()
        except TimeoutError:
            for connection in list(self._connections):
                connection.abort()
            await self._until_closed()
        await self._listener.wait_closed()

    async def _stop_listening(self) -> None:
        """Asyncio loses whom it has let in and not made known yet when a listener is closed (`Server._attach`)."""
        loop, clock = asyncio.get_running_loop(), SystemClock()
        for place in self._listener.sockets:
            loop.remove_reader(place.fileno())
        for _ in range(TURNS_TO_BE_KNOWN):
            await clock.sleep(0)
        self._listener.close()

    async def _until_closed(self) -> None:
        while self._connections:
            await next(iter(self._connections)).closed.wait()


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
    connections: set[Connection] = set()
    place = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        place.bind((host, port))
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(lambda: Connection(face.answer, connections), sock=place, backlog=BACKLOG)
    except OSError as error:
        place.close()
        why = "the port is in use by another program" if error.errno == errno.EADDRINUSE else error.strerror
        raise ListenError(f"cannot listen on {host}:{port}: {why}") from error
    return Site(listener, connections, host, place.getsockname()[1])


class _Face:
    def __init__(self, server: Transport, token: Secret, offload: Offload, most_at_once: int) -> None:
        self._server = server
        self._token = token
        self._offload = offload
        self._free = most_at_once
        self._deadline = SharedDeadline(LONGEST_SECONDS)

    async def answer(self, request: Request, authorization: str) -> Response:
        try:
            self._authorize(request, authorization)
            response = await self._admit(request)
        except Failure as failure:
            return respond_failure(failure)
        return await prepare_body(request, response, self._offload)

    def _authorize(self, request: Request, authorization: str) -> None:
        """Raises Failure 401, and 403 for who may do something, but not that."""
        given = _given_token(authorization)
        if hmac.compare_digest(given, self._token.reveal().encode()) or request.path in OPEN_PATHS:
            return
        realm = read_realm(self._token, given)
        if realm is None:
            raise unauthorized()
        if not is_within(realm, request):
            raise beyond_rights(f"members of cluster {realm.namespace}/{realm.cluster}", request.method, request.path)

    async def _admit(self, request: Request) -> Response:
        """One of a bounded number that are answered at once, in its time. Raises Failure 400, 429, 504."""
        if "\0" in request.path:
            raise bad_request("the path has a zero byte")
        seconds = seconds_for(request)
        if not self._free:
            raise too_many_requests()
        self._free -= 1
        try:
            if seconds == LONGEST_SECONDS:
                return await self._deadline.hold(self._server.request(request))
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
