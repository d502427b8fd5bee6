"""A pooler on a real Kubernetes API, whose own controllers make its pods, in a namespace for restricted ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import (
    CONFIG_MAP,
    DEPLOYMENT,
    NAMESPACE,
    NETWORK_POLICY,
    POD,
    POD_DISRUPTION_BUDGET,
    SECRET,
    SERVICE,
)
from dbaas.api.resource import LABEL_CLUSTER, LABEL_POOLER, Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.registry import find_registry
from dbaas.contracts.rest import Selection
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.kube.verbs import RestClient, Writing
from fixtures.clustering import Running, running

pytestmark = pytest.mark.kube_apiserver
CHILDREN: tuple[tuple[Kind, str], ...] = (
    (CONFIG_MAP, "main-pooler-settings"), (SERVICE, "main-pooler"), (NETWORK_POLICY, "main-pooler"),
    (POD_DISRUPTION_BUDGET, "main-pooler"), (DEPLOYMENT, "main-pooler"),
)  # fmt: skip
ASKED = {"enabled": True, "replicas": 2, "resources": {"limits": {"memory": "99Mi"}}}
POLICY = {"nodeSelector": {"disk": "fast"}, "topologySpreadConstraints": [{"topologyKey": "zone"}]}


def pooled(cluster: Resource | None) -> str:
    conditions = (cluster.status.get("conditions") or ()) if cluster is not None else ()
    return next((c["message"] for c in conditions if c["type"] == "Pooled"), "")


async def find_pods(run: Running, label: str) -> list[Resource]:
    return [*await run.user.list(POD, Selection(run.key("").namespace, f"{label}=main"))]


async def test_a_pooler_is_made_explained_left_alone_healed_changed_and_removed(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        namespace = run.key("").namespace
        restricted = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
        await run.user.patch(NAMESPACE, Key("", namespace), restricted)
        await run.declare(proxy=ASKED, podSchedulingPolicy=POLICY)
        strict = RestClient(run.plane.transport, Writing("strict", dry_run=True, validation="Strict"))
        told = read_cluster(await run.get(DATABASE_CLUSTER), find_registry("kubernetes"))
        kinds = {kind.kind: kind for kind in told.provider.kinds}
        for body in told.provider.children(told.resource, told.workload, told.server):
            await strict.apply(kinds[body["kind"]], body, force=True)
        for kind, name in (*CHILDREN, (SECRET, "main-pooler"), (DATABASE_USER, "main-pooler")):
            assert await run.find(kind, name) is not None, (kind, name)
        cluster = await run.until(DATABASE_CLUSTER, "main", lambda c: "no node" in pooled(c) or "0/" in pooled(c))
        assert cluster is not None and len(await find_pods(run, LABEL_POOLER)) == 2
        assert [pod.metadata.name for pod in await find_pods(run, LABEL_CLUSTER)] == ["main-0"]
        assert cluster.status["proxy"] == {
            "ready": False, "replicas": 2, "readyReplicas": 0,
            "endpoint": f"main-pooler.{namespace}.svc.cluster.local:6432",
        }  # fmt: skip
        run.counted.writes.clear()
        again = {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}}
        await run.user.patch(DATABASE_CLUSTER, run.key("main"), again)
        await run.settle()
        assert [each for each in run.counted.writes if "/status" not in each] == []
        before = {kind: (await run.get(kind, name)).metadata.uid for kind, name in CHILDREN}
        for kind, name in CHILDREN:
            await run.user.delete(kind, run.key(name))
        for kind, name in CHILDREN:
            await run.until(kind, name, lambda c, old=before[kind]: c and c.metadata.uid != old)
        await run.declare(proxy={**ASKED, "replicas": 1})
        await run.until(DEPLOYMENT, "main-pooler", lambda c: c and c.spec["replicas"] == 1)
        assert await run.find(POD_DISRUPTION_BUDGET, "main-pooler") is None
        await run.declare()
        for kind, name in (*CHILDREN, (DATABASE_USER, "main-pooler")):
            await run.until(kind, name, lambda c: c is None or c.metadata.is_deleting)
        cluster = await run.until(DATABASE_CLUSTER, "main", lambda c: c and not pooled(c))
        assert cluster is not None and "proxy" not in cluster.status
