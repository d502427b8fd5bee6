"""How a password is known to be right, where the server shows what it stores and where it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.controllers.managed.proving import INTERVAL_SECONDS, with_password
from fixtures.operating import virtually
from simulation.world import World, simulated_world


@asynccontextmanager
async def hiding_world(**spec: Any) -> AsyncIterator[World]:
    async with simulated_world() as world:
        world.server.shows_verifiers = False
        await world.connect()
        await world.make(DATABASE_USER, "app", {"instanceRef": {"name": "main"}, **spec})
        await world.settle()
        yield world


async def verified(world: World) -> tuple[str, str]:
    conditions = (await world.read(DATABASE_USER, "app")).status["conditions"]
    (found,) = [each for each in conditions if each["type"] == "PasswordVerified"]
    return found["status"], found["reason"]


@virtually
async def test_a_server_that_shows_what_it_stores_is_asked() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
        await world.settle()
        assert await verified(world) == ("True", "VerifierMatches")


@virtually
async def test_a_hidden_password_is_set_once_and_proven_by_a_login() -> None:
    async with hiding_world() as world:
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert await verified(world) == ("True", "LoginSucceeded")
        before = (await world.read(DATABASE_USER, "app")).metadata.resourceVersion
        await asyncio.sleep(3 * INTERVAL_SECONDS)
        assert (await world.read(DATABASE_USER, "app")).metadata.resourceVersion == before
        assert [line for line in world.server.log if "ROLE app" in line] == ["CREATE ROLE app"]


@virtually
async def test_a_hidden_password_changed_behind_our_back_is_noticed_by_the_next_login() -> None:
    async with hiding_world() as world:
        world.server.roles["app"] = "stolen"
        await asyncio.sleep(1.5 * INTERVAL_SECONDS)
        assert await world.ready(DATABASE_USER, "app") == ("False", "DriftDetected")
        assert await verified(world) == ("False", "PasswordDiffers")
        assert world.server.roles["app"] == "stolen"


@virtually
async def test_a_hidden_password_is_put_right_where_that_is_wanted() -> None:
    async with hiding_world(driftPolicy={"mode": "correct"}) as world:
        world.server.roles["app"] = "stolen"
        await asyncio.sleep(1.5 * INTERVAL_SECONDS)
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert world.server.roles["app"] == (await world.read_secret("app-credentials"))["password"]
        assert await verified(world) == ("True", "LoginSucceeded")


@virtually
async def test_drift_that_is_ignored_is_still_told() -> None:
    async with hiding_world(driftPolicy={"mode": "ignore"}) as world:
        world.server.roles["app"] = "stolen"
        await asyncio.sleep(1.5 * INTERVAL_SECONDS)
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert await verified(world) == ("False", "PasswordDiffers")
        assert await world.find(DATABASE_USER, Key("default", "app")) is not None


@virtually
async def test_what_the_server_shows_is_told_where_drift_is_ignored() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE_USER, "app", {"instanceRef": {"name": "main"}, "driftPolicy": {"mode": "ignore"}})
        await world.settle()
        world.server.roles["app"] = "stolen"
        await world.change(DATABASE_USER, "app", {"deletionPolicy": "Retain"})
        await world.settle()
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert await verified(world) == ("False", "PasswordDiffers")


@virtually
async def test_of_one_who_may_not_log_in_nobody_can_tell_and_that_is_said() -> None:
    async with simulated_world() as world:
        world.server.shows_verifiers = False
        world.server.barred.add("app")
        await world.connect()
        await world.make(DATABASE_USER, "app", {"instanceRef": {"name": "main"}})
        await world.settle()
        assert await world.ready(DATABASE_USER, "app") == ("True", "Applied")
        assert await verified(world) == ("Unknown", "LoginNotAllowed")
        assert [line for line in world.server.log if "ROLE app" in line] == ["CREATE ROLE app"]
        world.server.barred.clear()
        await asyncio.sleep(1.5 * INTERVAL_SECONDS)
        assert await verified(world) == ("True", "LoginSucceeded")


@virtually
async def test_a_user_that_expires_keeps_its_password_and_is_told_as_such() -> None:
    async with hiding_world(driftPolicy={"mode": "correct"}) as world:
        world.server.barred.add("app")
        await asyncio.sleep(1.5 * INTERVAL_SECONDS)
        assert await verified(world) == ("Unknown", "LoginNotAllowed")
        assert [line for line in world.server.log if "ROLE app" in line] == ["CREATE ROLE app"]


def test_an_earlier_call_stays_as_it_was_asked_for() -> None:
    condition = Condition("PasswordVerified", "True", "LoginSucceeded")
    assert with_password(Outcome(requeue_after=5.0), condition).requeue_after == 5.0
    assert with_password(Outcome(), condition).requeue_after == INTERVAL_SECONDS
    assert with_password(Outcome(), None) == Outcome()
