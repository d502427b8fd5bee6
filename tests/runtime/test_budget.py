"""Tests of `runtime.budget`: the shared half of property 14 of the runtime."""

from __future__ import annotations

import pytest

from dbaas.core.clock import LoopClock
from dbaas.runtime.budget import LONGEST_WAIT_SECONDS, RetryBudget
from fixtures.operating import virtually

CLOCK = LoopClock()


@virtually
async def test_so_many_come_at_once_and_then_one_after_the_other() -> None:
    budget = RetryBudget(CLOCK, per_second=10, burst=3)
    assert [budget.draw() for _ in range(6)] == pytest.approx([0, 0, 0, 0.1, 0.2, 0.3])


@virtually
async def test_what_is_saved_in_quiet_times_has_a_limit() -> None:
    budget = RetryBudget(CLOCK, per_second=10, burst=3)
    for _ in range(9):
        budget.draw()
    await CLOCK.sleep(1000)
    assert [budget.draw() for _ in range(5)] == pytest.approx([0, 0, 0, 0.1, 0.2])


@virtually
async def test_however_many_wait_nobody_waits_longer_than_the_longest_pause() -> None:
    budget = RetryBudget(CLOCK, per_second=1, burst=1)
    assert max(budget.draw() for _ in range(1000)) == LONGEST_WAIT_SECONDS
    await CLOCK.sleep(LONGEST_WAIT_SECONDS + 1)
    assert budget.draw() == 0
