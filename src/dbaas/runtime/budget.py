"""How many retries all controllers of a process may make together, so that a sick fleet cannot keep it busy.

A token bucket, as client-go's `BucketRateLimiter` has it. Unlike there the debt is bounded: what has failed for long
is never further away than the longest back-off.
"""

from __future__ import annotations

from dbaas.core.clock import Clock

RETRIES_PER_SECOND = 100.0  # a reconcile that fails costs about a millisecond: a tenth of a core at most
BURST = 500
LONGEST_WAIT_SECONDS = 300.0


class RetryBudget:
    """Shared by all queues. So many retries may come at once, then so many in a second."""

    def __init__(self, clock: Clock, per_second: float = RETRIES_PER_SECOND, burst: int = BURST) -> None:
        self._clock = clock
        self._pause = 1 / per_second
        self._saved = burst / per_second
        self._next = float("-inf")  # when the last token that was taken may be used; never, so far

    def draw(self) -> float:
        """Takes a token; answers in how many seconds it may be used."""
        now = self._clock.monotonic()
        self._next = min(max(self._next, now - self._saved) + self._pause, now + LONGEST_WAIT_SECONDS)
        return max(0.0, self._next - now)
