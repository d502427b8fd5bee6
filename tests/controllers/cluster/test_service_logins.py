"""The exporter's own login: made with the cluster, gone with the exporter, and no obstacle to the cluster's end."""

from __future__ import annotations

import pytest

from controllers.cluster.conftest import CREDENTIALS, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.resource import FINALIZER, Key
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.manifests.secrets import read_values
from fixtures.operating import virtually
from fixtures.registries import RUNNER
from simulation.world import simulated_world

LOGIN = Key("default", "main-exporter")
METRICS = {"monitoring": {"metrics": {"enabled": True}}}


async def test_its_user_and_its_secret_are_there_before_what_runs(world: World) -> None:
    world.declare(**METRICS)
    await world.reconcile()
    user, secret = world.get(DATABASE_USER, LOGIN), world.get(SECRET, LOGIN)
    assert user is not None and secret is not None and world.get(RUNNER, Key("default", "main-0")) is not None
    assert user.spec["username"] == "looker" and user.spec["instanceRef"] == {"name": "main"}
    assert user.spec["passwordSecret"]["secretName"] == "main-exporter" and user.spec["deletionPolicy"] == "Delete"
    owner = secret.metadata.owner
    assert owner is not None and owner.uid == user.metadata.uid, "the user's controller must take it for its own"
    values, administrator = read_values(secret), world.get(SECRET, CREDENTIALS)
    assert administrator is not None and len(values["password"].reveal()) == 32
    assert values["password"].reveal() != read_values(administrator)["password"].reveal()
    before = world.client.writes
    await world.reconcile()
    assert world.client.writes == before


async def test_a_lost_secret_comes_back_whether_or_not_the_server_runs(world: World) -> None:
    world.declare(**METRICS)
    await world.reconcile()
    world.client.remove(SECRET, LOGIN)
    await world.reconcile()
    assert world.get(SECRET, LOGIN) is not None


async def test_no_user_is_made_without_an_exporter_and_it_goes_with_it(world: World) -> None:
    world.declare(**METRICS)
    await world.reconcile()
    world.declare()
    await world.reconcile()
    assert world.get(DATABASE_USER, LOGIN) is None


async def test_a_user_of_that_name_that_is_somebody_elses_is_left_alone(world: World) -> None:
    world.client.put(
        DATABASE_USER, {"metadata": {"name": LOGIN.name, "namespace": "default"}, "spec": {"username": "a"}}
    )
    world.declare()
    await world.reconcile()
    world.declare(**METRICS)
    with pytest.raises(Refused, match="main-exporter exists and does not belong to this cluster"):
        await world.reconcile()
    found = world.get(DATABASE_USER, LOGIN)
    assert found is not None and found.spec == {"username": "a"}


async def test_a_deleted_cluster_lets_it_go_first_and_asks_the_server_nothing(world: World) -> None:
    world.declare(**METRICS)
    await world.reconcile()
    world.client.objects[DATABASE_USER.resource, LOGIN]["metadata"]["finalizers"] = [FINALIZER]
    world.delete(DATABASE_CLUSTER)
    for _ in range(2):
        with pytest.raises(Waiting, match="are being stopped"):
            await world.reconcile()
        user = world.get(DATABASE_USER, LOGIN)
        assert user is not None and user.metadata.is_deleting and user.spec["deletionPolicy"] == "Retain"
        assert world.get(RUNNER, Key("default", "main-0")) is not None
    world.client.remove(DATABASE_USER, LOGIN)
    for _ in range(3):
        try:
            if (await world.reconcile()).gone:
                return
        except Waiting:
            continue
    raise AssertionError("it never went")


@virtually
async def test_the_server_knows_the_user_by_the_password_that_was_there_first_until_metrics_are_turned_off() -> None:
    async with simulated_world() as world:
        world.server.password = ""  # the first that comes makes it
        spec = {"engine": {"type": "basalt", "version": "7"}, "clusterSize": 1, **METRICS}
        await world.make(DATABASE_CLUSTER, "main", spec)
        await world.settle()
        assert await world.ready(DATABASE_USER, "main-exporter") == ("True", "Applied")
        values = await world.read_secret("main-exporter")
        assert world.server.roles["looker"] == values["password"]
        assert (values["username"], values["port"]) == ("looker", "7000")
        await world.change(DATABASE_CLUSTER, "main", {"monitoring": None})
        await world.settle()
        assert "looker" not in world.server.roles and await world.look(SECRET, "main-exporter") is None
        await world.change(DATABASE_CLUSTER, "main", METRICS)
        await world.settle()
        assert "looker" in world.server.roles
        await world.delete(DATABASE_CLUSTER, "main")
        await world.settle()
        for kind in (DATABASE_CLUSTER, DATABASE_USER):
            assert await world.look(kind, "main" if kind == DATABASE_CLUSTER else "main-exporter") is None
