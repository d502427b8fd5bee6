"""A server that lets us in and says nothing."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Unreachable
from dbaas.core.simulation import run_virtually
from fixtures.pretending import PretendServer


def test_a_server_that_lets_us_in_and_says_nothing_is_away() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=1000)
        lane = server.lane()
        with pytest.raises(Unreachable, match="no answer within 5 s") as caught:
            await lane.facts(fresh=True, timeout_seconds=5)
        assert caught.value.reason == "HealthCheckTimedOut"
        assert server.clock.monotonic() == pytest.approx(10, abs=0.1)
        assert server.open_now == 0
        await lane.close()

    run_virtually(main())


def test_a_server_that_is_busy_with_our_own_work_is_not_away() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=4)
        lane = server.lane(cap=1)
        assert (await lane.observe("things", None, ["a"]))["a"]
        assert (await lane.facts(timeout_seconds=5)).identity == "pretend"
        await lane.close()

    run_virtually(main())
