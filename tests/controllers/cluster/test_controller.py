"""From a DatabaseCluster to servers that run, and its status on the way."""

from __future__ import annotations

import pytest

from controllers.cluster.conftest import CREDENTIALS, KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER, Key
from dbaas.contracts.reconcile import Refused, Waiting, token_of
from fixtures.registries import RUNNER


async def test_a_new_cluster_is_held_and_gets_a_secret_its_children_and_a_published_server(world: World) -> None:
    world.declare()
    outcome = await world.reconcile()
    cluster, instance = world.get(DATABASE_CLUSTER), world.get(DATABASE_INSTANCE)
    assert cluster is not None and FINALIZER in cluster.metadata.finalizers
    assert world.get(SECRET, CREDENTIALS) is not None
    assert world.get(RUNNER, Key("default", "main-0")) is not None
    assert instance is not None and instance.spec["connection"]["port"] == 4711
    assert (outcome.phase, outcome.conditions[0].status) == ("Provisioning", "False")


async def test_it_is_ready_only_when_our_login_to_its_server_is_proven(world: World) -> None:
    world.declare()
    await world.reconcile()
    world.serve()
    assert (await world.reconcile()).conditions[0].status == "False"
    world.connect()
    outcome = await world.reconcile()
    assert outcome.conditions[0].status == "True"
    assert outcome.status["endpoint"] == "127.0.0.1:4711"
    assert outcome.status["currentVersion"] == "2.3"
    assert outcome.status["database"]["primaryInstance"] == "main-0"


async def test_a_settled_cluster_writes_nothing_more(serving: World) -> None:
    before = serving.client.writes
    await serving.reconcile()
    assert serving.client.writes == before


async def test_an_instance_that_fails_is_healed_and_told_so(serving: World) -> None:
    serving.show(RUNNER, Key("default", "main-0"), {"ready": False, "message": "it crashed"})
    outcome = await serving.reconcile()
    assert outcome.phase == "Healing"
    assert "it crashed" in outcome.message
    assert "Healing" in serving.told()


async def test_while_instances_come_the_cluster_is_scaling(serving: World) -> None:
    serving.declare(clusterSize=2)
    assert (await serving.reconcile()).phase == "Scaling"


async def test_a_child_that_is_no_longer_wanted_goes(serving: World) -> None:
    serving.declare(clusterSize=2)
    await serving.reconcile()
    serving.declare(clusterSize=1)
    await serving.reconcile()
    assert serving.get(RUNNER, Key("default", "main-1")) is None


async def test_a_deleted_child_comes_back(serving: World) -> None:
    serving.client.remove(RUNNER, Key("default", "main-0"))
    await serving.reconcile()
    assert serving.get(RUNNER, Key("default", "main-0")) is not None


async def test_a_stopped_cluster_says_so(serving: World) -> None:
    serving.declare(stopped=True)
    serving.show(RUNNER, Key("default", "main-0"), {"ready": False})
    outcome = await serving.reconcile()
    assert (outcome.phase, outcome.conditions[0].reason) == ("Stopped", "Stopped")


async def test_missing_programs_are_waited_for_with_what_to_install(world: World) -> None:
    world.declare(engine={"type": "granite", "version": "1"})
    with pytest.raises(Waiting, match="carve it") as caught:
        await world.reconcile()
    assert caught.value.reason == "NotProvided"


async def test_an_engine_that_cannot_be_run_is_refused(world: World) -> None:
    world.declare(engine={"type": "slate", "version": "1"})
    with pytest.raises(Refused, match="there are: granite"):
        await world.reconcile()


async def test_a_server_of_that_name_that_is_not_ours_is_left_alone(world: World) -> None:
    world.client.put(DATABASE_INSTANCE, {"metadata": {"name": "main", "namespace": "default"}, "spec": {}})
    world.declare()
    with pytest.raises(Refused) as caught:
        await world.reconcile()
    assert caught.value.reason == "InstanceNotOurs"


async def test_an_entry_that_is_named_is_waited_for_and_one_that_is_not_need_not_be_there(world: World) -> None:
    world.declare(engine={"type": "granite", "version": "2", "engineRef": {"name": "hard"}})
    with pytest.raises(Waiting, match="no DatabaseEngine 'hard'") as caught:
        await world.reconcile()
    assert caught.value.reason == "EngineNotFound"
    entry = {"type": "granite", "provider": "runner", "supportedVersions": ["2"]}
    world.client.put(DATABASE_ENGINE, {"metadata": {"name": "hard"}, "spec": entry})
    assert (await world.reconcile()).phase == "Provisioning"


async def test_the_entry_of_the_engines_own_name_counts_by_default(world: World) -> None:
    entry = {"type": "granite", "provider": "boat", "supportedVersions": ["2"]}
    world.client.put(DATABASE_ENGINE, {"metadata": {"name": "granite"}, "spec": entry})
    world.declare(engine={"type": "Rock", "version": "2"})
    with pytest.raises(Refused, match="'boat'"):
        await world.reconcile()


async def test_a_server_of_that_name_that_is_somebody_elses_holds_it_up_until_it_has_gone(world: World) -> None:
    world.client.put(DATABASE_INSTANCE, {"metadata": {"name": "main", "namespace": "default"}, "spec": {}})
    world.declare()
    with pytest.raises(Refused, match="does not belong to this cluster") as caught:
        await world.reconcile()
    assert caught.value.reason == "InstanceNotOurs"
    cluster = world.get(DATABASE_CLUSTER)
    assert cluster is not None
    assert token_of(DATABASE_INSTANCE, KEY) in set(world.referred(cluster))
    world.client.remove(DATABASE_INSTANCE, KEY)
    await world.reconcile()
    assert world.get(DATABASE_INSTANCE) is not None
