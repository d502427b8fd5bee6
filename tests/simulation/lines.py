"""The way from the operator to the API, in all weathers: errors, lost answers, delays, and its sudden end."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from dbaas.contracts.transport import NotSent, Request, Response, Transport, TransportError
from dbaas.core.clock import Clock
from fixtures.faults import is_watch, is_write, status_body

LEAST_SECONDS, MOST_SECONDS = 0.0002, 0.004
HANG_SECONDS = 20.0
ERRORS = ((500, "InternalError"), (503, "ServiceUnavailable"), (429, "TooManyRequests"), (409, "Conflict"))


@dataclass
class Weather:
    """How likely each thing is for a request."""

    refused: float = 0.0
    unsent: float = 0.0
    lost: float = 0.0
    hung: float = 0.0


@dataclass
class Trace:
    """Everything that was asked of the API and of the servers, with the moment, as one digest; and the last of it."""

    length: int = 0
    writes: int = 0
    lines: list[str] = field(default_factory=list)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, now: float, text: str) -> None:
        line = f"{now:.4f} {text}"
        self._digest.update(line.encode())
        self.length += 1
        self.lines.append(line)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()[:16]


@dataclass
class Fuse:
    """Burns down with each write and statement of the operator; at its end the operator dies, before or after it."""

    left: int = -1
    after: bool = False
    burst: Callable[[], None] = lambda: None

    def burn(self, *, after: bool) -> None:
        if self.left < 0 or after is not self.after:
            return
        self.left -= 1
        if self.left < 0:
            self.burst()


class Line:
    """The transport of one life of the operator; `alive` ends with it."""

    def __init__(
        self, transport: Transport, weather: Weather, fuse: Fuse, trace: Trace, clock: Clock, chance: random.Random
    ) -> None:
        self.alive = True
        self._transport = transport
        self._weather = weather
        self._fuse = fuse
        self._trace = trace
        self._clock = clock
        self._random = chance

    async def request(self, request: Request) -> Response:
        """Raises TransportError where no answer comes."""
        await self._travel()
        self._check()
        if (response := await self._suffer(request)) is not None:
            return response
        counts = is_write(request) and "/events" not in request.path
        if counts:
            self._fuse.burn(after=False)
            self._check()
        if not is_watch(request):
            self._note(request)
        response = await self._transport.request(request)
        if counts:
            self._fuse.burn(after=True)
            self._check()
        if response.stream is None:
            await self._travel()
            self._check()
            if self._random.random() < self._weather.lost:
                raise TransportError("injected: the answer was lost")
        return response

    async def _suffer(self, request: Request) -> Response | None:
        weather = self._weather
        if self._random.random() < weather.unsent:
            raise NotSent("injected: no connection")
        if self._random.random() < weather.hung:
            await self._clock.sleep(HANG_SECONDS)
            raise TransportError("injected: no answer")
        if self._random.random() < weather.refused:
            code, reason = self._random.choice(ERRORS)
            if code != 409 or is_write(request):
                return Response(code, status_body(code, reason), {"retry-after": "1"} if code == 429 else {})
        return None

    def _note(self, request: Request) -> None:
        if is_write(request):
            self._trace.writes += "/events" not in request.path
            self._trace.add(self._clock.monotonic(), f"{request.method} {request.path} {request.body.decode()}")
        else:
            self._trace.add(self._clock.monotonic(), f"{request.method} {request.path}")

    async def _travel(self) -> None:
        await self._clock.sleep(self._random.uniform(LEAST_SECONDS, MOST_SECONDS))

    def _check(self) -> None:
        if not self.alive:
            raise TransportError("the operator is dead")
