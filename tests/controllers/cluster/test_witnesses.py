"""Witnesses are found by the label of their cluster."""

from __future__ import annotations

from dataclasses import replace

from controllers.cluster.conftest import KEY, World
from controllers.cluster.test_children import WITNESS, Witnessed, read
from dbaas.api.resource import LABEL_CLUSTER
from dbaas.controllers.cluster.witnesses import find_witnesses


async def test_those_of_other_clusters_and_namespaces_are_left_out(world: World) -> None:
    world.declare()
    for name, namespace, cluster in (
        ("a", KEY.namespace, KEY.name),
        ("b", "other", KEY.name),
        ("c", KEY.namespace, "x"),
    ):
        labels = {LABEL_CLUSTER: cluster}
        world.client.put(WITNESS, {"metadata": {"name": name, "namespace": namespace, "labels": labels}})
    found = await find_witnesses(world.client, replace(read(world), provider=Witnessed()))
    assert [each.key.name for each in found] == ["a"]
    assert not await find_witnesses(world.client, read(world))
