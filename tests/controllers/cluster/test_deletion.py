"""How a cluster goes, and what holds it."""

from __future__ import annotations

import pytest

from controllers.cluster.conftest import CREDENTIALS, KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER, Key, Resource
from dbaas.contracts.client import Forbidden
from dbaas.contracts.reconcile import Waiting
from fixtures.registries import RUNNER

CHILD = Key("default", "main-0")


async def delete_until_gone(world: World) -> None:
    world.delete(DATABASE_CLUSTER)
    for _ in range(5):
        try:
            if (await world.reconcile()).gone:
                return
        except Waiting as error:
            assert error.reason == "Stopping"
    raise AssertionError("it never went")


async def test_by_default_the_servers_go_and_the_secret_stays_with_the_data(serving: World) -> None:
    password = serving.password()
    await delete_until_gone(serving)
    assert serving.get(DATABASE_CLUSTER) is None
    assert serving.get(DATABASE_INSTANCE) is None
    assert serving.get(RUNNER, CHILD) is None
    assert serving.password() == password


async def test_a_cluster_of_the_same_name_finds_the_secret_again(serving: World) -> None:
    password = serving.password()
    await delete_until_gone(serving)
    serving.declare()
    await serving.reconcile()
    assert serving.password() == password


async def test_with_delete_the_secret_goes_with_the_data(serving: World) -> None:
    serving.declare(deletionPolicy="Delete", deletionProtection=False)
    await serving.reconcile()
    await delete_until_gone(serving)
    assert serving.get(SECRET, CREDENTIALS) is None


async def test_the_last_word_on_the_data_reaches_the_children_before_they_go(serving: World) -> None:
    serving.declare(deletionPolicy="Delete", deletionProtection=False)
    await serving.reconcile()
    serving.client.objects[RUNNER.resource, CHILD]["metadata"]["finalizers"] = ["runner"]
    serving.declare(deletionPolicy="Retain")
    serving.delete(DATABASE_CLUSTER)
    for _ in range(2):
        with pytest.raises(Waiting):
            await serving.reconcile()
    child = serving.get(RUNNER, CHILD)
    assert child is not None and child.metadata.is_deleting and child.spec["data"] == "Retain"


async def test_nothing_that_has_ended_is_made_again_for_what_goes_after_it(serving: World) -> None:
    await serving.reconcile()
    child = serving.client.objects[RUNNER.resource, CHILD]
    later = Key("default", "main-account")
    serving.client.put(RUNNER, {**child, "metadata": {**child["metadata"], "name": later.name, "uid": "account"}})
    child["metadata"]["finalizers"] = [FINALIZER]
    serving.delete(DATABASE_CLUSTER)
    with pytest.raises(Waiting, match="are being stopped"):
        await serving.reconcile()
    serving.client.remove(RUNNER, CHILD)
    assert serving.get(RUNNER, later) is not None, "it goes when what may need it has ended"
    assert (await serving.reconcile()).gone
    assert (serving.get(RUNNER, CHILD), serving.get(RUNNER, later)) == (None, None)


async def test_protected_data_holds_the_deletion_and_says_what_to_do(serving: World) -> None:
    serving.declare(deletionPolicy="Delete")
    serving.delete(DATABASE_CLUSTER)
    with pytest.raises(Waiting, match="turn it off") as caught:
        await serving.reconcile()
    assert caught.value.reason == "DeletionProtected"
    assert "DeletionBlocked" in serving.told()
    assert serving.get(RUNNER, CHILD) is not None


async def test_what_lives_on_it_holds_the_deletion_by_name(serving: World) -> None:
    serving.client.put(DATABASE, {"metadata": {"name": "shop", "namespace": "default"}, "spec": {}})
    serving.delete(DATABASE_CLUSTER)
    with pytest.raises(Waiting, match="Database default/shop") as caught:
        await serving.reconcile()
    assert caught.value.reason == "DependenciesExist"
    waiting = {"type": "Ready", "status": "False", "reason": "DependenciesExist"}
    serving.client.objects[DATABASE_CLUSTER.resource, KEY]["status"]["conditions"] = [waiting]
    with pytest.raises(Waiting):
        await serving.reconcile()
    assert serving.told().count("DeletionBlocked") == 1, "it is said once, however often it is looked at"
    serving.client.remove(DATABASE, Key("default", "shop"))
    await delete_until_gone(serving)


async def test_in_a_namespace_that_goes_protected_data_is_kept_and_the_cluster_goes(serving: World) -> None:
    serving.declare(deletionPolicy="Delete")
    await serving.reconcile()
    serving.client.objects[NAMESPACE.resource, Key("", "default")]["metadata"]["deletionTimestamp"] = "now"
    await delete_until_gone(serving)
    assert "DataRetained" in serving.told()
    assert serving.get(DATABASE_CLUSTER, KEY) is None


async def refuse(*_: object) -> Resource:
    raise Forbidden("the volume cannot grow", code=403, reason="Forbidden")


async def test_a_child_that_cannot_be_as_wanted_does_not_hold_up_the_end_of_its_data(serving: World) -> None:
    serving.declare(deletionPolicy="Delete", deletionProtection=False)
    await serving.reconcile()
    serving.client.apply = refuse  # type: ignore[method-assign]
    await delete_until_gone(serving)
    assert serving.get(SECRET, CREDENTIALS) is None


async def test_children_that_cannot_be_told_to_keep_the_data_do_not_go(serving: World) -> None:
    serving.client.apply = refuse  # type: ignore[method-assign]
    serving.delete(DATABASE_CLUSTER)
    with pytest.raises(Forbidden):
        await serving.reconcile()
    assert serving.get(RUNNER, CHILD) is not None
