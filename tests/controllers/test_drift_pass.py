"""Drift: noticed within its interval, treated by its policy, written once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import ANNOTATION_ALLOW_DESTRUCTIVE, Key
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.engine import HOME
from simulation.tagging import Notes
from simulation.world import World, grant_spec, simulated_world

ENTRY = "table shop.sales SELECT"


class Rumours(Notes):
    """Notes that nobody wants to be right."""

    only_tells = True


async def make_shop(world: World, mode: str, **policy: Any) -> None:
    await world.make_shop()
    for kind, name in ((DATABASE, "shop"), (DATABASE_GRANT, "app")):
        await world.change(kind, name, {"driftPolicy": {"mode": mode, **policy}})
    await world.settle()


async def check_corrected_within(world: World, seconds: float) -> None:
    world.server.privileges["app"].clear()
    await world.sources.clock.sleep(seconds)
    assert world.server.privileges["app"] == {ENTRY}


@virtually
async def test_a_lost_privilege_is_noticed_within_a_minute() -> None:
    async with simulated_world() as world:
        await make_shop(world, "detect")
        world.server.privileges["app"].clear()
        await asyncio.sleep(60)
        assert await world.ready(DATABASE_GRANT, "app") == ("False", "DriftDetected")
        drift = (await world.read(DATABASE_GRANT, "app")).status["drift"]
        assert [diff["field"] for diff in drift["diffs"]] == [f"privileges[{ENTRY}]"]
        assert drift["detected"] is True
        assert world.server.privileges["app"] == set()


@virtually
async def test_what_is_put_right_by_hand_is_seen_as_well() -> None:
    async with simulated_world() as world:
        await make_shop(world, "detect")
        world.server.privileges["app"].clear()
        await asyncio.sleep(60)
        world.server.privileges["app"].add(ENTRY)
        await asyncio.sleep(60)
        assert await world.ready(DATABASE_GRANT, "app") == ("True", "Applied")
        assert "drift" not in (await world.read(DATABASE_GRANT, "app")).status


@virtually
async def test_correct_puts_it_right_and_says_so() -> None:
    async with simulated_world() as world:
        await make_shop(world, "correct")
        world.server.privileges["app"].clear()
        await asyncio.sleep(60)
        assert world.server.privileges["app"] == {ENTRY}
        assert await world.ready(DATABASE_GRANT, "app") == ("True", "Applied")
        assert "DriftCorrected" in await world.events("app")


@pytest.mark.parametrize("is_only_told", [False, True])
@virtually
async def test_what_is_only_told_is_not_asked_for(is_only_told: bool) -> None:
    notes = Rumours() if is_only_told else Notes()
    async with simulated_world(fit=notes.fit) as world:
        await world.connect(resourceTracking={"enabled": True})
        await world.make(DATABASE, "shop", {"instanceRef": {"name": "main"}})
        await world.settle()
        world.server.questions.clear()
        await asyncio.sleep(60)
        assert f"bases in {HOME}" in world.server.questions
        assert (f"notes in {HOME}" not in world.server.questions) is is_only_told


@virtually
async def test_a_short_interval_is_kept() -> None:
    async with simulated_world() as world:
        await make_shop(world, "correct", interval="4s")
        await check_corrected_within(world, 5)


@virtually
async def test_a_short_interval_is_kept_from_its_first_moment_on() -> None:
    async with simulated_world() as world:
        await make_shop(world, "detect")
        await asyncio.sleep(60)  # a pass has just been made, and the next one is far
        for kind, name in ((DATABASE, "shop"), (DATABASE_GRANT, "app")):
            await world.change(kind, name, {"driftPolicy": {"mode": "correct", "interval": "4s"}})
        await asyncio.sleep(1)
        await check_corrected_within(world, 4)


@virtually
async def test_a_shorter_interval_of_the_server_counts_at_once() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await asyncio.sleep(60)
        await world.change(DATABASE_INSTANCE, "main", {"driftPolicy": {"mode": "correct", "interval": "4s"}})
        await asyncio.sleep(1)
        await check_corrected_within(world, 4)


@virtually
async def test_ignore_says_and_does_nothing() -> None:
    async with simulated_world() as world:
        await make_shop(world, "ignore")
        world.server.privileges["app"].clear()
        await asyncio.sleep(120)
        assert await world.ready(DATABASE_GRANT, "app") == ("True", "Applied")
        assert world.server.privileges["app"] == set()


@virtually
async def test_what_may_lose_access_is_put_right_only_when_allowed() -> None:
    async with simulated_world() as world:
        await make_shop(world, "correct")
        world.server.bases["shop"].owner = "thief"
        await asyncio.sleep(60)
        assert await world.ready(DATABASE, "shop") == ("False", "DriftDetected")
        assert world.server.bases["shop"].owner == "thief"
        annotation = {"metadata": {"annotations": {ANNOTATION_ALLOW_DESTRUCTIVE: "true"}}}
        await world.user.patch(DATABASE, Key("default", "shop"), annotation)
        await world.settle()
        assert world.server.bases["shop"].owner == "owner"


@virtually
async def test_a_known_difference_is_not_written_again() -> None:
    async with simulated_world() as world:
        await make_shop(world, "detect")
        world.server.privileges["app"].clear()
        await asyncio.sleep(60)
        written = len(world.faults.writes)
        await asyncio.sleep(300)
        assert len(world.faults.writes) == written


@virtually
async def test_a_database_that_was_dropped_is_drift_and_comes_back_when_corrected() -> None:
    async with simulated_world() as world:
        await make_shop(world, "detect")
        del world.server.bases["shop"]
        await asyncio.sleep(60)
        assert await world.ready(DATABASE, "shop") == ("False", "DriftDetected")
        await world.change(DATABASE, "shop", {"driftPolicy": {"mode": "correct"}})
        await asyncio.sleep(60)
        assert world.server.bases["shop"].schemas == {"sales": "root"}
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_a_pass_asks_once_for_each_part_and_database() -> None:
    async with simulated_world() as world:
        await make_shop(world, "detect")
        for number in range(20):
            await world.make(DATABASE_USER, f"user-{number}", {"instanceRef": {"name": "main"}})
            await world.make(DATABASE_GRANT, f"grant-{number}", grant_spec(f"user-{number}", "shop", "SELECT"))
        await world.settle()
        world.server.questions.clear()
        await asyncio.sleep(29)
        asked = [question for question in world.server.questions if not question.startswith("probe")]
        assert sorted(asked) == ["bases in system", "privileges in shop", "roles in system", "schemas in shop"]


@virtually
async def test_the_policy_of_the_server_holds_where_an_object_has_none() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE_INSTANCE, "main", {"driftPolicy": {"mode": "correct"}})
        await world.settle()
        world.server.privileges["app"].clear()
        await asyncio.sleep(60)
        assert world.server.privileges["app"] == {ENTRY}


@virtually
async def test_a_pass_knows_when_what_it_remembers_of_an_object_holds_no_more() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE_INSTANCE, "main", {"driftPolicy": {"mode": "ignore"}})
        await world.settle()
        await world.change(DATABASE_INSTANCE, "main", {"driftPolicy": {"mode": "detect"}})
        await world.settle()
        world.server.privileges["app"].clear()
        await asyncio.sleep(60)
        assert await world.ready(DATABASE_GRANT, "app") == ("False", "DriftDetected")
