"""A cluster on a real Kubernetes API, whose own controllers act on what we make: no node, so no pod runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import (
    CONFIG_MAP,
    ENDPOINTS,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    SECRET,
    SERVICE,
    STATEFUL_SET,
)
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.monitoring import MONITORING_CONFIG
from dbaas.api.resource import Kind, Resource
from dbaas.contracts.registry import find_registry
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.kube.verbs import RestClient, Writing
from fixtures.clustering import Running, running

pytestmark = pytest.mark.kube_apiserver
STORAGE_CLASS = Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
PERSISTENT_VOLUME = Kind("", "v1", "PersistentVolume", "persistentvolumes", namespaced=False)
CLAIM = "data-main-0"
CHILDREN = [
    (CONFIG_MAP, "main-settings"),
    *((SERVICE, f"main-{which}") for which in ("pods", "rw", "ro", "r")),
    (NETWORK_POLICY, "main"),
    (STATEFUL_SET, "main"),
    (PERSISTENT_VOLUME_CLAIM, CLAIM),
]
ALIKE = {"matchLabels": {"a": "b"}}
EVERYTHING: dict[str, Any] = {
    "profile": "dev",
    "storage": {"size": "1Gi", "storageClassName": "quick"},
    "config": [{"name": "work_mem", "value": "8MB"}],
    "monitoring": {"metrics": {"port": 9999}},
    "expose": {
        "type": "LoadBalancer", "port": 6543, "annotations": {"lb": "x"}, "externalDNS": "db.test",
        "loadBalancerSourceRanges": ["10.0.0.0/8"],
    },
    "podSchedulingPolicy": {
        "nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "db", "operator": "Exists"}],
        "topologySpreadConstraints": [{"topologyKey": "zone"}],
        "affinity": {
            "nodeAffinity": {
                "requiredDuringSchedulingIgnoredDuringExecution": {
                    "nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}]
                }
            },
            "podAntiAffinity": {
                "preferredDuringSchedulingIgnoredDuringExecution": [
                    {"weight": 1, "podAffinityTerm": {"topologyKey": "zone", "labelSelector": ALIKE}}
                ]
            },
        },
    },
    "hooks": {"postStart": {"httpGet": {"port": 80}}, "preStop": {"exec": {"command": ["true"]}}},
    "allowedNamespaces": ["team"],
}  # fmt: skip


async def test_a_cluster_gets_its_children_and_kubernetes_makes_its_pod(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare()
        for kind, name in CHILDREN:
            assert await run.find(kind, name) is not None, (kind, name)
        assert await run.find(SECRET, "main-credentials") is not None
        pod = await run.until(POD, "main-0", lambda found: found)
        assert pod is not None and pod.metadata.labels["dbaas.io/role"] == "primary"
        await run.until(DATABASE_CLUSTER, "main", lambda c: c and c.status.get("database"))
        cluster = await run.until(
            DATABASE_CLUSTER, "main", lambda c: c and c.status["conditions"][0]["reason"] == "Unschedulable"
        )
        assert cluster is not None and cluster.status["phase"] == "Provisioning"
        host = f"main-rw.{cluster.metadata.namespace}.svc.cluster.local"
        assert cluster.status["endpoint"] == f"{host}:5432"
        instance = await run.get(DATABASE_INSTANCE)
        assert instance.spec["connection"]["host"] == host


async def test_everything_that_can_be_asked_is_accepted_strictly_and_settles(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare(**EVERYTHING)
        strict = RestClient(run.plane.transport, Writing("strict", dry_run=True, validation="Strict"))
        cluster = read_cluster(await run.get(DATABASE_CLUSTER), find_registry("kubernetes"))
        for body in cluster.provider.children(cluster.resource, cluster.workload, cluster.server):
            (kind,) = [each for each in cluster.provider.kinds if each.kind == body["kind"]]
            await strict.apply(kind, body, force=True)
        pod = await run.until(POD, "main-0", lambda found: found)
        assert pod is not None
        assert [each["name"] for each in pod.spec["containers"]] == ["server", "exporter"]
        service = await run.get(SERVICE, "main-rw")
        assert (service.spec["type"], service.spec["ports"][0]["port"]) == ("LoadBalancer", 6543)
        run.counted.writes.clear()
        key = run.key("main")
        await run.user.patch(DATABASE_CLUSTER, key, {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}})
        await run.settle()
        assert [each for each in run.counted.writes if "/status" not in each] == []


async def configure(run: Running, **spec: Any) -> None:
    key = run.key("metrics")
    body = {
        "apiVersion": MONITORING_CONFIG.api_version, "kind": MONITORING_CONFIG.kind, "spec": spec,
        "metadata": {"name": key.name, "namespace": key.namespace},
    }  # fmt: skip
    await run.user.apply(MONITORING_CONFIG, body, force=True)
    await run.settle()


def monitored(cluster: Resource) -> list[tuple[str, str]]:
    return [(c["status"], c["reason"]) for c in cluster.status["conditions"] if c["type"] == "Monitored"]


async def test_what_an_agent_is_told_changes_while_the_pod_stays(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await configure(run, type="datadog", datadog={"tags": ["env:test"]})
        await run.declare(monitoring={"monitoringConfigRef": {"name": "metrics"}})
        before = await run.until(POD, "main-0", lambda found: found)
        assert before is not None
        told = (await run.get(SERVICE, "main-metrics")).metadata.annotations
        assert "env:test" in told["ad.datadoghq.com/endpoints.checks"]
        endpoints = await run.until(ENDPOINTS, "main-metrics", lambda found: found)
        assert endpoints is not None
        await configure(run, type="newrelic", newrelic={"tags": ["env:prod"]})
        service = await run.get(SERVICE, "main-metrics")
        assert service.metadata.annotations == {
            "newrelic.io/scrape": "true", "prometheus.io/scheme": "http", "prometheus.io/port": "9187",
            "prometheus.io/path": "/metrics",
        }  # fmt: skip
        assert service.metadata.labels["env"] == "prod"
        cluster = await run.get(DATABASE_CLUSTER)
        assert monitored(cluster) == [("True", "Monitored")]
        assert cluster.status["monitoring"]["endpoint"] == "https://one.newrelic.com"
        assert (await run.get(POD, "main-0")).metadata.uid == before.metadata.uid
        run.counted.writes.clear()
        await run.user.patch(
            DATABASE_CLUSTER, run.key("main"), {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}}
        )
        await run.settle()
        assert [each for each in run.counted.writes if "/status" not in each] == []
        await run.user.delete(MONITORING_CONFIG, run.key("metrics"))
        await run.until(SERVICE, "main-metrics", lambda found: found is None)
        await run.until(
            DATABASE_CLUSTER, "main", lambda c: c and monitored(c) == [("False", "MonitoringConfigNotFound")]
        )
        assert (await run.get(POD, "main-0")).metadata.uid == before.metadata.uid


async def test_a_client_of_pmm_is_taken_by_kubernetes_as_a_container_of_the_pod(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare(monitoring={"pmm": {"serverHost": "pmm.test", "serverUser": "admin"}})
        pod = await run.until(POD, "main-0", lambda found: found)
        assert pod is not None
        assert [each["name"] for each in pod.spec["containers"]] == ["server", "exporter", "pmm-client"]
        assert monitored(await run.get(DATABASE_CLUSTER)) == [("False", "CredentialsMissing")]


async def test_deleted_children_come_back_and_pods_are_made_again(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare()
        await run.until(POD, "main-0", lambda found: found)
        before = {}
        for kind, name in CHILDREN[:-1]:
            before[kind, name] = (await run.get(kind, name)).metadata.uid
            await run.user.delete(kind, run.key(name))
        for (kind, name), uid in before.items():
            await run.until(kind, name, lambda found, uid=uid: found and found.metadata.uid != uid)


async def test_stopping_takes_the_pod_and_starting_brings_it_back(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare()
        await run.until(POD, "main-0", lambda found: found)
        await run.declare(stopped=True)
        await run.until(POD, "main-0", lambda found: found is None)
        await run.until(DATABASE_CLUSTER, "main", lambda c: c and c.status["phase"] == "Stopped")
        await run.declare()
        await run.until(POD, "main-0", lambda found: found)


async def test_a_setting_that_needs_it_replaces_the_pod_and_another_does_not(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare()
        first = await run.until(POD, "main-0", lambda found: found)
        assert first is not None
        await run.declare(config=[{"name": "work_mem", "value": "9MB"}])
        config = await run.get(CONFIG_MAP, "main-settings")
        assert "work_mem = '9MB'" in config.body()["data"]["settings-reload.conf"]
        assert (await run.get(POD, "main-0")).metadata.uid == first.metadata.uid
        await run.declare(config=[{"name": "max_connections", "value": "42"}])
        await run.until(POD, "main-0", lambda found: found and found.metadata.uid != first.metadata.uid)


@pytest.mark.parametrize(("policy", "kept"), [("Retain", True), ("Delete", False)])
async def test_a_deleted_cluster_leaves_only_what_its_policy_keeps(
    managed_kube_state: Path, policy: str, kept: bool
) -> None:
    async with running(managed_kube_state) as run:
        await run.declare(deletionPolicy=policy, deletionProtection=False)
        await run.until(POD, "main-0", lambda found: found)
        await run.user.delete(DATABASE_CLUSTER, run.key("main"))
        await run.until(DATABASE_CLUSTER, "main", lambda found: found is None)
        for kind, name in [*CHILDREN[:-1], (POD, "main-0"), (DATABASE_INSTANCE, "main")]:
            await run.until(kind, name, lambda found: found is None)
        await run.settle()
        assert (await run.find(PERSISTENT_VOLUME_CLAIM, "data-main-0") is not None) is kept
        assert (await run.find(SECRET, "main-credentials") is not None) is kept


async def test_a_cluster_of_the_same_name_takes_over_the_volume_that_was_kept(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare()
        claim = await run.get(PERSISTENT_VOLUME_CLAIM, "data-main-0")
        await run.user.delete(DATABASE_CLUSTER, run.key("main"))
        await run.until(DATABASE_CLUSTER, "main", lambda found: found is None)
        await run.declare(deletionPolicy="Delete")
        again = await run.get(PERSISTENT_VOLUME_CLAIM, "data-main-0")
        assert again.metadata.uid == claim.metadata.uid
        assert again.metadata.owner is not None


async def test_what_belongs_to_somebody_else_is_never_overwritten(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        metadata = {"name": "main-rw", "namespace": run.key("").namespace}
        theirs = {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": [{"port": 1}]}}
        await run.user.create(SERVICE, theirs)
        await run.declare()
        cluster = await run.get(DATABASE_CLUSTER)
        assert {c["reason"] for c in cluster.status["conditions"] if c["type"] == "Ready"} == {"ChildNotOurs"}
        assert (await run.get(SERVICE, "main-rw")).spec["ports"][0]["port"] == 1


async def test_a_volume_that_cannot_grow_holds_up_nothing_else(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare(deletionPolicy="Delete", deletionProtection=False, storage={"size": "1Gi"})
        wanted = {"storage": {"size": "2Gi"}, "config": [{"name": "work_mem", "value": "9MB"}]}
        await run.user.patch(DATABASE_CLUSTER, run.key("main"), {"spec": wanted})
        await run.until(CONFIG_MAP, "main-settings", lambda found: found and b"9MB" in found.raw)
        await run.user.delete(DATABASE_CLUSTER, run.key("main"))
        await run.until(DATABASE_CLUSTER, "main", lambda found: found is None)


async def bind(run: Running, *, can_grow: bool) -> dict[str, Any]:
    """A cluster whose claim has a volume, as a driver of volumes would have made it; returns its storage."""
    name = run.key("volume").namespace  # nobody else's in this cluster
    storage_class = {
        "apiVersion": STORAGE_CLASS.api_version, "kind": "StorageClass", "metadata": {"name": name},
        "provisioner": "driver.test", "allowVolumeExpansion": can_grow,
    }  # fmt: skip
    await run.user.create(STORAGE_CLASS, storage_class)
    storage = {"size": "1Gi", "storageClassName": name}
    await run.declare(storage=storage)
    claim = {"namespace": run.key(CLAIM).namespace, "name": CLAIM}
    volume = {
        "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": name,
        "claimRef": claim, "csi": {"driver": "driver.test", "volumeHandle": name},
    }  # fmt: skip
    body = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": volume}
    await run.user.create(PERSISTENT_VOLUME, body)
    await run.until(PERSISTENT_VOLUME_CLAIM, CLAIM, lambda c: c and c.status.get("phase") == "Bound")
    return storage


async def serve(run: Running) -> None:
    """What a node and a server would do: the pod is ready, and the published server lets us in."""
    await run.until(POD, "main-0", lambda found: found)
    await run.until(DATABASE_INSTANCE, "main", lambda found: found)
    now = "2026-01-01T00:00:00Z"
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": now, "reason": "Connected", "message": ""}
    running = {"conditions": [ready], "phase": "Running"}
    await run.user.patch(POD, run.key("main-0"), {"status": running}, subresource="status")
    await run.user.patch(DATABASE_INSTANCE, run.key("main"), {"status": {"conditions": [ready]}}, subresource="status")
    await run.until(DATABASE_CLUSTER, "main", lambda c: c and c.status.get("phase") == "Ready")


def told(cluster: Resource | None) -> str:
    conditions = (cluster.status.get("conditions") or ()) if cluster is not None else ()
    return next((c["message"] for c in conditions if c["type"] == "Ready"), "")


async def tell_claim(run: Running, **status: Any) -> None:
    """As the driver and the node do while they make a volume larger."""
    await run.user.patch(PERSISTENT_VOLUME_CLAIM, run.key(CLAIM), {"status": status}, subresource="status")


async def test_a_volume_grows_while_the_cluster_serves_and_each_step_is_told(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        storage = await bind(run, can_grow=True)
        await serve(run)
        await run.user.patch(DATABASE_CLUSTER, run.key("main"), {"spec": {"storage": {**storage, "size": "2Gi"}}})
        await run.until(
            PERSISTENT_VOLUME_CLAIM, CLAIM, lambda c: c and c.spec["resources"]["requests"]["storage"] == "2Gi"
        )
        growing = "the cluster serves; main: its volume grows from 1Gi to 2Gi"
        cluster = await run.until(DATABASE_CLUSTER, "main", lambda c: told(c) == growing)
        assert cluster is not None and cluster.status["phase"] == "Updating"
        await tell_claim(run, conditions=[{"type": "FileSystemResizePending", "status": "True"}])
        await run.until(DATABASE_CLUSTER, "main", lambda c: told(c) == f"{growing}; its file system is still to follow")
        await tell_claim(run, conditions=[], capacity={"storage": "2Gi"})
        cluster = await run.until(DATABASE_CLUSTER, "main", lambda c: told(c) == "the cluster serves")
        assert cluster is not None and cluster.status["phase"] == "Ready"


async def test_a_volume_of_a_class_that_does_not_grow_is_refused_with_the_reason(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        storage = await bind(run, can_grow=False)
        await serve(run)
        key, wanted = run.key("main"), {**storage, "size": "2Gi"}
        await run.user.patch(DATABASE_CLUSTER, key, {"spec": {"storage": wanted}})
        cluster = await run.until(DATABASE_CLUSTER, "main", lambda c: c and c.status.get("phase") == "Failed")
        assert cluster is not None
        (ready,) = (c for c in cluster.status["conditions"] if c["type"] == "Ready")
        assert (ready["status"], ready["reason"]) == ("False", "VolumeCannotGrow")
        assert "the storageclass that provisions the pvc must support resize" in ready["message"]
        assert cluster.status["database"]["ready"], "it serves all the same"
        await run.user.patch(DATABASE_CLUSTER, key, {"spec": {"storage": storage}})
        await run.until(DATABASE_CLUSTER, "main", lambda c: c and c.status.get("phase") == "Ready")
