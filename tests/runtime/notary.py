"""Judges every write to a Lease where it takes effect: who may take it, keep it or give it up, by whose clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from dbaas.api.core import LEASE
from dbaas.api.resource import parse_resource
from dbaas.contracts.transport import Request, Response, Transport
from dbaas.runtime.lease import LeaseRecord, parse_lease
from fixtures.electing import Contender
from fixtures.faults import is_write

SLACK_SECONDS = 0.001


@dataclass(frozen=True)
class _Entry:
    """A record, and what each contender's own clock said when it came to be."""

    record: LeaseRecord
    own_times: Mapping[str, float]


@dataclass
class Notary:
    """`violations` in order. It knows what is true at the server, and nothing of what anybody has seen of it."""

    server: Transport
    violations: list[str] = field(default_factory=list)
    _contenders: list[Contender] = field(default_factory=list)
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _renewed: dict[str, float] = field(default_factory=dict)

    def add(self, contender: Contender, desk: Desk) -> None:
        desk.contender = contender
        self._contenders.append(contender)

    def note(self, contender: Contender | None, request: Request, response: Response) -> None:
        if not is_write(request) or response.status >= 300 or request.method == "DELETE":
            return
        record = parse_lease(parse_resource(LEASE, response.body))
        if contender is not None and request.method == "PATCH":
            before = self._entries.get(_version(request))
            self._judge(contender, before, record)
        own_times = {one.name: one.clock.monotonic() for one in self._contenders}
        self._entries.setdefault(record.version, _Entry(record, own_times))  # what changes nothing is no new record

    def overstays(self, contender: Contender) -> bool:
        """Whether it acts although it has not renewed for so long, by its own clock."""
        limit = contender.timing.renew_seconds + SLACK_SECONDS
        return contender.clock.monotonic() - self._renewed[contender.name] > limit

    def _judge(self, contender: Contender, before: _Entry | None, after: LeaseRecord) -> None:
        name, now = contender.name, contender.clock.monotonic()
        if before is None:
            self.violations.append(f"{name} writes over what it has not seen")
            return
        seen = before.record
        if after.holder == name:
            self._renewed[name] = now
        elif seen.holder != name:
            self.violations.append(f"{name} gives up what {seen.holder or 'nobody'} has")
        if after.holder == name != seen.holder and not seen.is_released:
            waited = now - before.own_times.get(name, contender.born)
            if waited < seen.duration_seconds - SLACK_SECONDS:
                self.violations.append(f"{name} takes what {seen.holder or 'somebody'} may hold, {waited:.2f} s old")


class Desk:
    """A transport: what one contender, or somebody with kubectl, sends to the server goes over it."""

    def __init__(self, notary: Notary) -> None:
        self.contender: Contender | None = None
        self._notary = notary

    async def request(self, request: Request) -> Response:
        response = await self._notary.server.request(request)
        self._notary.note(self.contender, request, response)
        return response


def _version(request: Request) -> str:
    body: dict[str, Any] = orjson.loads(request.body)
    return str(body["metadata"].get("resourceVersion"))
