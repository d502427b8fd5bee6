"""Patience with a server: waits when it asks us to, and tries again what can be tried twice.

A transport around another one, so that it holds for every verb and every kind of server.
"""

from __future__ import annotations

from datetime import UTC, datetime

import orjson

from dbaas.contracts.transport import NotSent, Request, Response, Transport, TransportError
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.kube.verbs import APPLY_PATCH

MOST_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 30.0  # whoever would have to wait longer is answered at once that the server is busy
LONGEST_CLOSING_SECONDS = 600.0


class RetryingTransport:
    """Honours `Retry-After` of 429 and 503 for all requests that go through it; others fail as they come.

    After a lost answer only requests that may be repeated are: reads, server-side apply, and deletions of one uid. A
    request that was never sent may always be. With `repeats_lost` false all that is lost fails at once: a person who
    waits for a server that is not there had better be told.
    """

    def __init__(
        self, transport: Transport, clock: Clock, randomness: Randomness, *, repeats_lost: bool = True
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._randomness = randomness
        self._repeats_lost = repeats_lost
        self._closed_until = 0.0
        self._busy = Response(429)

    async def request(self, request: Request) -> Response:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            if not await self._is_opened():
                return self._busy
            try:
                response = await self._transport.request(request)
            except TransportError as error:
                may_repeat = self._repeats_lost and (isinstance(error, NotSent) or is_repeatable(request))
                if attempt == MOST_ATTEMPTS or not may_repeat:
                    raise
                await self._pause(attempt)
                continue
            wait = retry_after(response, self._clock.now())
            if wait is None:
                return response
            self._busy = response
            self._closed_until = max(self._closed_until, self._clock.monotonic() + wait)
            if attempt == MOST_ATTEMPTS:
                return response
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _is_opened(self) -> bool:
        """Waits for it if that is soon; with a little jitter, so that those who waited do not all come at once."""
        patience = self._clock.monotonic() + LONGEST_WAIT_SECONDS
        while (left := self._closed_until - self._clock.monotonic()) > 0:
            if self._closed_until > patience:
                return False
            await self._clock.sleep(left + self._randomness.uniform(0, 0.1))
        return True

    async def _pause(self, attempt: int) -> None:
        await self._clock.sleep(self._randomness.uniform(0.5, 1) * FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))


def is_repeatable(request: Request) -> bool:
    """Doing it twice is as good as once."""
    if request.method == "PATCH":
        return request.headers.get("content-type") == APPLY_PATCH
    if request.method == "DELETE":
        return _names_one_object(request)
    return request.method in ("GET", "HEAD")


def _names_one_object(request: Request) -> bool:
    """By its uid: without that a second deletion may hit an object that has been made anew meanwhile."""
    options = orjson.loads(request.body) if request.body else {}
    return bool((options.get("preconditions") or {}).get("uid"))


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds to wait before the next attempt, None where the answer stands. 429 without the header means 1 s."""
    if response.status not in (429, 503):
        return None
    seconds = _read_pause(response.headers.get("retry-after", ""), now)
    if seconds is None:
        return 1.0 if response.status == 429 else None
    return min(seconds, LONGEST_CLOSING_SECONDS)


def _read_pause(header: str, now: datetime) -> float | None:
    """Seconds or a date (RFC 9110, 10.2.3); None where it is neither."""
    if header.isdigit():
        return float(header)
    from email.utils import parsedate_to_datetime  # commands start faster without

    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
