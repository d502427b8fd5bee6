"""Two objects for one real thing: the older has it, the younger waits and touches nothing, and takes over later."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from dbaas.api.core import EVENT
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import CLUSTER_DATABASE_ROLE, DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.rest import Selection
from fixtures.operating import virtually
from simulation.engine import SimulatedServer
from simulation.world import World, ready_of, simulated_world

HERE = {"instanceRef": {"name": "main"}}
AGAIN = {"instanceRef": {"name": "again"}}  # another object for the same server
SHARED = {"clusterInstanceRef": {"name": "shared"}}
BASE = {"name": "real", "deletionProtection": False}
SCHEMA = {"databaseRef": {"name": "home"}, "name": "real"}


@dataclass(frozen=True)
class Rival:
    """An object that stands for the real thing."""

    kind: Kind
    spec: Mapping[str, Any]

    def key(self, name: str) -> Key:
        return Key("default" if self.kind.namespaced else "", name)


PAIRS = {
    "databases": (Rival(DATABASE, {**HERE, **BASE}), Rival(DATABASE, {**HERE, **BASE})),
    "databases by two names of one server": (Rival(DATABASE, {**HERE, **BASE}), Rival(DATABASE, {**AGAIN, **BASE})),
    "users": (Rival(DATABASE_USER, {**HERE, "username": "real"}), Rival(DATABASE_USER, {**HERE, "username": "real"})),
    "roles": (Rival(DATABASE_ROLE, {**HERE, "roleName": "real"}), Rival(DATABASE_ROLE, {**HERE, "roleName": "real"})),
    "a user and a role": (
        Rival(DATABASE_USER, {**HERE, "username": "real"}), Rival(DATABASE_ROLE, {**HERE, "roleName": "real"}),
    ),
    "a role and a user by two names of one server": (
        Rival(DATABASE_ROLE, {**HERE, "roleName": "real"}), Rival(DATABASE_USER, {**AGAIN, "username": "real"}),
    ),
    "a role and one of the whole cluster": (
        Rival(DATABASE_ROLE, {**HERE, "roleName": "real"}),
        Rival(CLUSTER_DATABASE_ROLE, {**SHARED, "roleName": "real"}),
    ),
    "schemas": (Rival(DATABASE_SCHEMA, SCHEMA), Rival(DATABASE_SCHEMA, SCHEMA)),
}  # fmt: skip


def is_there(server: SimulatedServer) -> bool:
    return "real" in server.bases or "real" in server.roles or "real" in server.bases["home"].schemas


async def make(world: World, rival: Rival, name: str, policy: str) -> None:
    metadata = {"name": name, **({"namespace": "default"} if rival.kind.namespaced else {})}
    body = {"apiVersion": rival.kind.api_version, "kind": rival.kind.kind, "metadata": metadata}
    await world.user.create(rival.kind, {**body, "spec": {**rival.spec, "deletionPolicy": policy}})
    await world.settle()


async def ready(world: World, rival: Rival, name: str) -> tuple[str, str]:
    return ready_of(await world.user.get(rival.kind, rival.key(name)))


async def delete(world: World, rival: Rival, name: str) -> None:
    await world.user.delete(rival.kind, rival.key(name))
    await world.settle()
    assert await world.find(rival.kind, rival.key(name)) is None


async def prepare(world: World) -> None:
    """Three objects for one server, and a database for schemas."""
    instance = await world.connect()
    await world.connect("again")
    connection = instance.spec["connection"]
    secret = {**connection["secretRef"], "namespace": "default"}
    body = {"apiVersion": "dbaas.io/v1", "kind": "ClusterDatabaseInstance", "metadata": {"name": "shared"}}
    spec = {"engine": "basalt", "connection": {**connection, "secretRef": secret}, "allowedNamespaces": ["*"]}
    await world.user.create(CLUSTER_DATABASE_INSTANCE, {**body, "spec": spec})
    await world.make(DATABASE, "home", HERE)
    await world.settle()


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_the_older_has_it_and_the_younger_never_drops_it_and_takes_over(pair: tuple[Rival, Rival]) -> None:
    older, younger = pair

    @virtually
    async def run() -> None:
        async with simulated_world() as world:
            await prepare(world)
            await make(world, older, "older", "Retain")
            await make(world, younger, "younger", "Delete")
            assert await ready(world, older, "older") == ("True", "Applied")
            assert await ready(world, younger, "younger") == ("False", "AlreadyManaged")
            await delete(world, younger, "younger")
            assert is_there(world.server), "the loser dropped what was never its own"
            await make(world, younger, "younger", "Delete")
            await delete(world, older, "older")
            await asyncio.sleep(600)
            assert is_there(world.server)
            assert await ready(world, younger, "younger") == ("True", "Applied")
            await delete(world, younger, "younger")
            assert not is_there(world.server), "it has been the younger's since"

    run()


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_what_was_there_and_is_as_it_is_stated_is_taken_over_without_a_statement(pair: tuple[Rival, Rival]) -> None:
    @virtually
    async def run() -> None:
        async with simulated_world() as world:
            await prepare(world)
            await make(world, pair[0], "first", "Retain")
            await delete(world, pair[0], "first")
            assert is_there(world.server)
            before = changes(world.server)
            await make(world, pair[0], "second", "Retain")
            assert await ready(world, pair[0], "second") == ("True", "Applied")
            if pair[0].kind != DATABASE_USER:  # whose password is made anew
                assert changes(world.server) == before

    run()


def changes(server: SimulatedServer) -> list[str]:
    """Statements that change something."""
    return [text for text in server.log if not text.startswith(("probe", "ask", "observe"))]


@virtually
async def test_a_conflict_is_told_with_the_name_of_the_older() -> None:
    async with simulated_world() as world:
        await prepare(world)
        older, younger = PAIRS["a user and a role"]
        await make(world, older, "older", "Retain")
        await make(world, younger, "younger", "Delete")
        found = await world.read(DATABASE_ROLE, "younger")
        assert "DatabaseUser default/older, which is older" in found.status["message"]
        page = await world.user.list_page(EVENT, Selection("default"))
        assert not [e for e in page.items if e.body()["reason"] == "Deleted"]
