"""Patience with a server: waits when it asks us to, and tries again what can be tried twice.

A transport around another one, so that it holds for every verb and every kind of server.
"""

from __future__ import annotations

from dbaas.contracts.transport import Request, Response, Transport, TransportError
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness
from dbaas.kube.http import NotSent
from dbaas.kube.verbs import APPLY_PATCH

MOST_ATTEMPTS = 5
FIRST_PAUSE_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 30.0


class RetryingTransport:
    """Honours `Retry-After` of 429 and 503 for all requests that go through it; others fail as they come.

    After a lost answer only requests that may be repeated are: reads, deletions and server-side apply. A request that
    was never sent may always be.
    """

    def __init__(self, transport: Transport, clock: Clock, randomness: Randomness) -> None:
        self._transport = transport
        self._clock = clock
        self._randomness = randomness
        self._closed_until = 0.0

    async def request(self, request: Request) -> Response:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            await self._wait_for_opening()
            try:
                response = await self._transport.request(request)
            except TransportError as error:
                if attempt == MOST_ATTEMPTS or not (isinstance(error, NotSent) or is_repeatable(request)):
                    raise
                await self._pause(attempt)
                continue
            wait = retry_after(response)
            if wait is None or attempt == MOST_ATTEMPTS:
                return response
            self._closed_until = max(self._closed_until, self._clock.monotonic() + wait)
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _wait_for_opening(self) -> None:
        """With a little jitter, so that those who waited do not all come at once."""
        while (left := self._closed_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(left + self._randomness.uniform(0, 0.1))

    async def _pause(self, attempt: int) -> None:
        await self._clock.sleep(self._randomness.uniform(0.5, 1) * FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))


def is_repeatable(request: Request) -> bool:
    """Doing it twice is as good as once."""
    if request.method == "PATCH":
        return request.headers.get("content-type") == APPLY_PATCH
    return request.method in ("GET", "HEAD", "DELETE")


def retry_after(response: Response) -> float | None:
    """Seconds to wait before the next attempt, None where the answer stands. 429 without the header means 1 s."""
    if response.status not in (429, 503):
        return None
    header = response.headers.get("retry-after", "")
    if header.isdigit():
        return min(float(header), LONGEST_WAIT_SECONDS)
    return 1.0 if response.status == 429 else None
