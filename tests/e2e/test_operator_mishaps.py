"""What people do to operators: rights taken away, reviews unanswered, two of them, none of them, a namespace gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.app.installing import FIELD_MANAGER, install, uninstall
from dbaas.contracts.client import NotFound
from dbaas.kube.verbs import RestClient, Writing
from dbaas.manifests.installation import build_installation
from fixtures.postgres import TestServer, log_in
from fixtures.replicas import CLOCK, Installed, Replica, Replicas, installed

pytestmark = [pytest.mark.slow, pytest.mark.kube_apiserver, pytest.mark.timeout(400)]
ROLE = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
PATIENCE_SECONDS = 120.0
LOOKS = 5


async def test_a_right_that_is_taken_away_is_told_by_name_and_work_goes_on_when_it_is_back(
    cluster: Installed, started: Replicas, tmp_path: Path
) -> None:
    replica = await _start(started, cluster, await cluster.account_kubeconfig(tmp_path))
    role = await cluster.user.get(ROLE, Key(cluster.work, cluster.asked.wide))
    fewer = [_without(rule, "secrets") for rule in role.body()["rules"]]
    await cluster.user.patch(ROLE, role.key, {"rules": [rule for rule in fewer if rule["resources"]]})
    await _make(cluster, DATABASE_INSTANCE, "main", _instance(1))
    told = 'cannot get resource "secrets" in API group "" in the namespace'
    await _until(cluster, DATABASE_INSTANCE, "main", lambda found: told in _message(found))
    assert (await replica.says("reconcile_failed", reason="Forbidden"))["object"] == f"{cluster.work}/main"
    await _install(cluster)
    await _until(cluster, DATABASE_INSTANCE, "main", lambda found: "Secret" in _message(found) != told)
    assert replica.process.returncode is None


async def test_what_nobody_could_review_is_stored_and_refused_where_it_stands(
    cluster: Installed, started: Replicas
) -> None:
    """The webhook's Service leads nowhere here."""
    await _start(started, cluster, cluster.kubeconfig)
    await _make(cluster, DATABASE_INSTANCE, "main", _instance(1))
    await _make(cluster, DATABASE_USER, "app", {"instanceRef": {"name": "main"}, "username": "pg_monitor"})
    told = "'pg_monitor' belongs to the server itself: choose another name"
    found = await _until(cluster, DATABASE_USER, "app", lambda found: told in _message(found))
    assert found.status["phase"] == "Failed"


@pytest.mark.real_server
async def test_two_operators_by_accident_come_to_rest_and_do_nothing_twice(
    cluster: Installed, started: Replicas, postgres_18: TestServer, prefix: str
) -> None:
    both = [
        await _start(started, cluster, cluster.kubeconfig, lease) for lease in (cluster.asked.namespace, cluster.work)
    ]
    for replica in both:
        await replica.says("lease_gained")
    await _make_shop(cluster, postgres_18, prefix)
    for kind, name in ((DATABASE, "shop"), (DATABASE_USER, "app")):
        await _until(cluster, kind, name, _is_ready)
    before, quiet = -1.0, 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while quiet < LOOKS:
            written = sum([await _count_writes(replica) for replica in both])
            before, quiet = written, quiet + 1 if written == before else 0
            await CLOCK.sleep(1.0)
    secret = (await cluster.user.get(SECRET, Key(cluster.work, "app-credentials"))).body()
    assert secret["metadata"]["ownerReferences"]
    await _until(cluster, DATABASE_USER, "app", _is_ready)


@pytest.mark.real_server
async def test_what_is_deleted_while_there_is_no_operator_goes_when_there_is_one_again(
    cluster: Installed, started: Replicas, postgres_18: TestServer, prefix: str
) -> None:
    first = await _start(started, cluster, cluster.kubeconfig)
    await _make_shop(cluster, postgres_18, prefix)
    await _until(cluster, DATABASE, "shop", _is_ready)
    await uninstall(_installer(cluster), cluster.asked.namespace, CLOCK, lambda line: None, timeout_seconds=0)
    first.process.terminate()
    assert await first.ends() == 0
    shop = await cluster.user.get(DATABASE, Key(cluster.work, "shop"))
    await cluster.user.delete(DATABASE, shop.key)
    assert (await cluster.user.get(DATABASE, shop.key)).metadata.is_deleting
    await _install(cluster)
    await _start(started, cluster, cluster.kubeconfig)
    await _until_gone(cluster, DATABASE, "shop")
    await _until(cluster, DATABASE_USER, "app", _is_ready)
    assert await _databases(postgres_18, prefix) == 1, "Retain is the usual policy"


