"""Virtual time goes on whatever somebody waits for."""

from __future__ import annotations

import asyncio

import pytest

from dbaas.core.clock import LoopClock
from simulation.scheduler import run_shuffled

NEAREST = 1e-6
"""What lies nearer than this an event loop takes for now."""


@pytest.mark.parametrize("distance", [2 * NEAREST, NEAREST, NEAREST / 2, NEAREST / 1000])
def test_who_waits_for_the_rest_of_a_moment_sees_it_come(distance: float) -> None:
    turns = 0

    async def wait() -> float:
        nonlocal turns
        loop = asyncio.get_running_loop()
        await LoopClock().sleep(1000)
        due = loop.time() + distance
        while (left := due - loop.time()) > 0:
            turns += 1
            assert turns < 10, f"time stands still, {left} s before it"
            try:
                async with asyncio.timeout(left):
                    await asyncio.Event().wait()
            except TimeoutError:
                continue
        return loop.time() - due

    assert 0 <= run_shuffled(wait(), seed=1) <= NEAREST
