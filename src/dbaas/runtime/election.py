"""Leader election on a Lease: at most one of several processes acts, and one of them does as long as the API answers.

The rules are client-go's (tools/leaderelection), and stricter where these leave a gap:

* Times of the record are for people. A rival's lease has run out when *we* have seen no change of it for its whole
  duration, by our monotonic clock; our own has run out `renew_seconds` after the moment *before* we sent the last write
  that succeeded. The first can only come after the second, whatever wall clocks say.
* Every write names the version that it replaces, so one that arrives late changes nothing.
* A Lease that is missing, or that somebody cleared, is not free: its holder may not know yet. Whoever finds it so waits
  a whole duration, the longest that was ever said in this turn. Only a holder who goes on purpose leaves a mark that it
  may be taken at once.
* Who loses the lease ends the process, at once; a fuse does it where the event loop cannot.

What a record no longer says nobody can keep to. A process that has just started takes for never held a Lease that is
empty because somebody put it in the place of one that is held; and where contenders have different times, one with a
short lease does not know how long that of a deleted Lease was. For the rest of the old turn, `renew_seconds` at most,
two may act then: replace a Lease, or delete it while a release with other times comes in, with the operator stopped.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

import structlog

from dbaas.api.resource import Key
from dbaas.contracts.client import ApiError, NotFound, WriteConflict
from dbaas.contracts.rest import Rest
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError
from dbaas.core.fuse import Fuse
from dbaas.core.randomness import Randomness
from dbaas.core.supervise import supervise
from dbaas.runtime.lease import (
    LeaseBell,
    LeaseRecord,
    LeaseView,
    patch_released,
    patch_renewed,
    patch_taken,
)

log = structlog.get_logger(__name__)

JITTER = 1.2  # of the pause between two looks of who stands by; client-go's
FUSE_SHARE = 0.2  # of the time between our end and the earliest successor's start: the loop may go first


class LeaseLost(DbaasError):
    """Somebody else may act now: this process must not."""

    reason = "LeaseLost"


@dataclass(frozen=True)
class Timing:
    """Seconds; client-go's defaults. Each request gets a quarter of `renew_seconds`.

    Raises ValueError where the parts do not leave room for each other.
    """

    lease_seconds: float = 15.0
    renew_seconds: float = 10.0
    retry_seconds: float = 2.0

    def __post_init__(self) -> None:
        if not (self.lease_seconds >= 2 and self.lease_seconds > self.renew_seconds > JITTER * self.retry_seconds > 0):
            raise ValueError(f"a lease of {self.lease_seconds} s cannot be kept with {self}")

    @property
    def request_seconds(self) -> float:
        return self.renew_seconds / 4

    @property
    def duration_seconds(self) -> int:
        """What the record says; whole seconds."""
        return math.ceil(self.lease_seconds)


@dataclass(frozen=True)
class Candidate:
    """One process in an election. `identity` must be its own: two with the same would both think they lead."""

    lease: Key
    identity: str
    timing: Timing = Timing()


def build_identity(host: str, randomness: Randomness) -> str:
    """The host for people, and an identifier because a restarted process on it is another one."""
    return f"{host}_{randomness.uuid()}"


class Elector:
    """Implements `contracts.leadership.Leadership`; `run` must run.

    `rest` needs a way to the API of its own: requests that wait in a line behind others cannot renew in time.
    """

    def __init__(self, rest: Rest, candidate: Candidate, clock: Clock, randomness: Randomness, fuse: Fuse) -> None:
        self.identity = candidate.identity
        self._lease = str(candidate.lease)
        self._timing = candidate.timing
        pause_seconds = candidate.timing.retry_seconds * (1 + JITTER)
        self._view = LeaseView(rest, candidate.lease, clock, candidate.timing.request_seconds, pause_seconds)
        self._bell = LeaseBell(rest, candidate.lease, clock, candidate.timing.lease_seconds)
        self._clock = clock
        self._randomness = randomness
        self._fuse = fuse
        self._leads = asyncio.Event()
        self._turn = 0
        self._deadline = -math.inf  # monotonic; nothing may be done after it

    @property
    def transitions(self) -> int:
        """The number of our turn, also when it is over; before it, that of the lease as last seen."""
        return self._turn or self._view.record.transitions

    @property
    def holder(self) -> str:
        """Who has the lease, as last seen; empty where nobody is known to."""
        return self._view.record.holder

    def holds(self) -> bool:
        return self._leads.is_set() and self._clock.monotonic() < self._deadline

    async def gained(self) -> None:
        await self._leads.wait()

    async def run(self) -> None:
        """Stands by, leads, and never returns: when the lease is lost the fuse blows, and LeaseLost is raised.

        Cancel it before `release`.
        """
        listening = asyncio.get_running_loop().create_task(supervise("lease bell", self._bell.listen, self._clock))
        try:
            await self._campaign()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        log.info("lease_gained", lease=self._lease, identity=self.identity, transitions=self.transitions)
        try:
            await self._keep()
        except LeaseLost as error:
            self._leads.clear()
            log.error("lease_lost", lease=self._lease, identity=self.identity, error=error.message)
            self._fuse.blow()
            raise

    async def release(self) -> None:
        """Lets the next one lead at once. The work must have ended; `run` too. Where the API is away it runs out."""
        had_led = self._leads.is_set()
        self._leads.clear()
        self._fuse.disarm()
        if not had_led:
            return
        try:
            await self._view.look(self._timing.duration_seconds)
            if self.holder == self.identity:
                await self._view.write(patch_released(self._view.record, self._clock.now()))
                log.info("lease_released", lease=self._lease)
        except (ApiError, TransportError) as error:
            log.warning("lease_not_released", lease=self._lease, error=error.message)

    async def _campaign(self) -> None:
        while not self._leads.is_set():
            try:
                await self._view.look(self._timing.duration_seconds)
                await self._take_if_free()
            except (ApiError, TransportError) as error:
                log.info("lease_not_read", lease=self._lease, error=error.message)
            if not self._leads.is_set():
                await self._bell.wait(self._timing.retry_seconds * self._randomness.uniform(1, 1 + JITTER))

    async def _take_if_free(self) -> None:
        seen = self._view.record
        if not seen.version or not self._is_free(seen):
            return  # without a version a write would replace anything
        now, duration = self._clock.now(), self._timing.duration_seconds
        if seen.holder == self.identity:  # we took it, and the answer was lost
            patch = patch_renewed(seen, duration, now)
        else:
            patch = patch_taken(seen, self.identity, duration, now)
        await self._write(patch)
        self._turn = self._view.record.transitions
        self._leads.set()

    def _is_free(self, seen: LeaseRecord) -> bool:
        if seen.holder == self.identity or (seen.is_released and not self._view.last_held_seconds):
            return True
        lasts = max(seen.duration_seconds, self._view.last_held_seconds, self._timing.lease_seconds)
        return self._view.unchanged_seconds >= lasts

    async def _keep(self) -> None:
        """Until it is lost."""
        while (left := self._deadline - self._clock.monotonic()) > 0:
            await self._clock.sleep(min(left, self._timing.retry_seconds * self._randomness.uniform(0.8, 1)))
            left = self._deadline - self._clock.monotonic()
            if left > 0:
                await self._renew_within(left)
        raise LeaseLost(f"cannot keep lease {self._lease}: not renewed for {self._timing.renew_seconds:g} s")

    async def _renew_within(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._renew()
        except TimeoutError:
            return
        except (ApiError, TransportError) as error:
            log.warning("lease_not_renewed", lease=self._lease, error=error.message)

    async def _renew(self) -> None:
        duration = self._timing.duration_seconds
        try:
            await self._write(patch_renewed(self._view.record, duration, self._clock.now()))
        except (WriteConflict, NotFound):
            await self._view.look(duration)
            if self.holder != self.identity:
                raise LeaseLost(f"cannot keep lease {self._lease}: {self.holder or 'nobody'} has it") from None
            await self._write(patch_renewed(self._view.record, duration, self._clock.now()))

    async def _write(self, patch: dict[str, object]) -> None:
        """Takes or renews: what was true when it was sent holds from then on."""
        sent_at = self._clock.monotonic()
        await self._view.write(patch)
        self._deadline = sent_at + self._timing.renew_seconds
        spare = (self._timing.lease_seconds - self._timing.renew_seconds) * FUSE_SHARE
        self._fuse.arm(self._deadline + spare - self._clock.monotonic())
