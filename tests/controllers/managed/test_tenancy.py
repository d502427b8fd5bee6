"""A namespace that may use a server is not its administrator: each way out, and what is still possible."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import ANNOTATION_ADOPTABLE, CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.engine import ADMIN, Base
from simulation.world import HOST, PORT, World, simulated_world

THERE = {"instanceRef": {"name": "main", "namespace": "platform"}}


@asynccontextmanager
async def shared_world(**tenancy: Any) -> AsyncIterator[World]:
    """A server in namespace `platform` that all may use; guests are in `default`."""
    async with simulated_world() as world:
        await world.make_namespace("platform")
        await world.connect(namespace="platform", allowedNamespaces=["*"], tenancy=tenancy)
        await world.settle()
        yield world


@virtually
async def test_a_guest_makes_what_is_not_there_and_drops_it_again() -> None:
    async with shared_world() as world:
        await world.make(DATABASE_USER, "app", THERE)
        await world.make(DATABASE, "shop", {**THERE, "owner": "app", "deletionPolicy": "Delete",
                                            "deletionProtection": False})  # fmt: skip
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert (await world.read(DATABASE, "shop")).status["taken"] == ["bases/shop"]
        await world.delete(DATABASE, "shop")
        await world.settle()
        assert "shop" not in world.server.bases


@virtually
async def test_what_exists_is_neither_taken_over_nor_dropped_by_a_guest() -> None:
    async with shared_world() as world:
        world.server.roles["theirs"] = "secret"
        await world.make(DATABASE_USER, "theirs", THERE)
        await world.settle()
        assert await world.ready(DATABASE_USER, "theirs") == ("False", "AdoptionNotAllowed")
        await world.delete(DATABASE_USER, "theirs")
        await world.settle()
        assert world.server.roles["theirs"] == "secret"
        assert world.server.log == []


@virtually
async def test_a_guest_takes_over_what_the_servers_owner_names() -> None:
    async with shared_world() as world:
        world.server.roles["theirs"] = "secret"
        await world.make(DATABASE_USER, "theirs", THERE)
        await world.settle()
        annotations = {ANNOTATION_ADOPTABLE: "database/theirs, role/theirs"}
        await world.user.patch(
            DATABASE_INSTANCE, Key("platform", "main"), {"metadata": {"annotations": annotations}}
        )  # fmt: skip
        await world.settle(quiet_seconds=120)
        assert await world.ready(DATABASE_USER, "theirs") == ("True", "Applied")


@virtually
async def test_never_means_that_no_annotation_helps() -> None:
    async with shared_world(adoption="Never") as world:
        world.server.roles["theirs"] = "secret"
        annotations = {ANNOTATION_ADOPTABLE: "theirs"}
        await world.user.patch(DATABASE_INSTANCE, Key("platform", "main"), {"metadata": {"annotations": annotations}})
        await world.make(DATABASE_USER, "theirs", THERE)
        await world.settle()
        assert await world.ready(DATABASE_USER, "theirs") == ("False", "AdoptionNotAllowed")


@virtually
async def test_an_administrator_is_not_taken_over_even_where_all_else_may_be() -> None:
    async with shared_world(adoption="Always") as world:
        world.server.roles |= {"boss": "", "clerk": "x"}
        for name in ("boss", "clerk"):
            await world.make(DATABASE_USER, name, THERE)
        await world.settle()
        assert await world.ready(DATABASE_USER, "boss") == ("False", "AdoptionNotAllowed")
        assert await world.ready(DATABASE_USER, "clerk") == ("True", "Applied")
        assert world.server.roles["boss"] == ""


@virtually
async def test_an_owner_that_belongs_to_others_is_refused() -> None:
    async with shared_world() as world:
        world.server.roles["theirs"] = "secret"
        await world.make(DATABASE, "shop", {**THERE, "owner": "theirs"})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "NotOwned")
        assert "shop" not in world.server.bases


@virtually
async def test_privileges_in_the_database_of_others_are_refused() -> None:
    async with shared_world() as world:
        world.server.bases["theirs"] = Base(ADMIN)
        await world.make(DATABASE_USER, "app", THERE)
        privileges = [{"on": "table", "database": "theirs", "schema": "sales", "privileges": ["SELECT"]}]
        await world.make(DATABASE, "theirs", {**THERE, "name": "theirs"})
        await world.make(DATABASE_GRANT, "app", {"userRef": {"name": "app"}, "databaseRef": {"name": "theirs"},
                                                 "privileges": privileges})  # fmt: skip
        await world.settle()
        assert (await world.ready(DATABASE_GRANT, "app"))[0] == "False"
        assert world.server.privileges == {}


@virtually
async def test_the_servers_own_namespace_takes_over_as_ever() -> None:
    async with simulated_world() as world:
        await world.connect()
        world.server.bases["old"] = Base(ADMIN)
        await world.make(DATABASE, "old", {"instanceRef": {"name": "main"}})
        await world.settle()
        assert await world.ready(DATABASE, "old") == ("True", "Applied")
        assert "taken" not in (await world.read(DATABASE, "old")).status


@virtually
async def test_what_a_crash_leaves_behind_is_still_the_guests_own() -> None:
    async with shared_world() as world:
        world.server.break_at, world.server.break_after_effect = 0, True
        await world.make(DATABASE, "shop", THERE)
        await world.settle(quiet_seconds=120)
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert world.server.log == ["CREATE BASE shop"]


@virtually
async def test_a_server_for_the_whole_cluster_has_only_guests() -> None:
    async with simulated_world() as world:
        world.server.roles["theirs"] = "secret"
        await world.make_secret("admin", {"username": ADMIN, "password": "admin"})
        connection = {"host": HOST, "port": PORT, "secretRef": {"name": "admin", "namespace": "default"}}
        body = {"apiVersion": "dbaas.io/v1", "kind": "ClusterDatabaseInstance", "metadata": {"name": "all"},
                "spec": {"engine": "basalt", "connection": connection}}  # fmt: skip
        await world.user.create(CLUSTER_DATABASE_INSTANCE, body)
        here = {"clusterInstanceRef": {"name": "all"}}
        await world.make(DATABASE, "shop", here)
        await world.make(DATABASE_USER, "theirs", {"instanceRef": {"kind": "ClusterDatabaseInstance", "name": "all"}})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "ReferenceNotAllowed")
        await world.user.patch(
            CLUSTER_DATABASE_INSTANCE, Key("", "all"), {"spec": {"allowedNamespaces": ["default"]}}
        )  # fmt: skip
        await world.settle(quiet_seconds=120)
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert await world.ready(DATABASE_USER, "theirs") == ("False", "AdoptionNotAllowed")
        await world.user.delete(CLUSTER_DATABASE_INSTANCE, Key("", "all"))
        await world.settle()
        assert "DependenciesExist" in str((await world.user.get(CLUSTER_DATABASE_INSTANCE, Key("", "all"))).status)
