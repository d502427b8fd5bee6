"""Three instances on a real Kubernetes API: no node runs their pods, so a test says what they would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import (
    CONFIG_MAP,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    POD_DISRUPTION_BUDGET,
    ROLE,
    ROLE_BINDING,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.resource import Resource
from dbaas.contracts.registry import find_registry
from dbaas.contracts.transport import Request
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.kube.verbs import RestClient, Writing
from fixtures.clustering import Running, running

pytestmark = pytest.mark.kube_apiserver
ACCESS_REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
INSTANCES = ("main", "main-2", "main-3")
NOTES = ("main-config", "main-leader", "main-sync", "main-failover")
ENTRY = {
    "type": "postgres", "provider": "statefulset", "supportedVersions": ["18"],
    "images": [{"version": "18", "image": "registry.test/postgres-with-patroni:18"}],
}  # fmt: skip


async def declare_three(run: Running, **spec: Any) -> None:
    """By an entry of its own, that names an image with all that several need."""
    name = run.key("").namespace  # nobody else's in this cluster
    body = {"apiVersion": DATABASE_ENGINE.api_version, "kind": DATABASE_ENGINE.kind, "metadata": {"name": name}}
    await run.user.apply(DATABASE_ENGINE, {**body, "spec": ENTRY}, force=True)
    engine = {"type": "postgres", "version": "18", "engineRef": {"name": name}}
    await run.declare(engine=engine, clusterSize=3, **spec)


async def act(run: Running, *, primary: str) -> None:
    """What nodes and Patroni would do: all serve, one of them has the lock."""
    for instance in INSTANCES:
        pod = f"{instance}-0"
        await run.until(POD, pod, lambda found: found)
        role = "primary" if pod == primary else "replica"
        said = {"metadata": {"labels": {"dbaas.io/role": role}, "annotations": {"status": "{}"}}}
        await run.user.patch(POD, run.key(pod), said)
        ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
        await run.user.patch(
            POD, run.key(pod), {"status": {"conditions": [ready], "phase": "Running"}}, subresource="status"
        )
    await run.user.patch(CONFIG_MAP, run.key("main-leader"), {"metadata": {"annotations": {"leader": primary}}})


def roles(cluster: Resource | None) -> dict[str, str]:
    found: dict[str, str] = (cluster.status.get("database") or {}).get("roles") or {} if cluster is not None else {}
    return found


async def test_three_get_their_children_and_what_they_agree_on_is_told_at_once(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await declare_three(run, topology={"synchronous": {"mode": "quorum"}})
        strict = RestClient(run.plane.transport, Writing("strict", dry_run=True, validation="Strict"))
        told = read_cluster(await run.get(DATABASE_CLUSTER), find_registry("kubernetes"), ENTRY)
        for body in told.provider.children(told.resource, told.workload, told.server):
            (kind,) = [each for each in told.provider.kinds if each.kind == body["kind"]]
            assert await run.find(kind, body["metadata"]["name"]) is not None, body["metadata"]["name"]
            await strict.apply(kind, body, force=True)
        await act(run, primary="main-2-0")
        expected = {"main": "replica", "main-2": "primary", "main-3": "replica"}
        cluster = await run.until(DATABASE_CLUSTER, "main", lambda c: roles(c) == expected)
        assert cluster is not None
        assert cluster.status["database"]["endpoints"]["replica"].startswith("main-ro.")
        for pod, role in (("main-2-0", "replica"), ("main-3-0", "primary")):
            await run.user.patch(POD, run.key(pod), {"metadata": {"labels": {"dbaas.io/role": role}}})
        leads = {"metadata": {"annotations": {"leader": "main-3-0"}}}
        await run.user.patch(CONFIG_MAP, run.key("main-leader"), leads)
        expected = {"main": "replica", "main-2": "replica", "main-3": "primary"}
        await run.until(DATABASE_CLUSTER, "main", lambda c: roles(c) == expected)


ALLOWED = (
    ("list", "pods", ""), ("watch", "configmaps", ""), ("create", "configmaps", ""), ("patch", "pods", "main-2-0"),
    ("patch", "configmaps", "main-leader"), ("get", "configmaps", "main-sync"),
)  # fmt: skip
FORBIDDEN = (
    ("patch", "pods", "other-0"), ("delete", "pods", "main-0"), ("create", "pods", ""), ("list", "secrets", ""),
    ("patch", "configmaps", "main-files"), ("get", "secrets", "main-credentials"), ("patch", "endpoints", "main"),
)  # fmt: skip


async def may(run: Running, verb: str, resource: str, name: str) -> bool:
    namespace = run.key("").namespace
    asked = {"namespace": namespace, "verb": verb, "resource": resource, **({"name": name} if name else {})}
    spec = {"user": f"system:serviceaccount:{namespace}:main-members", "resourceAttributes": asked}
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
    request = Request("POST", ACCESS_REVIEWS, {}, {"content-type": "application/json"}, json.dumps(body).encode())
    return bool(json.loads((await run.plane.transport.request(request)).body)["status"]["allowed"])


async def test_members_may_do_what_they_must_and_no_more(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await declare_three(run)
        await run.until(ROLE_BINDING, "main-members", lambda found: found)
        clock = run.plane.sources.clock
        while not await may(run, *ALLOWED[0]):  # the authorizer follows a watch of its own
            await clock.sleep(0.1)
        assert [each for each in ALLOWED if not await may(run, *each)] == []
        assert [each for each in FORBIDDEN if await may(run, *each)] == []


async def test_one_becomes_three_with_its_volume_and_nothing_waits_for_a_window(managed_kube_state: Path) -> None:
    window = {"windows": [{"dayOfWeek": 0, "startTime": "03:00", "duration": "1m"}]}
    async with running(managed_kube_state) as run:
        await run.declare(maintenance=window)
        before = await run.until(POD, "main-0", lambda found: found)
        claim = await run.get(PERSISTENT_VOLUME_CLAIM, "data-main-0")
        assert before is not None
        await declare_three(run, maintenance=window)
        await run.until(POD, "main-0", lambda found: found and found.metadata.uid != before.metadata.uid)
        note = await run.get(CONFIG_MAP, "main-config")
        assert "data" not in note.body() and "config" in note.metadata.annotations
        assert (await run.get(PERSISTENT_VOLUME_CLAIM, "data-main-0")).metadata.uid == claim.metadata.uid


async def test_three_become_one_as_it_would_have_been_made_at_once(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await run.declare()
        alone = await run.until(STATEFUL_SET, "main", lambda found: found)
        assert alone is not None
        await declare_three(run)
        await act(run, primary="main-0")
        await run.until(DATABASE_CLUSTER, "main", lambda c: roles(c).get("main") == "primary")
        await run.declare()
        again = await run.until(STATEFUL_SET, "main", lambda s: s and "serviceAccountName" not in pod_of(s))
        assert again is not None and pod_of(again) == pod_of(alone)
        await run.until(ROLE, "main-members", lambda found: found is None)
        await make_ready(run, "main-0", again)
        for note in NOTES:  # an upgrade gives the data another identity than that which they have agreed on
            await run.until(CONFIG_MAP, note, lambda found: found is None)


async def make_ready(run: Running, pod: str, runs: Resource) -> None:
    """The pod of that StatefulSet, when it is the newest."""
    account = pod_of(runs).get("serviceAccountName")
    await run.until(POD, pod, lambda found: found and found.spec.get("serviceAccountName") == account)
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    status = {"status": {"conditions": [ready], "phase": "Running"}}
    await run.user.patch(POD, run.key(pod), status, subresource="status")


async def test_the_last_of_three_is_not_started_anew_while_another_might_take_over(managed_kube_state: Path) -> None:
    async with running(managed_kube_state) as run:
        await declare_three(run)
        await act(run, primary="main-0")
        await run.until(DATABASE_CLUSTER, "main", lambda c: roles(c).get("main") == "primary")
        held = {"metadata": {"finalizers": ["shop.test/runs-on"]}}
        await run.user.patch(POD, run.key("main-2-0"), held)
        await run.declare()
        await run.until(POD, "main-2-0", lambda pod: pod and pod.metadata.is_deleting)
        await run.until(STATEFUL_SET, "main-2", lambda found: found is None)
        await run.settle()
        assert pod_of(await run.get(STATEFUL_SET, "main"))["serviceAccountName"] == "main-members"
        await run.user.patch(POD, run.key("main-2-0"), {"metadata": {"finalizers": None}})
        await run.until(STATEFUL_SET, "main", lambda s: s and "serviceAccountName" not in pod_of(s))


def pod_of(stateful_set: Resource) -> dict[str, Any]:
    spec: dict[str, Any] = stateful_set.spec["template"]["spec"]
    return spec


@pytest.mark.parametrize(("policy", "kept"), [("Retain", True), ("Delete", False)])
async def test_what_three_have_agreed_on_is_kept_with_their_data(
    managed_kube_state: Path, policy: str, kept: bool
) -> None:
    async with running(managed_kube_state) as run:
        await declare_three(run, deletionPolicy=policy, deletionProtection=False)
        for instance in INSTANCES:
            await run.until(POD, f"{instance}-0", lambda found: found)
        await run.user.delete(DATABASE_CLUSTER, run.key("main"))
        await run.until(DATABASE_CLUSTER, "main", lambda found: found is None)
        gone = [(ROLE, "main-members"), (SERVICE_ACCOUNT, "main-members"), (POD_DISRUPTION_BUDGET, "main")]
        gone += [] if kept else [*((CONFIG_MAP, n) for n in NOTES), (PERSISTENT_VOLUME_CLAIM, "data-main-2-0")]
        for kind, name in gone:
            await run.until(kind, name, lambda found: found is None)
        for note in NOTES if kept else ():
            assert await run.find(CONFIG_MAP, note) is not None
