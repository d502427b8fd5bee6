"""Forced deletions from end to end: the flow of confirmation, and what force overrides."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.registry import Registry
from dbaas.dialects.dbops.dialect import DIALECT
from fixtures.operating import virtually
from simulation.world import ADMIN, HOST, PORT, World, grant_spec, simulated_world

HERE = {"instanceRef": {"name": "main"}}
DROP = {"deletionPolicy": "Delete"}
EVERYTHING = (
    (DATABASE_INSTANCE, "main"), (DATABASE_USER, "owner"), (DATABASE, "shop"), (DATABASE_USER, "app"),
    (DATABASE_GRANT, "app"),
)  # fmt: skip


async def annotate(world: World, kind: Kind, key: Key, **annotations: str) -> None:
    named = {f"dbaas.io/{name.replace('_', '-')}": value for name, value in annotations.items()}
    await world.user.patch(kind, key, {"metadata": {"annotations": named}})


async def force(world: World, kind: Kind, name: str, namespace: str = "default") -> None:
    await annotate(world, kind, Key(namespace, name), force_delete="true")
    await world.user.delete(kind, Key(namespace, name))
    await world.settle()


async def asked(world: World, kind: Kind, name: str, namespace: str = "default") -> dict[str, Any]:
    status = (await world.read(kind, name, namespace)).status
    assert status["phase"] == "PendingDeletion"
    confirmation: dict[str, Any] = status["deletionConfirmation"]
    assert confirmation["required"]
    return confirmation


async def confirm(world: World, kind: Kind, name: str, namespace: str = "default") -> None:
    told = await asked(world, kind, name, namespace)
    await annotate(world, kind, Key(namespace, name), confirm_delete=told["hash"])
    await world.settle()


async def left(world: World, *objects: tuple[Kind, str]) -> list[str]:
    return [f"{kind}/{name}" for kind, name in objects if await world.find(kind, Key("default", name))]


@virtually
async def test_a_server_goes_with_all_that_lives_on_it_when_that_is_confirmed() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE, "shop", DROP)
        await world.settle()
        await force(world, DATABASE_INSTANCE, "main")
        told = await asked(world, DATABASE_INSTANCE, "main")
        assert told["children"] == [
            "Database/default/shop", "DatabaseGrant/default/app", "DatabaseUser/default/app",
            "DatabaseUser/default/owner",
        ]  # fmt: skip
        assert await left(world, *EVERYTHING) == [f"{kind}/{name}" for kind, name in EVERYTHING]
        await confirm(world, DATABASE_INSTANCE, "main")
        assert await left(world, *EVERYTHING) == []
        assert (list(world.server.bases), world.server.roles) == (["system"], {}), (
            "the protection of shop was overridden"
        )
        events = await world.events("main")
        assert (events.count("ForceDeletePending"), events.count("CascadeDeleteComplete")) == (1, 1)


@virtually
async def test_what_is_to_be_kept_is_kept_when_its_server_is_forced_to_go() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await force(world, DATABASE_INSTANCE, "main")
        await confirm(world, DATABASE_INSTANCE, "main")
        assert await left(world, *EVERYTHING) == []
        assert "shop" in world.server.bases
        assert list(world.server.roles) == ["owner"], "it owns what was kept"
        assert "Retained" in await world.events("owner")


@virtually
async def test_a_word_for_another_list_does_nothing() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await force(world, DATABASE_USER, "app")
        before = await asked(world, DATABASE_USER, "app")
        await world.make(DATABASE_GRANT, "second", grant_spec("app", "shop", "INSERT"))
        await annotate(world, DATABASE_USER, Key("default", "app"), confirm_delete=before["hash"])
        await world.settle()
        after = await asked(world, DATABASE_USER, "app")
        assert after["hash"] != before["hash"] and after["remainingCount"] == 2
        assert len(await left(world, (DATABASE_GRANT, "app"), (DATABASE_GRANT, "second"))) == 2
        await confirm(world, DATABASE_USER, "app")
        gone = (DATABASE_USER, "app"), (DATABASE_GRANT, "app"), (DATABASE_GRANT, "second")
        assert await left(world, *gone) == []
        assert "app" not in world.server.roles


@virtually
async def test_taking_force_back_leaves_an_ordinary_deletion_that_waits() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await force(world, DATABASE_USER, "app")
        await asked(world, DATABASE_USER, "app")
        patch = {"metadata": {"annotations": {"dbaas.io/force-delete": None}}}
        await world.user.patch(DATABASE_USER, Key("default", "app"), patch)
        await world.settle()
        assert await world.ready(DATABASE_USER, "app") == ("False", "DependenciesExist")
        assert "deletionConfirmation" not in (await world.read(DATABASE_USER, "app")).status


@virtually
async def test_a_database_goes_with_grants_of_other_namespaces() -> None:
    async with simulated_world() as world:
        await world.make_namespace("team")
        await world.make_shop()
        await world.change(DATABASE_INSTANCE, "main", {"allowedNamespaces": ["team"]})
        for kind, name in ((DATABASE, "shop"), (DATABASE_USER, "app")):
            await world.change(kind, name, {"allowedNamespaces": ["team"]})
        grant = grant_spec("app", "shop", "DELETE")
        for reference in ("userRef", "databaseRef"):
            grant[reference]["namespace"] = "default"
        await world.make(DATABASE_GRANT, "theirs", grant, "team")
        await world.settle()
        await force(world, DATABASE, "shop")
        told = await asked(world, DATABASE, "shop")
        assert told["children"] == ["DatabaseGrant/default/app", "DatabaseGrant/team/theirs"]
        await confirm(world, DATABASE, "shop")
        assert await left(world, (DATABASE, "shop"), (DATABASE_GRANT, "app")) == []
        assert await world.find(DATABASE_GRANT, Key("team", "theirs")) is None


@virtually
async def test_a_server_of_the_whole_cluster_goes_the_same_way() -> None:
    async with simulated_world() as world:
        await world.make_secret("admin", {"username": ADMIN, "password": world.server.password})
        secret = {"name": "admin", "namespace": "default"}
        spec = {"engine": "basalt", "connection": {"host": HOST, "port": PORT, "secretRef": secret}}
        body = {
            "apiVersion": CLUSTER_DATABASE_INSTANCE.api_version, "kind": CLUSTER_DATABASE_INSTANCE.kind,
            "metadata": {"name": "shared"}, "spec": {**spec, "allowedNamespaces": ["*"]},
        }  # fmt: skip
        await world.user.create(CLUSTER_DATABASE_INSTANCE, body)
        await world.make(DATABASE, "shop", {"clusterInstanceRef": {"name": "shared"}, **DROP})
        await world.settle()
        assert "shop" in world.server.bases
        await force(world, CLUSTER_DATABASE_INSTANCE, "shared", "")
        await confirm(world, CLUSTER_DATABASE_INSTANCE, "shared", "")
        assert await left(world, (DATABASE, "shop")) == []
        assert await world.find(CLUSTER_DATABASE_INSTANCE, Key("", "shared")) is None
        assert "shop" not in world.server.bases


@virtually
async def test_a_cluster_goes_the_same_way() -> None:
    async with simulated_world() as world:
        await world.make_quickstart()
        await world.settle()
        await force(world, DATABASE_CLUSTER, "main")
        assert (await asked(world, DATABASE_CLUSTER, "main"))["remainingCount"] == 4
        await confirm(world, DATABASE_CLUSTER, "main")
        assert await left(world, (DATABASE_CLUSTER, "main"), (DATABASE, "shop"), (DATABASE_USER, "shop-app")) == []


@virtually
async def test_a_forced_cascade_ends_while_the_server_is_away() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE, "shop", DROP)
        await world.settle()
        world.server.is_down = True
        await asyncio.sleep(30)
        await force(world, DATABASE_INSTANCE, "main")
        await annotate(
            world, DATABASE_INSTANCE, Key("default", "main"),
            confirm_delete=(await asked(world, DATABASE_INSTANCE, "main"))["hash"],
        )  # fmt: skip
        await asyncio.sleep(60)
        assert await left(world, *EVERYTHING) == []
        assert "shop" in world.server.bases
        assert "Retained" in await world.events("shop")


@virtually
async def test_without_dependents_force_overrides_protection() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, **DROP})
        await world.settle()
        await force(world, DATABASE, "shop")
        assert await left(world, (DATABASE, "shop")) == []
        assert "shop" not in world.server.bases


@virtually
async def test_without_dependents_force_lets_go_of_a_server_that_is_away() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, **DROP})
        await world.settle()
        world.server.is_down = True
        await annotate(world, DATABASE, Key("default", "shop"), force_delete="true")
        await world.delete(DATABASE, "shop")
        await asyncio.sleep(20)
        assert await left(world, (DATABASE, "shop")) == []
        assert "Retained" in await world.events("shop")
        assert "shop" in world.server.bases


@pytest.mark.parametrize("policy", ["Snapshot", "Retain"])
def test_what_cannot_be_backed_up_stays_when_it_is_forced(policy: str) -> None:
    @virtually
    async def run() -> None:
        async with simulated_world() as world:
            await world.connect()
            await world.make(DATABASE, "shop", HERE)
            await world.settle()
            await world.change(DATABASE, "shop", {"deletionPolicy": policy})
            await force(world, DATABASE, "shop")
            assert await left(world, (DATABASE, "shop")) == []
            assert "shop" in world.server.bases
            assert ("Retained" in await world.events("shop")) == (policy == "Snapshot")

    run()


@virtually
async def test_a_role_that_cannot_be_dropped_is_let_go_when_it_is_forced() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await force(world, DATABASE_USER, "owner")
        assert await left(world, (DATABASE_USER, "owner")) == []
        assert "owner" in world.server.roles
        assert "Retained" in await world.events("owner")


@virtually
async def test_an_operator_that_dies_again_and_again_ends_a_confirmed_cascade() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await force(world, DATABASE_INSTANCE, "main")
        told = await asked(world, DATABASE_INSTANCE, "main")
        await world.stop()
        await annotate(world, DATABASE_INSTANCE, Key("default", "main"), confirm_delete=told["hash"])
        for lasts in (0.01, 0.05, 0.1, 0.2, 0.4):
            world.start()
            await asyncio.sleep(lasts)
            await world.stop()
        world.start()
        await world.settle()
        assert await left(world, *EVERYTHING) == []


def furnish(registry: Registry) -> Registry:
    engine = replace(registry.engines["basalt"], aliases=("postgres",))
    return replace(registry, engines={engine.name: engine}, dialects={DIALECT.group: DIALECT})


@virtually
async def test_objects_of_a_foreign_group_go_the_same_way_by_their_own_annotations() -> None:
    foreign = {each.kind.kind: each.kind for each in DIALECT.kinds}
    async with simulated_world(fit=furnish) as world:
        await world.make_secret("admin", {"username": ADMIN, "password": world.server.password})
        connection = {"host": HOST, "port": PORT, "secretRef": {"name": "admin"}}
        server, base = foreign["DatabaseInstance"], foreign["Database"]
        await world.make(server, "main", {"engine": "postgres", "connection": connection})
        await world.make(base, "shop", {"name": "shop", **HERE, **DROP, "deletionProtection": True})
        await world.settle()
        assert "shop" in world.server.bases
        prefix, key = DIALECT.group, Key("default", "main")
        await world.user.patch(server, key, {"metadata": {"annotations": {f"{prefix}/force-delete": "true"}}})
        await world.user.delete(server, key)
        await world.settle()
        status = (await world.read(server, "main")).status
        assert status["phase"] == "PendingDeletion"
        confirmed = {f"{prefix}/confirm-force-delete": status["deletionConfirmation"]["hash"]}
        await world.user.patch(server, key, {"metadata": {"annotations": confirmed}})
        await world.settle()
        assert (
            await left(world, (server, "main"), (base, "shop"), (DATABASE, "shop"), (DATABASE_INSTANCE, "main")) == []
        )
        assert "shop" not in world.server.bases
