"""Each write to the API and each statement fails in turn, the operator dies and starts again: the end is the same."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.user import DATABASE_USER
from dbaas.core.simulation import run_virtually
from simulation.dying import die_and_recover
from simulation.engine import SimulatedServer
from simulation.world import World, simulated_world

pytestmark = pytest.mark.slow

SHOWN = ("owned", "database", "user", "entries")


async def final_state(world: World) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, name in ((DATABASE, "shop"), (DATABASE_USER, "owner"), (DATABASE_USER, "app"), (DATABASE_GRANT, "app")):
        resource = await world.read(kind, name)
        status = {
            key: value for key, value in resource.status.items() if key in ("owned", "database", "user", "entries")
        }
        for told in (status.get("database", {}), status.get("user", {})):
            told["createdAt"] = told.get("createdAt", "") > "2"  # it is known, and the time is another after a crash
        found[str(resource)] = (await world.ready(kind, name), resource.metadata.finalizers, status)
    return found


def state_of_server(server: SimulatedServer) -> tuple[Any, ...]:
    return sorted(server.bases), sorted(server.roles), server.privileges, server.bases["shop"].schemas


async def run_shop(number: int = -1, *, reached: bool = False) -> tuple[bool, Any, SimulatedServer]:
    """Dies at that write; at none where it is negative."""
    async with simulated_world() as world:
        await world.stop()
        await world.make_shop()
        died = False
        if number < 0:
            world.start()
            await world.settle()
        else:
            died = await die_and_recover(world, number, reached=reached)
        await check_secret(world)
        return died, await final_state(world), world.server


async def check_secret(world: World) -> None:
    assert (await world.read_secret("app-credentials"))["password"] == world.server.roles["app"]


@pytest.mark.parametrize("reached", [True, False])
def test_a_crash_at_any_write_changes_nothing_in_the_end(reached: bool) -> None:
    _, expected, untouched = run_virtually(run_shop())
    for number in range(100):
        died, state, server = run_virtually(run_shop(number, reached=reached))
        assert state == expected, f"after a crash at write {number}"
        assert state_of_server(server) == state_of_server(untouched), f"after a crash at write {number}"
        assert sorted(server.log) == sorted(set(server.log)), f"done twice after a crash at write {number}"
        if not died:
            break
    assert 10 < number < 99


@pytest.mark.parametrize("after_effect", [True, False])
@pytest.mark.parametrize("number", range(5))
def test_a_connection_that_breaks_at_any_statement_changes_nothing_in_the_end(number: int, after_effect: bool) -> None:
    async def run() -> tuple[Any, SimulatedServer]:
        async with simulated_world() as world:
            world.server.break_at, world.server.break_after_effect = number, after_effect
            await world.make_shop()
            await world.settle()
            await check_secret(world)
            return await final_state(world), world.server

    _, expected, untouched = run_virtually(run_shop())
    state, server = run_virtually(run())
    assert state == expected
    assert state_of_server(server) == state_of_server(untouched)
    assert sorted(server.log) == sorted(set(server.log))