@pytest.mark.real_server
async def test_a_namespace_goes_with_everything_in_it_and_what_is_retained_stays(
    managed_kube_state: Path, started: Replicas, postgres_18: TestServer, prefix: str
) -> None:
    async with installed(managed_kube_state, beside_worlds=True) as cluster:
        await _start(started, cluster, cluster.kubeconfig)
        await _make_shop(cluster, postgres_18, prefix)
        for kind, name in ((DATABASE, "shop"), (DATABASE_USER, "app")):
            await _until(cluster, kind, name, _is_ready)
        await cluster.user.delete(NAMESPACE, Key("", cluster.work))
        await _until_gone(cluster, NAMESPACE, cluster.work)
    assert await _databases(postgres_18, prefix) == 1
    async with await log_in(postgres_18.address) as connection:
        cursor = await connection.execute("SELECT count(*) FROM pg_roles WHERE rolname = %s", (f"{prefix}_app",))
        assert await cursor.fetchone() == (0,), "Delete is the usual policy of users, and was carried out"


async def _start(started: Replicas, cluster: Installed, kubeconfig: Path, lease: str = "") -> Replica:
    where = ("--namespaces", cluster.work, "--lease-namespace", lease or cluster.asked.namespace)
    replica = await started.start(kubeconfig, *where)
    await replica.says("ready")
    return replica


def _installer(cluster: Installed) -> RestClient:
    return RestClient(cluster.transport, Writing(FIELD_MANAGER, validation="Strict"))


async def _install(cluster: Installed) -> None:
    bodies = build_installation(cluster.asked)
    await install(_installer(cluster), bodies, cluster.asked.namespace, CLOCK, lambda line: None)


def _without(rule: dict[str, Any], resource: str) -> dict[str, Any]:
    return {**rule, "resources": [each for each in rule["resources"] if each != resource]}


def _instance(port: int) -> dict[str, Any]:
    connection = {"host": "127.0.0.1", "port": port, "secretRef": {"name": "admin"}}
    return {"engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"}}


async def _make_shop(cluster: Installed, server: TestServer, prefix: str) -> None:
    login = {"username": server.address.username, "password": server.address.password.reveal()}
    metadata = {"name": "admin", "namespace": cluster.work}
    await cluster.user.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": login})
    here = {"instanceRef": {"name": "main"}}
    await _make(cluster, DATABASE_INSTANCE, "main", _instance(server.port))
    await _make(cluster, DATABASE, "shop", {**here, "name": prefix})
    await _make(cluster, DATABASE_USER, "app", {**here, "username": f"{prefix}_app"})


async def _make(cluster: Installed, kind: Kind, name: str, spec: dict[str, Any]) -> None:
    metadata = {"name": name, "namespace": cluster.work}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    await cluster.user.create(kind, body)


def _message(found: Resource) -> str:
    return " ".join(each["message"] for each in found.status.get("conditions") or () if each["type"] == "Ready")


def _is_ready(found: Resource) -> bool:
    return any((c["type"], c["status"]) == ("Ready", "True") for c in found.status.get("conditions") or ())


async def _until(cluster: Installed, kind: Kind, name: str, holds: Callable[[Resource], bool]) -> Resource:
    found = None
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds(found := await cluster.user.get(kind, Key(cluster.work, name))):
                await CLOCK.sleep(0.2)
            return found
    except TimeoutError:
        pytest.fail(f"{kind} {name} never was so: {found and found.status}")


async def _until_gone(cluster: Installed, kind: Kind, name: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await cluster.user.get(kind, Key(cluster.work if kind.namespaced else "", name))
            except NotFound:
                return
            await CLOCK.sleep(0.2)


async def _count_writes(replica: Replica) -> float:
    """To objects; not the Lease's, which has a way of its own that nobody counts."""
    _, metrics = await replica.ask("/metrics")
    lines = (line.rpartition(" ") for line in metrics.splitlines() if line.startswith("rest_client_requests_total{"))
    return sum(float(count) for name, _, count in lines if 'method="GET"' not in name)


async def _databases(server: TestServer, name: str) -> int:
    async with await log_in(server.address) as connection:
        cursor = await connection.execute("SELECT count(*) FROM pg_database WHERE datname = %s", (name,))
        (count,) = await cursor.fetchone() or (0,)
        return int(count)
