"""What is retained is not called ours any more, and waits for nobody."""

from __future__ import annotations

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from fixtures.operating import virtually
from simulation.tagging import Notes
from simulation.world import World, simulated_world

HERE = {"instanceRef": {"name": "main"}}
OURS = "managed by dbaas: Database default/shop"


async def make_tagged(world: World) -> None:
    await world.connect(resourceTracking={"enabled": True})
    await world.make(DATABASE, "shop", HERE)
    await world.settle()


@virtually
async def test_what_is_retained_loses_our_tag() -> None:
    notes = Notes()
    async with simulated_world(fit=notes.fit) as world:
        await make_tagged(world)
        assert notes.texts == {"shop": OURS}
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert notes.texts == {"shop": ""}
        assert "shop" in world.server.bases


@virtually
async def test_what_others_have_written_since_stays() -> None:
    notes = Notes()
    async with simulated_world(fit=notes.fit) as world:
        await make_tagged(world)
        notes.texts["shop"] = "of the shop team"
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert await world.find(DATABASE, Key("default", "shop")) is None
        assert notes.texts == {"shop": "of the shop team"}


@pytest.mark.parametrize("trouble", ["down", "refusing"])
@virtually
async def test_a_tag_that_cannot_be_taken_away_holds_nobody(trouble: str) -> None:
    notes = Notes()
    async with simulated_world(fit=notes.fit) as world:
        await make_tagged(world)
        if trouble == "down":
            world.server.is_down = True
        else:
            world.server.refusals["NOTE"] = "not today"
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert await world.find(DATABASE, Key("default", "shop")) is None
        assert notes.texts == {"shop": OURS}
        assert "TagLeft" in await world.events("shop")
