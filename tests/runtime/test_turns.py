"""Tests of `runtime.turns`: who shares is called off after a while, and all get their turn."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from dbaas.core.clock import EPOCH
from dbaas.runtime.turns import SLICE_SECONDS, Turns


@dataclass
class _BusyClock:
    """Time goes by only while somebody works."""

    seconds: float = 0.0
    turns: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return EPOCH

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.turns.append(self.seconds)
        await asyncio.sleep(0)


async def _work(turns: Turns, clock: _BusyClock, name: str, done: list[str]) -> None:
    for _ in range(20):
        clock.seconds += SLICE_SECONDS / 4
        done.append(name)
        await turns.share()


async def test_the_loop_turns_once_in_a_slice_and_not_for_each_thing() -> None:
    clock = _BusyClock()
    await _work(Turns(clock), clock, "a", [])
    assert len(clock.turns) == 5
    assert all(later - earlier >= SLICE_SECONDS for earlier, later in zip(clock.turns, clock.turns[1:], strict=False))


async def test_others_run_while_somebody_works_through_much() -> None:
    clock, done = _BusyClock(), list[str]()
    turns = Turns(clock)
    working = asyncio.create_task(_work(turns, clock, "a", done))
    rounds = 0
    while not working.done():
        rounds += 1
        await asyncio.sleep(0)
    assert rounds >= 5


async def test_those_who_share_take_turns() -> None:
    clock, done = _BusyClock(), list[str]()
    turns = Turns(clock)
    await asyncio.gather(*(_work(turns, clock, name, done) for name in "abc"))
    assert "a" * 9 not in "".join(done)
    assert "c" in done[:20]


async def test_one_who_is_cancelled_in_the_queue_does_not_hold_up_the_others() -> None:
    clock, done = _BusyClock(), list[str]()
    turns = Turns(clock)
    workers = [asyncio.create_task(_work(turns, clock, name, done)) for name in "abc"]
    await asyncio.sleep(0)
    workers[1].cancel()
    await asyncio.gather(*workers, return_exceptions=True)
    assert done.count("c") == 20
