"""The circuit breaker on virtual time."""

from __future__ import annotations

import pytest

from dbaas.contracts.engine import Denied, EngineError, LoginRefused, Unreachable
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from dbaas.lanes.breaker import LONGEST_PAUSE_SECONDS, Breaker


class Knocks:
    """A probe that fails with what is next in `failures`, and then succeeds."""

    def __init__(self, *failures: EngineError) -> None:
        self.clock = LoopClock()
        self.failures = list(failures)
        self.moments: list[float] = []
        self.changes: list[EngineError | None] = []
        self.breaker = Breaker(self.probe, self.clock, SeededRandomness(1), self.changes.append)

    async def probe(self) -> None:
        self.moments.append(self.clock.monotonic())
        if self.failures:
            raise self.failures.pop(0)


def test_a_closed_circuit_lets_everybody_through() -> None:
    Knocks().breaker.check()


def test_an_open_circuit_tells_the_newest_failure_and_closes_by_itself() -> None:
    async def main() -> None:
        knocks = Knocks(Unreachable("refused"), LoginRefused("wrong password"))
        first = Unreachable("timeout")
        knocks.breaker.trip(first)
        told = []
        while knocks.breaker.is_open:
            with pytest.raises(EngineError) as caught:
                knocks.breaker.check()
            told.append(caught.value.message)
            await knocks.clock.sleep(0.1)
        assert list(dict.fromkeys(told)) == ["timeout", "refused", "wrong password"]
        assert not knocks.breaker.is_open
        assert knocks.changes == [first, None]

    run_virtually(main())


def test_pauses_grow_with_jitter_up_to_a_limit() -> None:
    async def main() -> None:
        knocks = Knocks(*[Unreachable("refused")] * 12)
        knocks.breaker.trip(Unreachable("timeout"))
        while knocks.breaker.is_open:
            await knocks.clock.sleep(0.5)
        pauses = [later - earlier for earlier, later in zip([0.0, *knocks.moments], knocks.moments, strict=False)]
        assert pauses[0] <= 1 and max(pauses) <= LONGEST_PAUSE_SECONDS
        assert min(pauses[-5:]) >= LONGEST_PAUSE_SECONDS / 2
        assert len(set(pauses)) == len(pauses)

    run_virtually(main())


def test_a_server_that_answers_anything_is_there() -> None:
    async def main() -> None:
        knocks = Knocks(Denied("not in this database"))
        knocks.breaker.trip(Unreachable("timeout"))
        await knocks.clock.sleep(2)
        assert not knocks.breaker.is_open and len(knocks.moments) == 1

    run_virtually(main())


def test_tripping_again_does_not_knock_twice() -> None:
    async def main() -> None:
        knocks = Knocks()
        for _ in range(5):
            knocks.breaker.trip(Unreachable("timeout"))
        await knocks.clock.sleep(10)
        assert len(knocks.moments) == 1 and len(knocks.changes) == 2

    run_virtually(main())


def test_after_closing_nobody_knocks() -> None:
    async def main() -> None:
        knocks = Knocks()
        knocks.breaker.trip(Unreachable("timeout"))
        knocks.breaker.close()
        await knocks.clock.sleep(100)
        assert knocks.moments == [] and knocks.breaker.is_open

    run_virtually(main())
