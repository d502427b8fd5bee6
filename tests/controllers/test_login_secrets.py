"""A Secret with an administrative login outlives its namespace's other objects, and nothing else."""

from __future__ import annotations

import pytest

from controllers.make import instance, make
from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.controllers.login_secrets import LOGIN_FINALIZER, LoginSecretController, LoginSecrets
from dbaas.controllers.servers import read_server
from dbaas.controllers.tokens import logs_in_by
from fixtures.clients import FakeClient
from fixtures.operating import virtually
from fixtures.registries import granite_registry
from simulation.world import World, simulated_world

ADMIN = Key("default", "admin")
HERE = {"instanceRef": {"name": "main"}}
DROP = {"deletionPolicy": "Delete", "deletionProtection": False}


def peek(client: FakeClient) -> Resource:
    found = client.peek(SECRET, ADMIN)
    assert found is not None
    return found


async def test_it_is_held_once_and_again_where_it_may_be_another() -> None:
    client = FakeClient()
    client.put_secret(ADMIN, {"username": "root"})
    secrets, server = LoginSecrets(client), read_server(instance(spec={"engine": "granite"}), granite_registry())
    await secrets.hold(server)
    assert peek(client).metadata.finalizers == [LOGIN_FINALIZER]
    client.remove(SECRET, ADMIN)
    client.put_secret(ADMIN, {"username": "root"})
    await secrets.hold(server)
    assert peek(client).metadata.finalizers == []
    secrets.forget(server.key)
    await secrets.hold(server)
    assert peek(client).metadata.finalizers == [LOGIN_FINALIZER]


@pytest.mark.parametrize(
    ("going", "used", "stays"), [(False, True, False), (True, False, False), (True, True, True)],
    ids=["somebody deleted it", "nobody needs it", "its namespace goes and an instance needs it"],
)  # fmt: skip
async def test_it_stays_only_for_an_instance_in_a_namespace_that_goes(going: bool, used: bool, stays: bool) -> None:
    client = FakeClient()
    client.provides[DATABASE_INSTANCE] = lambda each: [logs_in_by(ADMIN)] if used else []
    client.put(DATABASE_INSTANCE, instance().body())
    client.put(NAMESPACE, {"metadata": {"name": "default", "finalizers": ["kubernetes"]}})
    client.put(SECRET, make(SECRET, "admin", {}, finalizers=[LOGIN_FINALIZER]).body())
    if going:
        client.mark_deleted(NAMESPACE, Key("", "default"))
    controller = LoginSecretController(client)
    assert (await controller.reconcile(peek(client))).gone and client.peek(SECRET, ADMIN) is not None
    client.mark_deleted(SECRET, ADMIN)
    await controller.reconcile(peek(client))
    assert (client.peek(SECRET, ADMIN) is not None) == stays


async def run(world: World, *, restarts: bool) -> None:
    await world.make_namespace("team")
    await world.connect("main", "team")
    await world.make(DATABASE, "shop", {**HERE, **DROP}, "team")
    await world.settle()
    if restarts:
        await world.stop()
    await world.user.delete(NAMESPACE, Key("", "team"))
    if restarts:
        world.start()
    await world.settle()


@pytest.mark.parametrize("restarts", [False, True])
def test_what_shall_be_dropped_is_dropped_when_the_namespace_takes_the_login_away(restarts: bool) -> None:
    @virtually
    async def check() -> None:
        async with simulated_world() as world:
            await run(world, restarts=restarts)
            assert await world.find(NAMESPACE, Key("", "team")) is None
            assert "shop" not in world.server.bases

    check()


@virtually
async def test_a_secret_that_is_deleted_by_hand_goes_at_once() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        assert (await world.read(SECRET, "main-admin")).metadata.finalizers == [LOGIN_FINALIZER]
        await world.delete(SECRET, "main-admin")
        await world.settle()
        assert await world.find(SECRET, Key("default", "main-admin")) is None
        assert await world.ready(DATABASE_INSTANCE, "main") == ("False", "SecretNotFound")


@virtually
async def test_a_secret_that_no_instance_names_any_more_can_be_deleted() -> None:
    async with simulated_world() as world:
        await world.connect()
        await world.settle()
        await world.delete(DATABASE_INSTANCE, "main")
        await world.settle()
        await world.delete(SECRET, "main-admin")
        await world.settle()
        assert await world.find(SECRET, Key("default", "main-admin")) is None
