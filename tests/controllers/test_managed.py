"""The generic algorithm on a whole control plane with a simulated server: what settles, and what is written."""

from __future__ import annotations

import asyncio

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER
from dbaas.api.user import DATABASE_USER
from fixtures.operating import virtually
from simulation.world import grant_spec, simulated_world

HERE = {"instanceRef": {"name": "main"}}


@virtually
async def test_all_objects_become_ready_whatever_comes_first() -> None:
    async with simulated_world() as world:
        await world.make(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT"))
        await world.make(DATABASE, "shop", {**HERE, "owner": "owner", "basalt": {"schemas": ["sales"]}})
        await world.make(DATABASE_USER, "app", {**HERE, "databaseRef": {"name": "shop"}})
        await world.make(DATABASE_USER, "owner", HERE)
        await world.connect()
        await world.settle()
        for kind, name in ((DATABASE, "shop"), (DATABASE_USER, "app"), (DATABASE_GRANT, "app")):
            assert await world.ready(kind, name) == ("True", "Applied")
        assert world.server.privileges == {"app": {"table shop.sales SELECT"}}
        assert world.server.bases["shop"].schemas == {"sales": "root"}


@virtually
async def test_all_is_ready_without_waiting_for_timers() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await asyncio.sleep(2)
        assert await world.ready(DATABASE_GRANT, "app") == ("True", "Applied")


@virtually
async def test_each_statement_is_sent_once() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        assert sorted(world.server.log) == sorted(set(world.server.log))
        assert len(world.server.log) == 5


@virtually
async def test_settled_objects_write_nothing_more() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await asyncio.sleep(60)  # the end of the first full drift pass is told once
        written = len(world.faults.writes)
        await asyncio.sleep(400)
        assert [request.path for request in world.faults.writes[written:]] == []


@virtually
async def test_a_restart_writes_nothing_and_sends_nothing() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        written, sent = len(world.faults.writes), len(world.server.log)
        await world.stop()
        world.start()
        await asyncio.sleep(300)
        assert [(request.path, request.body) for request in world.faults.writes[written:]] == []
        assert world.server.log[sent:] == []


@virtually
async def test_the_finalizer_is_there_before_the_first_statement() -> None:
    async with simulated_world() as world:
        world.server.refusals["CREATE BASE"] = "disk is full"
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        await asyncio.sleep(5)
        assert FINALIZER in (await world.read(DATABASE, "shop")).metadata.finalizers
        assert await world.ready(DATABASE, "shop") == ("False", "PermissionDenied")


@virtually
async def test_a_refused_statement_is_told_and_tried_again() -> None:
    async with simulated_world() as world:
        world.server.refusals["CREATE BASE"] = "disk is full"
        await world.connect()
        await world.make(DATABASE, "shop", HERE)
        await asyncio.sleep(20)
        message = (await world.read(DATABASE, "shop")).status["message"]
        assert message == "cannot apply database 'shop' on 'default/main': disk is full"
        assert "CreateFailed" in await world.events("shop")
        world.server.refusals.clear()
        await asyncio.sleep(300)  # the longest pause
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")


@virtually
async def test_what_exists_is_adopted_without_a_statement() -> None:
    async with simulated_world() as world:
        await world.connect()
        world.server.bases["shop"] = type(world.server.bases["system"])("somebody")
        await world.make(DATABASE, "shop", HERE)
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("True", "Applied")
        assert world.server.log == []
        assert (await world.read(DATABASE, "shop")).status["database"] == {"name": "shop", "owner": "somebody"}


@virtually
async def test_what_leaves_the_list_is_revoked() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT", "INSERT"))
        await world.settle()
        await world.change(DATABASE_GRANT, "app", grant_spec("app", "shop", "INSERT"))
        await world.settle()
        assert world.server.privileges == {"app": {"table shop.sales INSERT"}}
        assert (await world.read(DATABASE_GRANT, "app")).status["entries"] == 1


@virtually
async def test_a_schema_that_leaves_the_manifest_is_dropped() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        await world.change(DATABASE, "shop", {"basalt": {"schemas": []}})
        await world.settle()
        assert world.server.bases["shop"].schemas == {}
        assert "owned" not in (await world.read(DATABASE, "shop")).status


@virtually
async def test_what_cannot_be_changed_in_place_is_reported() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, "basalt": {"locale": "C"}})
        await world.settle()
        await world.change(DATABASE, "shop", {"basalt": {"locale": "de"}})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "ImmutableDrift")
        drift = (await world.read(DATABASE, "shop")).status["drift"]
        assert drift["diffs"] == [
            {"field": "basalt.locale", "expected": "de", "actual": "C", "destructive": False, "immutable": True}
        ]


@virtually
async def test_a_missing_owner_is_waited_for_by_name() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, "owner": "owner"})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "DependencyMissing")
        assert (await world.read(DATABASE, "shop")).status["message"] == "role 'owner' must exist first"
        assert (await world.read(DATABASE, "shop")).metadata.finalizers == []


@virtually
async def test_an_object_that_the_rules_refuse_does_nothing() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.make(DATABASE, "shop", {**HERE, "deletionPolicy": "Snapshot"})
        await world.settle()
        assert await world.ready(DATABASE, "shop") == ("False", "InvalidSpec")
        assert world.server.log == []


@virtually
async def test_many_objects_are_few_questions() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        asked = len(world.server.questions)
        for number in range(60):
            await world.make(DATABASE_USER, f"user-{number}", HERE)
        await asyncio.sleep(5)
        assert len(world.server.roles) == 60
        assert len(world.server.questions) - asked < 60


@virtually
async def test_what_the_engine_will_not_manage_is_refused_and_disturbs_nobody() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.make(DATABASE_USER, "admin", {**HERE, "username": "root"})
        await asyncio.sleep(90)
        assert await world.ready(DATABASE_USER, "admin") == ("False", "PermissionDenied")
        assert await world.ready(DATABASE_INSTANCE, "main") == ("True", "Connected")
        assert (await world.read(DATABASE_USER, "admin")).metadata.finalizers == []


@virtually
async def test_one_object_that_an_engine_comes_to_refuse_does_not_stop_the_pass_over_its_server() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.change(DATABASE_GRANT, "app", {"driftPolicy": {"mode": "correct"}})
        await world.settle()
        world.server.forbidden.add("owner")
        world.server.privileges["app"].clear()
        await asyncio.sleep(90)
        assert world.server.privileges["app"] == {"table shop.sales SELECT"}
        assert await world.ready(DATABASE_USER, "owner") == ("False", "PermissionDenied")
        await world.delete(DATABASE, "shop")
        await world.delete(DATABASE_USER, "owner")
        await world.delete(DATABASE_GRANT, "app")
        await world.settle()
        assert "Retained" in await world.events("owner")
