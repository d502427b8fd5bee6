"""References: what is missing is named, what does not consent is refused, and both heal."""

from __future__ import annotations

import asyncio

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import ANNOTATION_PAUSED
from dbaas.api.schema import UNSEEN
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.resolution import BEING_MADE_SECONDS
from fixtures.operating import virtually
from simulation.world import grant_spec, simulated_world

HERE = {"instanceRef": {"name": "main"}}
THERE = {"instanceRef": {"name": "main", "namespace": "default"}}


@virtually
async def test_a_missing_server_is_named() -> None:
    async with simulated_world() as world:
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "InstanceNotFound")
        message = (await world.read(DATABASE, "shop")).status["message"]
        assert message == "DatabaseInstance default/main does not exist"


@virtually
async def test_a_missing_cluster_is_named_as_one() -> None:
    async with simulated_world() as world:
        await world.make(DATABASE, "shop", {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}})
        await world.settle()
        assert (await world.read(DATABASE, "shop")).status["message"] == "DatabaseCluster default/main does not exist"


@virtually
async def test_an_object_waits_for_its_server_and_goes_on_when_it_answers() -> None:
    async with simulated_world() as world:
        world.server.is_down = True
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "InstanceNotReady")
        world.server.is_down = False
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_a_grant_names_the_user_or_database_it_misses() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT"))
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "app") == ("False", "UserNotFound")
        await world.make(DATABASE_USER, "app", HERE)
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "app") == ("False", "DatabaseNotFound")
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "app") == ("True", "Applied")


@virtually
async def test_a_grant_waits_without_a_word_while_its_user_is_being_made() -> None:
    """Of thousands in one file each would be written twice more, for nobody."""
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        metadata = {"name": "app", "namespace": "default", "annotations": {ANNOTATION_PAUSED: "true"}}
        user = {"apiVersion": DATABASE_USER.api_version, "kind": DATABASE_USER.kind, "metadata": metadata, "spec": HERE}
        await world.user.create(DATABASE_USER, user)
        await world.make(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT"))
        await asyncio.sleep(BEING_MADE_SECONDS - 5)
        assert (await world.read(DATABASE_GRANT, "app")).status == {"observedGeneration": UNSEEN}
        await asyncio.sleep(15)
        assert await world.ready(DATABASE_GRANT, "app") == ("False", "UserNotReady")


@virtually
async def test_a_server_must_consent_to_other_namespaces() -> None:
    async with simulated_world() as world:
        await world.make_namespace("team")
        await world.connect()
        await world.make(DATABASE, "shop", THERE, "team")
        await world.settle()
        assert await world.ready(DATABASE, "shop", "team") == ("False", "ReferenceNotAllowed")
        assert world.server.log == []
        await world.change(DATABASE_INSTANCE, "main", {"allowedNamespaces": ["team"]})
        await asyncio.sleep(2)
        assert await world.ready(DATABASE, "shop", "team") == ("True", "Applied")


@virtually
async def test_a_user_must_consent_to_grants_from_other_namespaces() -> None:
    async with simulated_world() as world:
        await world.make_namespace("team")
        await world.make_shop()
        spec = grant_spec("app", "shop", "DELETE")
        spec["userRef"]["namespace"] = spec["databaseRef"]["namespace"] = "default"
        await world.make(DATABASE_GRANT, "more", spec, "team")
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "more", "team") == ("False", "ReferenceNotAllowed")
        await world.change(DATABASE_USER, "app", {"allowedNamespaces": ["*"]})
        await world.change(DATABASE, "shop", {"allowedNamespaces": ["team"]})
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "more", "team") == ("True", "Applied")


@virtually
async def test_a_database_on_another_server_is_no_target_for_a_grant() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        other = type(world.server)(identity="basalt-2")
        world.network.servers["other.test", 7000] = other
        await world.connect("second")
        await world.change(DATABASE_INSTANCE, "second", {"connection": {"host": "other.test"}})
        await world.make(DATABASE, "far", {"instanceRef": {"name": "second"}})
        await world.make(DATABASE_GRANT, "far", grant_spec("app", "far", "SELECT"))
        await world.settle()
        assert await world.ready(DATABASE_GRANT, "far") == ("False", "OtherServer")
