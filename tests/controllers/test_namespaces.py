"""A namespace with everything in it can always be deleted, in whatever order its objects are told to go."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.core import EVENT, NAMESPACE
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.registry import Registry
from dbaas.contracts.rest import Selection
from dbaas.dialects.dbops.dialect import DIALECT
from fixtures.operating import virtually
from simulation.world import World, grant_spec, simulated_world

TEAM = Key("", "team")
HERE = {"instanceRef": {"name": "main"}}
DROP = {"deletionPolicy": "Delete", "deletionProtection": False}
FOREIGN = {foreign.kind.kind: foreign.kind for foreign in DIALECT.kinds}
OURS: tuple[tuple[Kind, str, dict[str, Any]], ...] = (
    (DATABASE_USER, "owner", HERE),
    (DATABASE_USER, "app", {**HERE, "databaseRef": {"name": "dropped"}}),
    (DATABASE_ROLE, "readers", HERE),
    (DATABASE, "dropped", {**HERE, **DROP, "owner": "owner", "basalt": {"schemas": ["sales"]}}),
    (DATABASE, "protected", {**HERE, "deletionPolicy": "Delete"}),
    (DATABASE, "kept", HERE),
    (DATABASE_SCHEMA, "extra", {"databaseRef": {"name": "dropped"}, "deletionPolicy": "Delete"}),
    (DATABASE_GRANT, "app", grant_spec("app", "dropped", "SELECT")),
)  # fmt: skip
THEIRS: tuple[tuple[Kind, str, dict[str, Any]], ...] = (
    (FOREIGN["Database"], "theirs", {"name": "theirs", "instanceRef": {"name": "server"}, **DROP}),
    (FOREIGN["DatabaseUser"], "they", {"username": "they", "instanceRef": {"name": "server"}}),
)


def fit(registry: Registry) -> Registry:
    engine = replace(registry.engines["basalt"], aliases=("postgres",))
    return replace(registry, engines={engine.name: engine}, dialects={DIALECT.group: DIALECT})


async def fill(world: World) -> list[tuple[Kind, str]]:
    """Two objects for one server: one of ours, and one of the foreign group."""
    await world.make_namespace(TEAM.name)
    instance = await world.connect("main", TEAM.name)
    made = [(DATABASE_INSTANCE, "main"), (FOREIGN["DatabaseInstance"], "server")]
    connection = instance.spec["connection"]
    await world.make(FOREIGN["DatabaseInstance"], "server", {"engine": "postgres", "connection": connection}, TEAM.name)
    for kind, name, spec in (*OURS, *THEIRS):
        await world.make(kind, name, spec, TEAM.name)
        made.append((kind, name))
    await world.settle()
    for kind, name in made:
        assert (await world.ready(kind, name, TEAM.name))[0] == "True", f"{kind} {name}"
    assert {"dropped", "protected", "kept", "theirs"} <= set(world.server.bases)
    assert {"owner", "app", "readers", "they"} <= set(world.server.roles)
    return made


async def delete_in_any_order(world: World, made: list[tuple[Kind, str]], chance: random.Random) -> None:
    """Some before the namespace, and the namespace takes the others."""
    chance.shuffle(made)
    for kind, name in made[: chance.randrange(len(made))]:
        await world.delete(kind, name, TEAM.name)
        await world.sources.clock.sleep(chance.random())
    await world.user.delete(NAMESPACE, TEAM)


async def notes(world: World) -> list[str]:
    """What was said about the namespace: about what was in it nothing can be said any more."""
    events = [event.body() for event in (await world.user.list_page(EVENT, Selection(""))).items]
    return [event["message"] for event in events if event["involvedObject"]["kind"] == "Namespace"]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("crashes", [False, True])
def test_a_namespace_with_everything_in_it_goes(seed: int, crashes: bool) -> None:
    @virtually
    async def run() -> None:
        async with simulated_world(seed, fit) as world:
            made = await fill(world)
            await delete_in_any_order(world, made, random.Random(seed))
            if crashes:
                await world.stop()
                world.start()
            await world.settle(limit_seconds=3600)
            assert await world.find(NAMESPACE, TEAM) is None
            assert set(world.server.bases) == {"system", "protected", "kept"}
            assert world.server.roles == {}
            assert any(
                note.startswith("database 'protected' of Database team/protected stays") for note in await notes(world)
            )

    run()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_namespace_whose_server_is_away_goes_within_minutes(seed: int) -> None:
    @virtually
    async def run() -> None:
        async with simulated_world(seed, fit) as world:
            made = await fill(world)
            world.server.is_down = True
            await delete_in_any_order(world, made, random.Random(seed))
            await asyncio.sleep(20 * 60)
            assert await world.find(NAMESPACE, TEAM) is None
            assert {"dropped", "protected", "kept", "theirs"} <= set(world.server.bases)

    run()


@virtually
async def test_who_lives_elsewhere_does_not_hold_the_namespace_of_its_server() -> None:
    async with simulated_world() as world:
        await world.make_namespace(TEAM.name)
        await world.connect("main", TEAM.name, allowedNamespaces=["default"])
        await world.make(DATABASE, "shop", {"instanceRef": {"name": "main", "namespace": TEAM.name}})
        await world.settle()
        await world.user.delete(NAMESPACE, TEAM)
        await world.settle()
        assert await world.find(NAMESPACE, TEAM) is None
        assert await world.ready(DATABASE, "shop") == ("False", "InstanceNotFound")
        assert "DatabaseInstance team/main goes, and Database default/shop lose their server" in await notes(world)
