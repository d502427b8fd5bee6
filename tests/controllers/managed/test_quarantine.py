"""A database that is put away before it is dropped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.contracts.engine import PlanRules
from dbaas.contracts.registry import Registry
from dbaas.contracts.statement import Change, Statement
from fixtures.operating import virtually
from simulation.engine import Act, SeenBase, SimulatedServer
from simulation.world import World, simulated_world

FORCE = {"metadata": {"annotations": {"dbaas.io/force-delete": "true"}}}


@dataclass
class Attic:
    """Implements `contracts.companions.Quarantine`."""

    def rename(self, name: str, stamp: str) -> str:
        return f"{name}-{stamp}"

    def enclose(self, observed: SeenBase, name: str, rules: PlanRules) -> Change:
        def effect(server: SimulatedServer) -> None:
            server.bases[name] = server.bases.pop(observed.name)

        return Change("quarantine", name, observed.name, (Statement(Act(f"RENAME {observed.name}", effect)),))


@asynccontextmanager
async def deleted_shop(**more: Any) -> AsyncIterator[World]:
    def fit(registry: Registry) -> Registry:
        return replace(registry, engines={"basalt": replace(registry.engines["basalt"], quarantine=Attic())})

    async with simulated_world(fit=fit) as world:
        await world.connect()
        spec = {"deletionPolicy": "Delete", "deletionProtection": False, "quarantine": "1d", **more}
        await world.make(DATABASE, "shop", {"instanceRef": {"name": "main"}, **spec})
        await world.settle()
        await world.delete(DATABASE, "shop")
        yield world


async def is_gone(world: World) -> bool:
    return await world.find(DATABASE, Key("default", "shop")) is None


@pytest.mark.slow
@virtually
async def test_it_is_renamed_at_once_and_dropped_when_its_time_is_over() -> None:
    async with deleted_shop() as world:
        await world.settle()
        status = (await world.read(DATABASE, "shop")).status
        assert (status["phase"], await world.ready(DATABASE, "shop")) == ("Deleting", ("False", "Quarantined"))
        assert status["quarantine"]["name"] in world.server.bases and "shop" not in world.server.bases
        await asyncio.sleep(80_000)
        assert not await is_gone(world)
        await asyncio.sleep(10_000)
        assert await is_gone(world)
        assert list(world.server.bases) == ["system"]


@virtually
async def test_a_crash_in_between_is_forgotten_by_nobody() -> None:
    async with deleted_shop() as world:
        world.server.refusals["RENAME"] = "not now"
        await world.settle()
        name = (await world.read(DATABASE, "shop")).status["quarantine"]["name"]
        await world.stop()
        world.server.refusals.clear()
        world.start()
        await asyncio.sleep(600)
        assert list(world.server.bases) == ["system", name]


@virtually
async def test_force_ends_it_and_skips_it() -> None:
    async with deleted_shop() as world:
        await world.settle()
        await world.user.patch(DATABASE, Key("default", "shop"), FORCE)
        await world.settle()
        assert await is_gone(world) and list(world.server.bases) == ["system"]


@virtually
async def test_without_it_a_database_is_dropped_at_once() -> None:
    async with deleted_shop(quarantine=None) as world:
        await world.settle()
        assert await is_gone(world) and "RENAME shop" not in world.server.log
