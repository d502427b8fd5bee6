"""When the next drift pass over each server is due: no difference may be noticed later than the shortest interval asks.

What is asked may change at any time between two passes: an object with a shorter interval comes, or the server's own
becomes shorter. Each says so when it is reconciled.
"""

from __future__ import annotations

from datetime import timedelta

from dbaas.api.resource import Key
from dbaas.core.clock import Clock

LONGEST_PERIOD_SECONDS = 30.0
SHORTEST_PERIOD_SECONDS = 1.0


def period_of(interval: timedelta) -> float:
    """Seconds from one pass to the next: half the interval, so that nothing is noticed later than that."""
    return min(LONGEST_PERIOD_SECONDS, max(SHORTEST_PERIOD_SECONDS, interval.total_seconds() / 2))


class Dues:
    """By server, in seconds from now; a server that nothing is known of is due at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: dict[Key, float] = {}

    def left(self, server: Key) -> float:
        """Seconds until it is due; less than 0 where it has been for so long."""
        now = self._clock.monotonic()
        return self._due.get(server, now) - now

    def set(self, server: Key, seconds: float) -> None:
        """Due after so many seconds, whatever was said before."""
        self._due[server] = self._clock.monotonic() + seconds

    def bring_forward(self, server: Key, seconds: float) -> bool:
        """Due after so many seconds at the latest. Answers whether it would have been later."""
        is_later = self.left(server) > seconds
        if is_later:
            self.set(server, seconds)
        return is_later

    def forget(self, server: Key) -> None:
        """Of a server that is gone."""
        self._due.pop(server, None)
