"""What a cluster does to operators: its API server stands still or dies, and its etcd is full."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from dbaas.api.core import CONFIG_MAP
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.cli.application import execute
from dbaas.contracts.client import ApiError
from dbaas.contracts.transport import TransportError
from fixtures.control_plane import running_control_plane
from fixtures.outages import Part, free_space
from fixtures.replicas import CLOCK, Installed, Replica, Replicas, installed

pytestmark = [pytest.mark.slow, pytest.mark.kube_apiserver, pytest.mark.timeout(300)]
QUOTA_BYTES = 32 * 2**20
SPEC = {"engine": "postgres", "connection": {"host": "127.0.0.1", "port": 1, "secretRef": {"name": "none"}}}


@pytest_asyncio.fixture
async def cluster(kube_assets: Path, tmp_path: Path) -> AsyncIterator[Installed]:
    """In a control plane of its own, which may be hurt."""
    with running_control_plane(kube_assets, tmp_path / "kube") as state:
        async with installed(state) as made:
            yield made


async def test_an_api_server_that_stands_still_costs_the_leader_and_the_next_one_goes_on(
    cluster: Installed, started: Replicas
) -> None:
    leader, standby = [await _start(started, cluster) for _ in range(2)]
    await _judge(cluster, "before")
    api = Part(cluster.state, "kube-apiserver")
    api.freeze()
    try:
        lost = await leader.says("lease_lost")
        assert "not renewed for 10 s" in lost["error"]
        assert await leader.ends() == 1
        await standby.says("lease_not_read")
        assert (await standby.ask("/livez"))[0] == 200
    finally:
        api.thaw()
    await standby.says("lease_gained")
    await _judge(cluster, "after")
    assert standby.process.returncode is None


async def test_an_api_server_that_dies_and_comes_back_is_outlived(cluster: Installed, started: Replicas) -> None:
    """By both where it is back within 10 s, else by the standby."""
    leader, standby = [await _start(started, cluster) for _ in range(2)]
    await _judge(cluster, "before")
    api = Part(cluster.state, "kube-apiserver")
    command = api.kill()
    interrupted = await standby.says("watch_interrupted", kind="databaseinstances.dbaas.io")
    assert interrupted["reason"] == "the stream broke: the connection was lost in the middle of an answer"
    api.start(command)
    await _judge(cluster, "after")
    assert standby.process.returncode is None
    assert leader.process.returncode is None or leader.said("lease_lost")


async def test_an_etcd_that_is_full_is_told_and_everything_goes_on_when_it_is_not(
    kube_assets: Path, tmp_path: Path, started: Replicas, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("ETCD_ARGS", f"--unsafe-no-fsync --quota-backend-bytes={QUOTA_BYTES}")
    with running_control_plane(kube_assets, tmp_path / "kube") as state:
        async with installed(state) as cluster:
            replica = await _start(started, cluster)
            await _judge(cluster, "before")
            names = await _fill(cluster)
            assert "database space exceeded" in (await replica.says("lease_not_renewed"))["error"]
            assert await replica.ends() == 1
            manifest = tmp_path / "late.yaml"
            manifest.write_text(f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: late, namespace: {cluster.work}}}")
            where = ("--kubeconfig", str(cluster.kubeconfig))
            assert await asyncio.to_thread(execute, ["apply", "-f", str(manifest), *where]) == 1
            said = capsys.readouterr().err
            assert f"cannot apply ConfigMap {cluster.work}/late: etcdserver: mvcc: database space exceeded" in said
            for name in names:
                await cluster.user.delete(CONFIG_MAP, Key(cluster.work, name))
            await free_space(Part(state, "etcd"))
            await _start(started, cluster)
            found = await cluster.user.get(DATABASE_INSTANCE, Key(cluster.work, "before"))
            assert found.status["conditions"]
            await _judge(cluster, "after")


async def _start(started: Replicas, cluster: Installed) -> Replica:
    """One that leads or stands by."""
    lease = cluster.asked.namespace
    replica = await started.start(cluster.kubeconfig, "--namespaces", cluster.work, "--lease-namespace", lease)
    await replica.says("ready")
    if not any(each.said("lease_gained") and each.process.returncode is None for each in started.started):
        await replica.says("lease_gained")
    return replica


async def _judge(cluster: Installed, name: str) -> None:
    """Somebody makes an object, however long the API takes to be there, and the operator says something about it."""
    metadata = {"name": name, "namespace": cluster.work}
    body = {"apiVersion": DATABASE_INSTANCE.api_version, "kind": "DatabaseInstance", "metadata": metadata, "spec": SPEC}
    async with asyncio.timeout(150):
        while True:
            try:
                found = await cluster.user.apply(DATABASE_INSTANCE, body)
            except (TransportError, ApiError):
                await CLOCK.sleep(0.2)
                continue
            if found.status.get("conditions"):
                break
            await CLOCK.sleep(0.1)


async def _fill(cluster: Installed) -> list[str]:
    """Until nothing can be written any more; what was."""
    names: list[str] = []
    text = base64.b64encode(os.urandom(600_000)).decode()
    while True:
        name = f"large-{len(names)}"
        metadata = {"name": name, "namespace": cluster.work}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"it": text}}
        try:
            await cluster.user.create(CONFIG_MAP, body)
        except ApiError as error:
            assert "database space exceeded" in str(error)
            return names
        names.append(name)
