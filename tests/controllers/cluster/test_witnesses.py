"""Witnesses are found by the label of their cluster."""

from __future__ import annotations

from dataclasses import replace

from controllers.cluster.conftest import KEY, World
from controllers.cluster.test_children import WITNESS, Witnessed, read
from dbaas.api.resource import LABEL_CLUSTER, LABEL_POOLER
from dbaas.controllers.cluster.witnesses import find_pooler_witnesses, find_witnesses


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


async def test_those_of_its_pooler_are_found_apart_from_those_of_its_servers(world: World) -> None:
    world.declare()
    for name, label in (("server", LABEL_CLUSTER), ("pooler", LABEL_POOLER)):
        labels = {label: KEY.name}
        world.client.put(WITNESS, {"metadata": {"name": name, "namespace": KEY.namespace, "labels": labels}})
    cluster = replace(read(world), provider=Witnessed())
    assert [each.key.name for each in await find_witnesses(world.client, cluster)] == ["server"]
    assert [each.key.name for each in await find_pooler_witnesses(world.client, cluster)] == ["pooler"]
