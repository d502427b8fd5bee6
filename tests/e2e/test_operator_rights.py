"""An operator with exactly the rights that are installed does all its work, and nothing that it asks for is refused."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET, STATEFUL_SET
from dbaas.api.database import DATABASE
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import CLUSTER_DATABASE_INSTANCE, DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import NotFound
from fixtures.postgres import TestServer
from fixtures.replicas import CLOCK, Installed, Replica, installed, replicas

pytestmark = [pytest.mark.slow, pytest.mark.kube_apiserver, pytest.mark.real_server]
HERE = {"instanceRef": {"name": "main"}}


@pytest.mark.parametrize("is_narrow", [True, False], ids=["namespaced", "cluster-wide"])
async def test_with_the_installed_rights_all_work_is_done_and_nothing_refused(
    operated_kube_state: Path, postgres_18: TestServer, prefix: str, tmp_path: Path, is_narrow: bool
) -> None:
    differently: dict[str, Any] = {} if is_narrow else {"namespaces": (), "labels": {"test": prefix}}
    async with installed(operated_kube_state, **differently) as cluster, replicas() as started:
        kubeconfig = await cluster.account_kubeconfig(tmp_path)
        where = ("--namespaces", cluster.work) if is_narrow else ("--selector", f"test={prefix}")
        replica = await started.start(kubeconfig, *where, "--webhook-address", "127.0.0.1:0")
        await replica.says("ready")
        objects = await _make_all(cluster, postgres_18, prefix)
        await _make_trio(cluster, prefix)
        for kind, name in objects:
            await _until_ready(cluster, kind, name)
        secret = await cluster.user.get(SECRET, Key(cluster.work, "app-credentials"))
        assert "password" in secret.body()["data"]
        for kind, name in reversed(objects):
            await cluster.user.delete(kind, _key(cluster, kind, name))
        await cluster.user.delete(DATABASE_CLUSTER, _key(cluster, DATABASE_CLUSTER, "trio"))
        for kind, name in [*reversed(objects), (DATABASE_CLUSTER, "trio")]:
            await _until_gone(cluster, kind, name)
        await cluster.user.delete(DATABASE_ENGINE, Key("", prefix))
        await _check_nothing_was_refused(replica)


async def _check_nothing_was_refused(replica: Replica) -> None:
    _, metrics = await replica.ask("/metrics")
    codes = set(re.findall(r'rest_client_requests_total\{[^}]*code="(\d+)"', metrics))
    assert {"200", "201"} <= codes
    assert "403" not in codes
    assert not [line for line in replica.lines if "orbidden" in str(line)]  # what renews certificates has no metrics


async def _make_trio(cluster: Installed, prefix: str) -> None:
    """Several that agree through the API have rights of their own there, which nobody can give who has them not."""
    labels = {"labels": dict(cluster.asked.labels)}
    entry = {
        "apiVersion": DATABASE_ENGINE.api_version, "kind": DATABASE_ENGINE.kind, "metadata": {"name": prefix, **labels},
        "spec": {
            "type": "postgres", "provider": "statefulset", "supportedVersions": ["18"],
            "images": [{"version": "18", "image": "registry.test/postgres:18"}],
        },
    }  # fmt: skip
    await cluster.user.create(DATABASE_ENGINE, entry)
    wanted = {
        "apiVersion": DATABASE_CLUSTER.api_version, "kind": DATABASE_CLUSTER.kind,
        "metadata": {"name": "trio", "namespace": cluster.work, **labels},
        "spec": {
            "engine": {"type": "postgres", "version": "18", "engineRef": {"name": prefix}}, "clusterSize": 3,
            "deletionProtection": False,
        },
    }  # fmt: skip
    await cluster.user.create(DATABASE_CLUSTER, wanted)
    async with asyncio.timeout(60):
        while True:
            try:
                await cluster.user.get(STATEFUL_SET, Key(cluster.work, "trio-3"))
                return
            except NotFound:
                await CLOCK.sleep(0.1)


async def _make_all(cluster: Installed, server: TestServer, prefix: str) -> list[tuple[Kind, str]]:
    """In the order in which they become ready."""
    address = server.address
    login = {"username": address.username, "password": address.password.reveal()}
    metadata = {"name": "admin", "namespace": cluster.work}
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": login}
    await cluster.user.create(SECRET, body)
    connection = {"host": address.host, "port": address.port, "secretRef": {"name": "admin"}}
    spec = {"engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"}}
    wide = {**spec, "connection": {**connection, "secretRef": {"name": "admin", "namespace": cluster.work}}}
    wanted: list[tuple[Kind, str, dict[str, Any]]] = [
        (DATABASE_INSTANCE, "main", spec),
        (CLUSTER_DATABASE_INSTANCE, prefix, wide),
        (DATABASE_ROLE, "readers", {**HERE, "roleName": f"{prefix}_readers", "deletionPolicy": "Delete"}),
        (DATABASE_USER, "app", {**HERE, "username": f"{prefix}_app"}),
        (DATABASE, "shop", {
            **HERE, "name": prefix, "deletionPolicy": "Delete", "deletionProtection": False,
            "owner": f"{prefix}_app", "initSQL": {"inline": ["CREATE TABLE t ()"]},
        }),
        (DATABASE_SCHEMA, "sales", {"databaseRef": {"name": "shop"}, "name": "sales", "deletionPolicy": "Delete"}),
        (DATABASE_GRANT, "connects", {
            "userRef": {"name": "app"},
            "privileges": [{"on": "database", "database": prefix, "privileges": ["CONNECT"]}],
        }),
    ]  # fmt: skip
    for kind, name, each in wanted:
        where = {"namespace": cluster.work} if kind.namespaced else {}
        labels = {"labels": dict(cluster.asked.labels)}
        described = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": {"name": name, **where, **labels}}
        await cluster.user.create(kind, {**described, "spec": each})
    return [(kind, name) for kind, name, _ in wanted]


def _key(cluster: Installed, kind: Kind, name: str) -> Key:
    return Key(cluster.work if kind.namespaced else "", name)


async def _until_ready(cluster: Installed, kind: Kind, name: str) -> None:
    said: list[Any] = []
    try:
        async with asyncio.timeout(60):
            while not [each for each in said if (each["type"], each["status"]) == ("Ready", "True")]:
                await CLOCK.sleep(0.1)
                said = (await cluster.user.get(kind, _key(cluster, kind, name))).status.get("conditions") or []
    except TimeoutError:
        pytest.fail(f"{kind} {name} is not ready: {said}")


async def _until_gone(cluster: Installed, kind: Kind, name: str) -> None:
    left: Any = None
    try:
        async with asyncio.timeout(60):
            while True:
                left = (await cluster.user.get(kind, _key(cluster, kind, name))).status
                await CLOCK.sleep(0.1)
    except NotFound:
        return
    except TimeoutError:
        pytest.fail(f"{kind} {name} is still there: {left}")
