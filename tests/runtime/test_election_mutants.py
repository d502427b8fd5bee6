"""What judges histories of an election must find electors that are wrong: each of these is, in one way."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from dbaas.contracts.client import ApiError
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import SystemClock
from dbaas.runtime.election import Elector
from dbaas.runtime.lease import LeaseRecord, patch_released
from runtime.test_election_histories import Election

pytestmark = pytest.mark.slow

SETTINGS = settings(
    max_examples=150,
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


class Tireless(Elector):
    """Goes on although it could not renew."""

    async def _write(self, patch: dict[str, object]) -> None:
        await super()._write(patch)
        self._deadline += 100
        self._fuse.arm(100)


class Hasty(Elector):
    """Takes a lease a little before the time is over that it has seen no change."""

    def _is_free(self, seen: LeaseRecord) -> bool:
        return super()._is_free(seen) or self._view.unchanged_seconds >= 0.9 * self._view.last_held_seconds > 0


class Selfish(Elector):
    """Waits for as long as its own turns last, whatever the record says."""

    def _is_free(self, seen: LeaseRecord) -> bool:
        return super()._is_free(seen) or self._view.unchanged_seconds >= self._timing.lease_seconds


class Rude(Elector):
    """Gives up on its way out whatever is there."""

    async def release(self) -> None:
        if self._leads.is_set():
            with suppress(ApiError, TransportError):
                await self._view.look(self._timing.duration_seconds)
                await self._view.write(patch_released(self._view.record, SystemClock().now()))
        self._leads.clear()
        self._fuse.disarm()


@pytest.mark.parametrize(
    ("elector", "words"),
    [
        (Tireless, "has not renewed in its time"),
        (Hasty, "takes what"),
        (Selfish, "takes what"),
        (Rude, "gives up what"),
    ],
)
def test_an_elector_that_is_wrong_is_found(elector: type[Elector], words: str) -> None:
    machine = type("Wrong", (Election,), {"elector": elector})
    with pytest.raises(AssertionError, match=words):
        run_state_machine_as_test(machine, settings=SETTINGS)
