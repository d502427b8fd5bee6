"""A role that owns things: it stays, says why and how it can go, and goes when it can."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from dbaas.api.core import NAMESPACE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER, DatabaseUserSpec
from dbaas.contracts.engine import PlanRules
from dbaas.contracts.parting import Belonging, Look, Parting
from dbaas.contracts.registry import Registry
from dbaas.contracts.statement import Change, Statement
from fixtures.operating import virtually
from simulation.engine import Act, Base
from simulation.world import World, simulated_world

HERE = {"instanceRef": {"name": "main"}}


async def part(spec: DatabaseUserSpec, look: Look, rules: PlanRules) -> Parting:
    """Bases that belong to the user; `reassignOwnedTo` gives them away."""
    owned = [name for name, base in (await look("bases", None, None)).items() if base.owner == spec.username]
    heir = spec.drop.reassign_owned_to
    if owned and heir is None:
        return Parting((), tuple(Belonging("", "", name, "base") for name in owned), len(owned) + 3, "give them away")
    acts = [Act(f"GIVE {name}", lambda s, name=name: setattr(s.bases[name], "owner", heir)) for name in owned]
    return Parting(tuple(Change("drop", None, name, (Statement(act),)) for name, act in zip(owned, acts, strict=True)))


def fit(registry: Registry) -> Registry:
    engine = replace(registry.engines["basalt"], partings={"DatabaseUser": part})
    return replace(registry, engines={engine.name: engine})


@asynccontextmanager
async def owning_world() -> AsyncIterator[World]:
    async with simulated_world(fit=fit) as world:
        await world.connect()
        await world.make(DATABASE_USER, "app", HERE)
        await world.settle()
        world.server.bases["shop"] = Base("app")
        yield world


async def status(world: World) -> dict[str, Any]:
    return (await world.read(DATABASE_USER, "app")).status


@virtually
async def test_what_a_user_owns_keeps_it_and_is_told_once() -> None:
    async with owning_world() as world:
        await world.delete(DATABASE_USER, "app")
        await asyncio.sleep(5)
        assert await world.ready(DATABASE_USER, "app") == ("False", "OwnsObjects")
        first = await status(world)
        assert first["ownershipBlock"]["ownedObjects"] == [{"name": "shop", "type": "base"}]
        assert first["ownershipBlock"]["message"] == "user 'app' owns base shop and 3 more: give them away"
        await asyncio.sleep(3600)  # no matter how long: it is not given up
        assert await status(world) == first
        assert "app" in world.server.roles
        assert (await world.events("app")).count("DeletionBlocked") == 1


@virtually
async def test_it_goes_when_the_manifest_says_what_becomes_of_its_things() -> None:
    async with owning_world() as world:
        await world.delete(DATABASE_USER, "app")
        await asyncio.sleep(5)
        await world.change(DATABASE_USER, "app", {"drop": {"reassignOwnedTo": "root"}})
        await world.settle()
        assert await world.find(DATABASE_USER, Key("default", "app")) is None
        assert world.server.bases["shop"].owner == "root" and "app" not in world.server.roles


@virtually
async def test_it_goes_when_somebody_has_given_its_things_away() -> None:
    async with owning_world() as world:
        await world.delete(DATABASE_USER, "app")
        await asyncio.sleep(5)
        world.server.bases["shop"].owner = "root"
        await asyncio.sleep(90)
        assert await world.find(DATABASE_USER, Key("default", "app")) is None
        assert "app" not in world.server.roles


@virtually
async def test_a_namespace_that_goes_is_not_held() -> None:
    async with simulated_world(fit=fit) as world:
        await world.connect(allowedNamespaces=["team"])
        await world.make_namespace("team")
        await world.make(DATABASE_USER, "app", {"instanceRef": {"name": "main", "namespace": "default"}}, "team")
        await world.settle()
        world.server.bases["shop"] = Base("app")
        await world.user.delete(NAMESPACE, Key("", "team"))
        await asyncio.sleep(30)
        assert await world.find(DATABASE_USER, Key("team", "app")) is None
        assert "app" in world.server.roles
