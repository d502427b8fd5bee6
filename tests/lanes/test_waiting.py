"""Who is next."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Unreachable
from dbaas.core.simulation import run_virtually
from dbaas.lanes.waiting import MOST_OVERTAKINGS, Grant, Waiter, WaitingLine


def test_user_changes_come_first_and_then_the_order_of_arrival() -> None:
    async def main() -> None:
        line = WaitingLine()
        drift, one, two = Waiter("a", True), Waiter("b", False), Waiter("c", False)
        probe = Waiter("d", False, urgent=True)
        for waiter in (drift, one, two, probe):
            line.join(waiter)
        for expected in (probe, one, two, drift):
            assert line.candidates(()) == (expected,)
            line.serve(expected, Grant())
            assert await expected.granted == Grant()
        assert line.candidates(()) == ()

    run_virtually(main())


def test_a_warm_connection_lets_somebody_overtake_but_not_for_ever() -> None:
    async def main() -> None:
        line = WaitingLine()
        first = Waiter("cold", False)
        line.join(first)
        for _ in range(MOST_OVERTAKINGS):
            guest = Waiter("warm", False)
            line.join(guest)
            assert line.candidates({"warm"}) == (guest, first)
            line.serve(guest, Grant())
        guest = Waiter("warm", False)
        line.join(guest)
        assert line.candidates({"warm"}) == (first, guest)

    run_virtually(main())


def test_background_waits_behind_everybody_and_users_behind_users() -> None:
    async def main() -> None:
        line = WaitingLine()
        assert not line.blocks(True)
        line.join(Waiter("a", True))
        assert line.blocks(True) and not line.blocks(False)
        line.join(Waiter("a", False))
        assert line.blocks(False)

    run_virtually(main())


def test_all_can_be_told_that_there_is_no_hope() -> None:
    async def main() -> None:
        line = WaitingLine()
        waiters = [Waiter("a", False), Waiter("a", True)]
        for waiter in waiters:
            line.join(waiter)
        line.fail_all(Unreachable("down"))
        for waiter in waiters:
            with pytest.raises(Unreachable, match="down"):
                await waiter.granted
        assert line.candidates(()) == ()

    run_virtually(main())
