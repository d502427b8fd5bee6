"""What an operator asks of the API when nothing happens, which is what it costs everybody else."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from dbaas.api.instance import DATABASE_INSTANCE
from fixtures.electing import Contender
from fixtures.operating import virtually
from simulation.world import simulated_world

pytestmark = pytest.mark.slow

MINUTES = 60
INSTANCES = 40


@virtually
async def test_an_operator_that_leads_asks_less_than_sixty_times_a_minute() -> None:
    """Its watches, which end from time to time, and the renewals of its lease; however many servers it looks at."""
    async with simulated_world() as world:
        await world.make_shop()
        spec = (await world.read(DATABASE_INSTANCE, "main")).spec
        for number in range(1, INSTANCES):
            await world.make(DATABASE_INSTANCE, f"again-{number}", spec)
        leader = Contender(world.api, 1)
        await world.settle()
        await asyncio.sleep(60)  # the end of the first full drift pass is told once
        watching, leading = len(world.faults.requests), len(leader.link.requests)
        await asyncio.sleep(60 * MINUTES)
        asked = [*world.faults.requests[watching:], *leader.link.requests[leading:]]
        assert leader.leads
        await leader.leave()
    most = Counter(f"{request.method} {request.path}" for request in asked).most_common(5)
    assert len(asked) / MINUTES < 60, most
    written = [request.body for request in world.faults.requests[watching:] if request.method != "GET"]
    assert [body for body in written if b"lastVerified" not in body] == []
    assert len(written) <= INSTANCES * MINUTES / 10, "each server says every ten minutes that it has been looked at"
