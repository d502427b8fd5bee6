"""Plans: what would happen is said before it happens, and nothing happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Kind
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.managed.overlay import Overlay
from dbaas.controllers.managed.planning import ObjectPlan, plan_objects
from fixtures.operating import virtually
from simulation.engine import ADMIN
from simulation.world import World, grant_spec, simulated_world

HERE = {"instanceRef": {"name": "main"}}
ON_CLUSTER = {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}}


def body(kind: Kind, name: str, spec: Mapping[str, Any]) -> tuple[Kind, dict[str, Any]]:
    metadata = {"name": name, "namespace": "default"}
    return kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": dict(spec)}


async def plan(world: World, *bodies: tuple[Kind, dict[str, Any]]) -> Sequence[ObjectPlan]:
    assert world.operator is not None
    written, sent = len(world.faults.writes), len(world.server.log)
    plans = await plan_objects(world.operator.manager.client, world.operator.lanes, world.registry, bodies)
    assert (len(world.faults.writes), len(world.server.log)) == (written, sent)
    return plans


def texts(planned: ObjectPlan) -> list[str]:
    return [str(statement.sql) for statement in planned.statements]


@virtually
async def test_new_objects_show_all_their_statements() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        plans = await plan(
            world,
            body(DATABASE_USER, "app", HERE),
            body(DATABASE, "shop", {**HERE, "owner": "app", "basalt": {"schemas": ["sales"]}}),
            body(DATABASE_GRANT, "app", grant_spec("app", "shop", "SELECT")),
        )
        assert [one.action for one in plans] == ["create"] * 3
        assert [texts(one) for one in plans] == [
            ["CREATE ROLE app"],
            ["CREATE BASE shop", "CREATE SCHEMA sales"],
            ["GRANT table shop.sales SELECT TO app"],
        ]
        assert plans[0].notes == ("Secret default/app-credentials will be made",)
        assert plans[1].notes == ("database 'shop' does not exist yet: what a new one holds is not known",)


@virtually
async def test_what_is_as_it_should_be_shows_nothing() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        live = await world.read(DATABASE_GRANT, "app")
        plans = await plan(world, (DATABASE_GRANT, live.body()))
        assert (plans[0].action, plans[0].changes, plans[0].notes) == ("unchanged", (), ())


@virtually
async def test_a_change_shows_the_field_and_the_statement() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        changed = (await world.read(DATABASE_GRANT, "app")).body()
        changed["spec"]["privileges"][0]["privileges"] = ["INSERT"]
        [planned] = await plan(world, (DATABASE_GRANT, changed))
        assert planned.action == "update"
        assert [field.path for field in planned.fields] == ["spec.privileges"]
        assert texts(planned) == ["GRANT table shop.sales INSERT TO app", "REVOKE table shop.sales SELECT FROM app"]


@virtually
async def test_what_another_grant_wants_is_not_planned_to_be_revoked() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        changed = (await world.read(DATABASE_GRANT, "app")).body()
        changed["spec"]["privileges"][0]["privileges"] = ["INSERT"]
        plans = await plan(
            world, (DATABASE_GRANT, changed), body(DATABASE_GRANT, "more", grant_spec("app", "shop", "SELECT"))
        )
        assert [texts(one) for one in plans] == [["GRANT table shop.sales INSERT TO app"], []]


@virtually
async def test_a_server_that_does_not_exist_yet_is_planned_as_an_empty_one() -> None:
    async with simulated_world() as world:
        cluster = {"engine": {"type": "basalt", "version": "7"}, "clusterSize": 1}
        plans = await plan(
            world, body(DATABASE_CLUSTER, "main", cluster), body(DATABASE, "shop", {**ON_CLUSTER, "owner": "app"})
        )
        assert texts(plans[1]) == ["CREATE BASE shop"]
        assert plans[1].notes == (
            "the server default/main does not exist yet: this is what a new one would get",
            "role 'app' must exist first, and nothing planned here makes it",
        )


@virtually
async def test_what_comes_with_every_server_need_not_be_made_on_a_new_one() -> None:
    async with simulated_world() as world:
        cluster = {"engine": {"type": "basalt", "version": "7"}, "clusterSize": 1}
        owned = {**ON_CLUSTER, "owner": ADMIN}
        plans = await plan(world, body(DATABASE_CLUSTER, "main", cluster), body(DATABASE, "shop", owned))
        assert plans[1].notes == ("the server default/main does not exist yet: this is what a new one would get",)


@virtually
async def test_a_server_that_is_nowhere_is_said() -> None:
    async with simulated_world() as world:
        [planned] = await plan(world, body(DATABASE, "shop", HERE))
        assert planned.changes == ()
        assert planned.notes == (
            "what it does on its server is not known yet: DatabaseInstance default/main does not exist",
        )


@virtually
async def test_a_server_that_does_not_answer_is_said() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        world.server.is_down = True
        [planned] = await plan(world, body(DATABASE, "shop", HERE))
        assert planned.changes == ()
        assert "connection re" in planned.notes[0]


@virtually
async def test_a_thing_that_is_managed_already_is_said() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        [planned] = await plan(world, body(DATABASE, "copy", {**HERE, "name": "shop"}))
        assert planned.notes == (
            "it will not be applied: database 'shop' is managed by Database default/shop, which is older",
        )


@virtually
async def test_drift_is_left_and_shown() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        world.server.privileges["app"].clear()
        live = await world.read(DATABASE_GRANT, "app")
        [planned] = await plan(world, (DATABASE_GRANT, live.body()))
        assert (planned.action, planned.changes) == ("unchanged", ())
        assert [change.field for change in planned.left] == ["privileges[table shop.sales SELECT]"]


@virtually
async def test_an_overlay_cannot_be_written_through() -> None:
    async with simulated_world() as world:
        assert world.operator is not None
        overlay = Overlay(world.operator.manager.client, ())
        with pytest.raises(AssertionError, match="a plan writes nothing"):
            await overlay.create(DATABASE, {})


@virtually
async def test_a_schema_that_another_object_stands_for_is_neither_made_nor_dropped() -> None:
    async with simulated_world() as world:
        await world.make_shop()
        await world.settle()
        schema = body(DATABASE_SCHEMA, "sales", {"databaseRef": {"name": "shop"}, "owner": "app"})
        [late] = await plan(world, schema)
        assert late.changes == ()
        assert late.notes == (
            "it will not be applied: 'sales' in database 'shop' is managed by Database default/shop, which is older",
        )
        left = (await world.read(DATABASE, "shop")).body()
        left["spec"]["basalt"]["schemas"] = []
        assert texts((await plan(world, (DATABASE, left)))[0]) == ["DROP SCHEMA sales"]
        assert texts((await plan(world, (DATABASE, left), schema))[0]) == []


@virtually
async def test_where_no_dns_knows_services_their_names_are_looked_up() -> None:
    async with simulated_world() as world:
        connection = {"host": "db.shop.svc.cluster.local", "port": 5432, "secretRef": {"name": "admin"}}
        bodies = [
            body(DATABASE_INSTANCE, "main", {"engine": "basalt", "connection": connection}),
            body(DATABASE, "shop", HERE),
        ]
        assert world.operator is not None
        client, lanes = world.operator.manager.client, world.operator.lanes
        notes = [
            (await plan_objects(client, lanes, world.registry, bodies, no_dns=no_dns))[1].notes
            for no_dns in (True, False)
        ]
        assert "the server is called db.shop.svc.cluster.local, and there is no Service shop/db" in notes[0][0]
        assert "Service" not in notes[1][0]
