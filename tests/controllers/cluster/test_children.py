"""What a cluster owns, and what it leaves alone."""

from __future__ import annotations

from controllers.cluster.conftest import KEY, World
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import LABEL_CLUSTER
from dbaas.contracts.provider import ClusterFacts
from dbaas.controllers.cluster.children import Children
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from fixtures.registries import RUNNER, granite_registry


def read(world: World) -> Cluster:
    resource = world.get(DATABASE_CLUSTER)
    assert resource is not None
    return read_cluster(resource, granite_registry())


async def test_nothing_is_published_before_there_is_an_endpoint(world: World) -> None:
    world.declare()
    assert await Children(world.client).publish(read(world), ClusterFacts()) is None
    assert world.get(DATABASE_INSTANCE) is None


async def test_a_published_server_stays_while_its_endpoint_is_away(serving: World) -> None:
    assert await Children(serving.client).publish(read(serving), ClusterFacts()) is not None


async def test_the_published_server_follows_the_spec(serving: World) -> None:
    serving.declare(maxConnections=9, allowedNamespaces=["team"], driftPolicy={"mode": "correct"})
    await serving.reconcile()
    instance = serving.get(DATABASE_INSTANCE)
    assert instance is not None
    assert instance.spec["maxConnections"] == 9
    assert instance.spec["allowedNamespaces"] == ["team"]
    assert instance.spec["driftPolicy"]["mode"] == "correct"


async def test_what_the_cluster_says_of_its_server_is_handed_on_and_the_rest_is_left_to_others(serving: World) -> None:
    serving.declare(resourceTracking={"enabled": True}, tenancy={"adoption": "Never"})
    await serving.reconcile()
    instance = serving.get(DATABASE_INSTANCE)
    assert instance is not None
    assert instance.spec["resourceTracking"]["enabled"] is True
    assert instance.spec["tenancy"]["adoption"] == "Never"
    assert "discovery" not in instance.spec


async def test_who_may_use_the_server_is_left_to_others_where_the_cluster_says_nothing(serving: World) -> None:
    await serving.reconcile()
    instance = serving.get(DATABASE_INSTANCE)
    assert instance is not None
    assert "allowedNamespaces" not in instance.spec, "an empty set owns nothing, and would be applied for ever"


async def test_an_object_that_only_wears_our_label_is_not_ours(serving: World) -> None:
    stranger = {"metadata": {"name": "stranger", "namespace": KEY.namespace, "labels": {LABEL_CLUSTER: KEY.name}}}
    serving.client.put(RUNNER, stranger)
    assert [child.key.name for child in await Children(serving.client).find(read(serving))] == ["main-0"]


async def test_the_published_server_goes_before_what_runs(serving: World) -> None:
    children = Children(serving.client)
    cluster = read(serving)
    assert not await children.remove(cluster)
    assert serving.get(DATABASE_INSTANCE) is None
    assert await children.find(cluster)
    assert not await children.remove(cluster)
    assert await children.remove(cluster)
