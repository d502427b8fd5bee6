"""Who took writes last is remembered, and a cluster made anew does not begin with less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from controllers.cluster.conftest import KEY, World, agreeing_registry
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import LABEL_CLUSTER, Key, Resource
from dbaas.contracts.provider import ClusterFacts, InstanceFacts
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.keepsakes import ANNOTATION_PRIMARY, Keepsakes, require_latest_data
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from dbaas.manifests.metadata import MANAGED_BY

LEADER = Key(KEY.namespace, "main-leader")
SEVERAL = ClusterFacts((InstanceFacts("main-0", True, role="replica"), InstanceFacts("main-1", True)))
ONE = ClusterFacts((InstanceFacts("main-0", True),))


def cluster(world: World, size: int) -> Cluster:
    world.declare(clusterSize=size)
    resource = world.get(DATABASE_CLUSTER)
    assert resource is not None
    return read_cluster(resource, agreeing_registry())


def put_note(world: World, name: str, annotations: Mapping[str, str] | None = None, **more: Any) -> None:
    labels = {LABEL_CLUSTER: KEY.name, MANAGED_BY: "dbaas"}
    metadata = {"name": name, "namespace": KEY.namespace, "labels": labels, "annotations": dict(annotations or {})}
    world.client.put(CONFIG_MAP, {"metadata": {**metadata, **more}})


async def children(world: World) -> Sequence[Resource]:
    return await world.client.list(CONFIG_MAP)


async def note(world: World, facts: ClusterFacts) -> str:
    await Keepsakes(world.client).note_primary(cluster(world, 2), facts, await children(world))
    found = world.get(CONFIG_MAP, LEADER)
    return found.metadata.annotations.get(ANNOTATION_PRIMARY, "") if found is not None else ""


async def test_who_takes_writes_is_noted_once_and_stays_when_nobody_does(world: World) -> None:
    assert await note(world, SEVERAL) == ""
    put_note(world, "main-leader", {"leader": "main-1"})
    assert await note(world, SEVERAL) == "main-1"
    writes = world.client.writes
    assert await note(world, SEVERAL) == "main-1"
    nobody = ClusterFacts(tuple(replace(one, role="") for one in SEVERAL.instances))
    assert await note(world, nobody) == "main-1"
    assert await note(world, ONE) == "main-1"
    assert world.client.writes == writes


@pytest.mark.parametrize(("size", "is_refused"), [(1, True), (2, False)])
async def test_a_cluster_made_anew_needs_the_data_of_who_took_writes_last(
    world: World, size: int, is_refused: bool
) -> None:
    put_note(world, "main-leader", {ANNOTATION_PRIMARY: "main-1"})
    found = await children(world)
    if not is_refused:
        require_latest_data(cluster(world, size), ClusterFacts(), found)
        return
    with pytest.raises(Refused, match=r"only main-1, .* ask for clusterSize 2") as caught:
        require_latest_data(cluster(world, size), ClusterFacts(), found)
    assert caught.value.reason == "DataOfReplica"
    require_latest_data(cluster(world, size), ONE, found)


async def test_without_kept_notes_nothing_is_refused(world: World) -> None:
    require_latest_data(cluster(world, 1), ClusterFacts(), [])
    put_note(world, "main-leader")
    require_latest_data(cluster(world, 1), ClusterFacts(), await children(world))


async def test_the_notes_go_when_a_single_instance_serves_and_nothing_else_does(world: World) -> None:
    one, keepsakes = cluster(world, 1), Keepsakes(world.client)
    put_note(world, "main-leader")
    put_note(world, "main-sync", ownerReferences=[_owner(one, controller=False)])
    put_note(world, "main-other")
    world.client.put(CONFIG_MAP, {"metadata": {"name": "main-theirs", "namespace": KEY.namespace}})
    starting = ClusterFacts((replace(ONE.instances[0], is_ready=False),))
    for each, facts in ((one, starting), (one, SEVERAL), (cluster(world, 2), ONE)):
        await keepsakes.forget(each, facts, await children(world))
        assert len(await children(world)) == 4
    await keepsakes.forget(one, ONE, await children(world))
    assert [each.key.name for each in await children(world)] == ["main-other", "main-theirs"]


async def test_a_note_of_somebody_else_is_left_alone(world: World) -> None:
    one = cluster(world, 1)
    theirs = {**_owner(one, controller=False), "uid": "another"}
    put_note(world, "main-leader", ownerReferences=[theirs])
    await Keepsakes(world.client).forget(one, ONE, await children(world))
    assert len(await children(world)) == 1


def _owner(cluster: Cluster, *, controller: bool) -> dict[str, Any]:
    kind = DATABASE_CLUSTER
    name, uid = cluster.key.name, cluster.resource.metadata.uid
    return {"apiVersion": kind.api_version, "kind": kind.kind, "name": name, "uid": uid, "controller": controller}
