"""Foreign objects stand in front of ours: made, changed, paused, deleted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from dbaas.api.core import CONFIG_MAP
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.contracts.registry import Registry
from dbaas.core.simulation import run_virtually
from fixtures.dialects import FINALIZER, FURNITURE, GROUP, PAUSED, SHELF
from simulation.world import World, simulated_world

HERE = Key("default", "top")


def furnish(registry: Registry) -> Registry:
    return replace(registry, dialects={GROUP: FURNITURE})


@asynccontextmanager
async def furnished() -> AsyncIterator[World]:
    async with simulated_world(fit=furnish) as world:
        await world.connect()
        yield world


async def annotate(world: World, **annotations: str | None) -> None:
    await world.user.patch(SHELF, HERE, {"metadata": {"annotations": annotations}})


def test_what_it_becomes_is_owned_and_its_state_is_told() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books"})
            await world.settle()
            shelf, child = await world.read(SHELF, "top"), await world.read(DATABASE, "top")
            assert shelf.metadata.finalizers == [FINALIZER]
            assert child.metadata.owner is not None and child.metadata.owner.uid == shelf.metadata.uid
            assert shelf.status["phase"] == "Standing" and "books" in world.server.bases
            assert "Standing" in await world.events("top")
            await world.change(SHELF, "top", {"protected": True})
            await world.settle()
            assert (await world.read(DATABASE, "top")).spec["deletionProtection"] is True

    run_virtually(main())


def test_an_object_of_the_same_name_is_not_taken_over() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(DATABASE, "top", {"instanceRef": {"name": "main"}, "name": "mine"})
            await world.make(SHELF, "top", {"name": "books"})
            await world.settle()
            assert await world.ready(SHELF, "top") == ("False", "AlreadyManaged")
            assert (await world.read(DATABASE, "top")).spec["name"] == "mine"
            await world.delete(SHELF, "top")
            await world.settle()
            assert await world.find(SHELF, HERE) is None
            assert (await world.read(DATABASE, "top")).spec["name"] == "mine"

    run_virtually(main())


def test_what_must_be_there_first_is_waited_for() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books", "label": "sticker"})
            await world.settle()
            assert await world.ready(SHELF, "top") == ("False", "DependencyMissing")
            metadata = {"name": "sticker", "namespace": "default"}
            await world.user.create(CONFIG_MAP, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
            await world.settle()
            assert (await world.read(SHELF, "top")).status["phase"] == "Standing"

    run_virtually(main())


def test_what_cannot_be_honoured_is_refused_with_its_field() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books", "wobbles": True})
            await world.settle()
            assert await world.ready(SHELF, "top") == ("False", "InvalidSpec")
            assert "spec.wobbles: shelves here stand still" in (await world.read(SHELF, "top")).status["message"]
            assert await world.find(DATABASE, HERE) is None

    run_virtually(main())


def test_while_paused_nothing_of_it_is_changed() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books"})
            await world.settle()
            await annotate(world, **{PAUSED: "yes"})
            await world.settle()
            await world.change(SHELF, "top", {"protected": True})
            await world.settle()
            child = await world.read(DATABASE, "top")
            assert child.spec["deletionProtection"] is False
            assert child.metadata.annotations["dbaas.io/paused"] == "true"
            await annotate(world, **{PAUSED: None})
            await world.settle()
            child = await world.read(DATABASE, "top")
            assert child.spec["deletionProtection"] is True
            assert "dbaas.io/paused" not in child.metadata.annotations

    run_virtually(main())


def test_a_deletion_brings_the_newest_word_to_what_it_destroys() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books", "protected": True})
            await world.settle()
            await world.delete(SHELF, "top")
            await world.settle()
            assert await world.ready(SHELF, "top") == ("False", "DeletionProtected")
            assert "books" in world.server.bases
            await world.change(SHELF, "top", {"protected": False})
            await world.settle()
            assert await world.find(SHELF, HERE) is None and await world.find(DATABASE, HERE) is None
            assert "books" not in world.server.bases
            assert "Deleted" in await world.events("top")

    run_virtually(main())


def test_what_shall_stay_stays() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books", "policy": "Retain"})
            await world.settle()
            await world.delete(SHELF, "top")
            await world.settle()
            assert await world.find(SHELF, HERE) is None
            assert "books" in world.server.bases

    run_virtually(main())


def test_a_child_that_somebody_deleted_is_made_again() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books", "policy": "Retain"})
            await world.settle()
            before = await world.read(DATABASE, "top")
            await world.delete(DATABASE, "top")
            await world.settle()
            assert (await world.read(DATABASE, "top")).metadata.uid != before.metadata.uid

    run_virtually(main())


def test_annotations_of_ours_count_on_the_foreign_object_too() -> None:
    async def main() -> None:
        async with furnished() as world:
            await world.make(SHELF, "top", {"name": "books", "protected": True})
            await annotate(world, **{"dbaas.io/force-delete": "true", "other": "x"})
            await world.settle()
            told = (await world.read(DATABASE, "top")).metadata.annotations
            assert told["dbaas.io/force-delete"] == "true" and "other" not in told
            await world.delete(SHELF, "top")
            await world.settle()
            assert await world.find(SHELF, HERE) is None and "books" not in world.server.bases

    run_virtually(main())
