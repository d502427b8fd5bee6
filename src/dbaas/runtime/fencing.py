"""Keeps a process that no longer leads from writing: the last look before a request leaves."""

from __future__ import annotations

from dbaas.contracts.leadership import Leadership
from dbaas.contracts.transport import Request, Response, Transport, TransportError

READS = ("GET", "HEAD")


class NotLeading(TransportError):
    """The request was not sent, because another process may lead now."""

    reason = "NotLeading"


class LeaderTransport:
    """Lets reads through, and writes only while we lead. Not for the elector itself."""

    def __init__(self, transport: Transport, leadership: Leadership) -> None:
        self._transport = transport
        self._leadership = leadership

    async def request(self, request: Request) -> Response:
        if request.method not in READS and not self._leadership.holds():
            raise NotLeading(f"cannot send {request.method} {request.path}: another process may lead now")
        return await self._transport.request(request)
