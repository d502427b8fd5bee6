"""Keeps a process that no longer leads from writing: the last look before a request leaves."""

from __future__ import annotations

from dbaas.contracts.leadership import Leadership, NotLeading
from dbaas.contracts.transport import Request, Response, Transport, TransportError

READS = ("GET", "HEAD")


class UnsentWrite(NotLeading, TransportError):
    """For those who expect errors of a transport."""


class LeaderTransport:
    """Lets reads through, and writes only while we lead. Not for the elector itself."""

    def __init__(self, transport: Transport, leadership: Leadership) -> None:
        self._transport = transport
        self._leadership = leadership

    async def request(self, request: Request) -> Response:
        if request.method not in READS and not self._leadership.holds():
            raise UnsentWrite(f"cannot send {request.method} {request.path}: another process may lead now")
        return await self._transport.request(request)
