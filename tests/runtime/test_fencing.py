"""Tests of `runtime.fencing`."""

from __future__ import annotations

import pytest

from dbaas.contracts.leadership import NotLeading
from dbaas.contracts.transport import Request, Response, TransportError
from dbaas.runtime.fencing import LeaderTransport
from fixtures.electing import Turn


class _Wire:
    def __init__(self) -> None:
        self.sent: list[str] = []

    async def request(self, request: Request) -> Response:
        self.sent.append(request.method)
        return Response(200)


async def test_who_does_not_lead_reads_and_does_not_write() -> None:
    wire, turn = _Wire(), Turn()
    transport = LeaderTransport(wire, turn)
    for method in ("GET", "PATCH"):
        await transport.request(Request(method, "/x"))
    turn.lasts = False
    await transport.request(Request("GET", "/x"))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        with pytest.raises(NotLeading, match=f"cannot send {method} /x: another process may lead now"):
            await transport.request(Request(method, "/x"))
    with pytest.raises(TransportError):
        await transport.request(Request("PATCH", "/x"))
    assert wire.sent == ["GET", "PATCH", "GET"]
