"""When a server is due."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dbaas.api.resource import Key
from dbaas.controllers.dues import LONGEST_PERIOD_SECONDS, SHORTEST_PERIOD_SECONDS, Dues, period_of
from dbaas.core.clock import LoopClock
from fixtures.operating import virtually

CLOCK = LoopClock()
MAIN, OTHER = Key("default", "main"), Key("default", "other")


@pytest.mark.parametrize(
    ("interval", "period"), [(10, 5), (0.1, SHORTEST_PERIOD_SECONDS), (3600, LONGEST_PERIOD_SECONDS)]
)
def test_a_pass_comes_twice_in_each_interval_within_bounds(interval: float, period: float) -> None:
    assert period_of(timedelta(seconds=interval)) == period


@virtually
async def test_a_server_that_nothing_is_known_of_is_due_at_once() -> None:
    dues = Dues(CLOCK)
    dues.set(MAIN, 30)
    assert dues.left(OTHER) == 0
    dues.forget(MAIN)
    assert dues.left(MAIN) == 0


@virtually
async def test_what_is_due_can_be_brought_forward_but_not_put_off() -> None:
    dues = Dues(CLOCK)
    dues.set(MAIN, 30)
    await CLOCK.sleep(10)
    assert not dues.bring_forward(MAIN, 25) and dues.left(MAIN) == pytest.approx(20)
    assert dues.bring_forward(MAIN, 5) and dues.left(MAIN) == pytest.approx(5)
    await CLOCK.sleep(9)
    assert not dues.bring_forward(MAIN, 1) and dues.left(MAIN) == pytest.approx(-4)
    dues.set(MAIN, 30)
    assert dues.left(MAIN) == pytest.approx(30)
