"""What a cluster owns, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from controllers.cluster.conftest import KEY, World, agreeing_registry
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import LABEL_CLUSTER, LABEL_POOLER, Key, Kind, Resource, build_resource
from dbaas.contracts.pooling import PoolerFacts
from dbaas.contracts.provider import ClusterFacts, Disruption, InstanceFacts, ServerPart, Workload
from dbaas.contracts.reconcile import Refused
from dbaas.controllers.cluster.children import Children
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from dbaas.manifests.metadata import MANAGED_BY
from dbaas.manifests.peers import build_notes
from fixtures.registries import RUNNER, RunnerProvider, granite_registry

WITNESS = Kind("test.dbaas.io", "v1", "Witness", "witnesses")


def read(world: World) -> Cluster:
    resource = world.get(DATABASE_CLUSTER)
    assert resource is not None
    return read_cluster(resource, granite_registry())


async def test_nothing_is_published_before_there_is_an_endpoint(world: World) -> None:
    world.declare()
    assert await Children(world.client, world.clock).publish(read(world), ClusterFacts()) is None
    assert world.get(DATABASE_INSTANCE) is None


async def test_a_published_server_stays_while_its_endpoint_is_away(serving: World) -> None:
    assert await Children(serving.client, serving.clock).publish(read(serving), ClusterFacts()) is not None


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
    assert [child.key.name for child in await Children(serving.client, serving.clock).find(read(serving))] == ["main-0"]


async def test_the_published_server_goes_before_what_runs(serving: World) -> None:
    children = Children(serving.client, serving.clock)
    cluster = read(serving)
    assert not await children.remove(cluster)
    assert serving.get(DATABASE_INSTANCE) is None
    assert await children.find(cluster)
    assert await children.remove(cluster), "what goes at once is told to nobody later"
    assert not await children.find(cluster)


async def test_what_bears_a_childs_name_and_is_somebody_elses_is_not_touched(world: World) -> None:
    theirs = {"metadata": {"name": "main-0", "namespace": KEY.namespace}, "spec": {"data": "theirs"}}
    world.client.put(RUNNER, theirs)
    world.declare()
    with pytest.raises(Refused, match="rename or delete it") as caught:
        await world.reconcile()
    assert caught.value.reason == "ChildNotOurs"
    assert caught.value.requeue_after is not None  # nobody tells when it has gone
    found = world.get(RUNNER, Key(KEY.namespace, "main-0"))
    assert found is not None and found.spec == {"data": "theirs"}


async def test_what_an_earlier_cluster_of_that_name_left_behind_is_taken_over(world: World) -> None:
    labels = {LABEL_CLUSTER: KEY.name, MANAGED_BY: "dbaas"}
    world.client.put(RUNNER, {"metadata": {"name": "main-0", "namespace": KEY.namespace, "labels": labels}})
    world.declare()
    await world.reconcile()
    found = world.get(RUNNER, Key(KEY.namespace, "main-0"))
    assert found is not None and found.metadata.owner is not None


class Noting(RunnerProvider):
    """Applies what instances agree in as well."""

    kinds = (RUNNER, CONFIG_MAP)

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        notes = build_notes(cluster, workload, keeps_data=False)
        return [*super().children(cluster, workload, server), *notes]

    def disruption(self, running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
        return super().disruption(running, wanted) if running.kind == RUNNER else None


@pytest.mark.parametrize(
    ("declared", "labels", "is_ours"),
    [
        ("2025-12-31T23:59:59Z", {LABEL_CLUSTER: KEY.name}, True),
        ("2026-01-01T00:00:00Z", {LABEL_CLUSTER: KEY.name}, True),
        ("2026-01-01T00:00:01Z", {LABEL_CLUSTER: KEY.name}, False),
        ("2025-12-31T23:59:59Z", {LABEL_CLUSTER: "other"}, False),
        ("2025-12-31T23:59:59Z", {}, False),
    ],
    ids=["made anew", "in the same second", "before the cluster", "of another cluster", "of nobody"],
)
async def test_a_note_that_was_deleted_and_that_instances_have_made_anew_is_taken_over(
    world: World, declared: str, labels: dict[str, str], is_ours: bool
) -> None:
    world.declare(clusterSize=2)
    resource = world.get(DATABASE_CLUSTER)
    assert resource is not None
    body = resource.body()
    body["metadata"]["creationTimestamp"] = declared
    registry = replace(agreeing_registry(), providers={"runner": Noting()})
    cluster = read_cluster(build_resource(DATABASE_CLUSTER, body), registry)
    note = {"name": "main-leader", "namespace": KEY.namespace, "labels": labels}
    world.client.put(CONFIG_MAP, {"metadata": {**note, "annotations": {"leader": "main-0"}}})
    children = Children(world.client, world.clock)
    if not is_ours:
        with pytest.raises(Refused, match="ConfigMap default/main-leader exists and does not belong to this cluster"):
            await children.apply(cluster)
        return
    await children.apply(cluster)
    found = world.get(CONFIG_MAP, Key(KEY.namespace, "main-leader"))
    assert found is not None
    assert found.metadata.annotations["leader"] == "main-0"
    assert MANAGED_BY in found.metadata.labels
    assert found.body()["metadata"]["ownerReferences"][0]["uid"] == resource.metadata.uid


class Witnessed(RunnerProvider):
    """Tells what it was shown, and has witnesses."""

    witnesses = (WITNESS,)

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        shown = ",".join(sorted(child.key.name for child in children if child.kind == WITNESS))
        runs = any(child.status.get("ready") for child in children if child.kind == RUNNER)
        return ClusterFacts((InstanceFacts("main-0", runs, message=shown),))


async def test_witnesses_are_read_only_where_not_all_is_well(serving: World) -> None:
    for name, owner in (("mine", KEY.name), ("others", "other")):
        metadata = {"name": name, "namespace": KEY.namespace, "labels": {LABEL_CLUSTER: owner}}
        serving.client.put(WITNESS, {"metadata": metadata})
    children = Children(serving.client, serving.clock)
    cluster = replace(read(serving), provider=Witnessed())
    found = await children.find(cluster)
    assert (await children.observe(cluster, found)).instances[0].message == ""
    serving.show(RUNNER, Key(KEY.namespace, "main-0"), {"ready": False})
    found = await children.find(cluster)
    assert (await children.observe(cluster, found)).instances[0].message == "mine"


class Pooled(Witnessed):
    """Its pooler does not serve."""

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        return replace(super().observe(cluster, children), pooler=PoolerFacts(1, 0))


async def test_witnesses_of_a_pooler_are_read_where_it_does_not_serve(serving: World) -> None:
    for name, label in (("server", LABEL_CLUSTER), ("pooler", LABEL_POOLER)):
        serving.client.put(
            WITNESS, {"metadata": {"name": name, "namespace": KEY.namespace, "labels": {label: KEY.name}}}
        )
    children, cluster = Children(serving.client, serving.clock), replace(read(serving), provider=Pooled())
    facts = await children.observe(cluster, await children.find(cluster))
    assert facts.instances[0].message == "pooler"


@pytest.mark.parametrize("label", [LABEL_CLUSTER, LABEL_POOLER])
async def test_a_cluster_has_not_gone_before_its_witnesses_have(serving: World, label: str) -> None:
    metadata = {"name": "mine", "namespace": KEY.namespace, "labels": {label: KEY.name}}
    serving.client.put(WITNESS, {"metadata": metadata})
    children, cluster = Children(serving.client, serving.clock), replace(read(serving), provider=Witnessed())
    for _ in range(3):
        assert not await children.remove(cluster)
    serving.client.remove(WITNESS, Key(KEY.namespace, "mine"))
    assert await children.remove(cluster)
