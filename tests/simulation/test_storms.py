"""The quickstart under each fault of the API: it becomes ready, works with the published password, and rests."""

from __future__ import annotations

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.user import DATABASE_USER
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from dbaas.kube.retries import RetryingTransport
from dbaas.runtime.reflector import MOST_LIST_SECONDS, MOST_WATCH_SECONDS
from fixtures.storm import CALM, WEATHERS, StormyTransport
from simulation.world import grant_spec, simulated_world

pytestmark = pytest.mark.slow

OBJECTS = ((DATABASE_USER, "shop-owner"), (DATABASE, "shop"), (DATABASE_USER, "shop-app"), (DATABASE_GRANT, "shop-app"))
HEALING_SECONDS = 1000.0
LOST_SECONDS = MOST_LIST_SECONDS + MOST_WATCH_SECONDS + HEALING_SECONDS


@pytest.mark.parametrize("weather", WEATHERS)
def test_the_quickstart_becomes_true_under_each_fault_of_the_api(weather: str) -> None:
    async def story() -> None:
        async with simulated_world() as world:
            await world.stop()
            clock = world.sources.clock
            storm = StormyTransport(world.api, clock, 1, WEATHERS[weather])
            world.start(RetryingTransport(storm, clock, SeededRandomness(1)))
            await world.make_quickstart()
            await clock.sleep(60)
            await world.user.patch(
                DATABASE_GRANT, (await world.read(DATABASE_GRANT, "shop-app")).key,
                {"spec": grant_spec("shop-app", "shop", "SELECT")},
            )  # fmt: skip
            await clock.sleep(60)
            assert storm.faults > 1
            storm.weather = CALM
            await clock.sleep(LOST_SECONDS if WEATHERS[weather].missing else HEALING_SECONDS)
            await world.settle()
            assert [await world.ready(kind, name) for kind, name in OBJECTS] == [("True", "Applied")] * 4
            assert (await world.read_secret("shop-app-credentials"))["password"] == world.server.roles["shop-app"]
            assert not any("INSERT" in privilege for privilege in world.server.privileges["shop-app"])
            before = storm.writes
            await clock.sleep(3600)
            assert storm.writes - before <= 7, (
                "the one write that is periodic is that of lastVerified, every ten minutes"
            )

    run_virtually(story())
