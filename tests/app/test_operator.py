"""Tests of `app.operator` and `dbaas operator`, by real processes against a real kube-apiserver where that matters."""

from __future__ import annotations

import asyncio
import signal
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from dbaas.api.core import SECRET, VALIDATING_WEBHOOK_CONFIGURATION
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key
from dbaas.api.schema import UNSEEN
from dbaas.kube.verbs import RestClient
from fixtures.control_plane import running_control_plane
from fixtures.proxy import open_proxy
from fixtures.replicas import CLOCK, Installed, Replica, Replicas, installed

pytestmark = [pytest.mark.slow, pytest.mark.kube_apiserver]


async def _until_ready(replica: Replica) -> None:
    await replica.says("ready")
    assert await replica.ask("/readyz") == (200, "ok")


def _where(cluster: Installed) -> tuple[str, ...]:
    return ("--namespaces", cluster.work, "--lease-namespace", cluster.asked.namespace)


async def test_replicas_stand_by_for_each_other_and_hand_over(cluster: Installed, started: Replicas) -> None:
    first = await started.start(cluster.kubeconfig, *_where(cluster))
    await first.says("lease_gained")
    second = await started.start(cluster.kubeconfig, *_where(cluster))
    await _until_ready(first)
    await _until_ready(second)
    for replica in (first, second):
        assert (await replica.says("caches_set_aside"))["objects"] > 100_000, "with what was loaded before it"
    assert 'leader_election_master_status{name="dbaas-operator"} 0.0' in (await second.ask("/metrics"))[1]
    first.send(signal.SIGTERM)
    assert await first.ends() == 0
    left = CLOCK.monotonic()
    await second.says("lease_gained")
    assert CLOCK.monotonic() - left < 2  # a standby looks every 2 to 4.4 s, as client-go's do, and is told besides
    assert second.process.returncode is None


async def test_a_replica_that_stood_still_too_long_ends_with_an_error(cluster: Installed, started: Replicas) -> None:
    first = await started.start(cluster.kubeconfig, *_where(cluster))
    await first.says("lease_gained")
    second = await started.start(cluster.kubeconfig, *_where(cluster))
    await _until_ready(second)
    first.send(signal.SIGSTOP)
    await second.says("lease_gained")
    first.send(signal.SIGCONT)
    # The fuse first tells where each thread was, and reading frames that move may fault: ended it has either way.
    assert await first.ends() in (1, -signal.SIGSEGV)


async def test_a_second_signal_ends_it_at_once(cluster: Installed, started: Replicas) -> None:
    async with open_proxy("127.0.0.1", int(_server(cluster).rpartition(":")[2])) as proxy:
        kubeconfig = cluster.state.parent / f"{cluster.asked.namespace}-proxied"
        kubeconfig.write_text(
            cluster.kubeconfig.read_text().replace(_server(cluster), f"https://127.0.0.1:{proxy.port}")
        )
        replica = await started.start(kubeconfig, *_where(cluster))
        await replica.says("lease_gained")
        await _until_ready(replica)
        proxy.hang()  # the lease cannot be given back
        replica.send(signal.SIGTERM)
        await CLOCK.sleep(0.2)
        replica.send(signal.SIGTERM)
        assert await replica.ends() == -signal.SIGTERM


async def test_an_api_that_is_away_is_waited_for_and_told_of_once(cluster: Installed, started: Replicas) -> None:
    async with open_proxy("127.0.0.1", int(_server(cluster).rpartition(":")[2])) as proxy:
        proxy.cut()
        kubeconfig = cluster.state.parent / f"{cluster.asked.namespace}-proxied"
        kubeconfig.write_text(
            cluster.kubeconfig.read_text().replace(_server(cluster), f"https://127.0.0.1:{proxy.port}")
        )
        replica = await started.start(kubeconfig, *_where(cluster))
        await replica.says("watch_interrupted", kind="databases.dbaas.io")
        await CLOCK.sleep(8)
        status, text = await replica.ask("/readyz")
        assert status == 503
        assert "databases.dbaas.io not synced: cannot" in text
        assert (await replica.ask("/livez"))[0] == 200
        said = [line["reason"] for line in replica.said("watch_interrupted", kind="databases.dbaas.io")]
        assert all(first != second for first, second in pairwise(said)), "it says again what it has just said"
        proxy.heal()
        await _until_ready(replica)
        await replica.says("lease_gained")


async def test_missing_definitions_are_named_and_waited_for(
    kube_assets: Path, tmp_path: Path, started: Replicas
) -> None:
    with running_control_plane(kube_assets, tmp_path / "kube") as state:
        replica = await started.start(state / "kubeconfig")
        await replica.says("watch_interrupted", kind="databases.dbaas.io")
        status, text = await replica.ask("/readyz")
        assert status == 503
        assert "databases.dbaas.io not synced: the server does not know this kind: is its Custom" in text
        async with installed(state):
            await _until_ready(replica)


async def test_missing_rights_are_named_and_waited_for(
    operated_kube_state: Path, tmp_path: Path, started: Replicas
) -> None:
    async with installed(operated_kube_state) as cluster:
        kubeconfig = await cluster.account_kubeconfig(tmp_path)
        replica = await started.start(kubeconfig, "--namespaces", f"{cluster.work},default")
        missing = 'cannot list resource "databases" in API group "dbaas.io" in the namespace "default"'
        status, text = 0, ""
        async with asyncio.timeout(30):
            while missing not in text:  # each kind is asked for in turn
                await CLOCK.sleep(0.05)
                status, text = await replica.ask("/readyz")
        assert status == 503
        assert (await replica.ask("/livez"))[0] == 200
        assert replica.process.returncode is None


async def test_operators_that_are_parted_by_label_leave_each_other_alone(cluster: Installed, started: Replicas) -> None:
    replica = await started.start(cluster.kubeconfig, *_where(cluster), "--selector", "team=a")
    await _until_ready(replica)
    for name, labels in (("ours", {"team": "a"}), ("theirs", {"team": "b"})):
        await _make_instance(cluster.user, cluster.work, name, labels)
    await _until_judged(cluster.user, Key(cluster.work, "ours"))
    theirs = await cluster.user.get(DATABASE_INSTANCE, Key(cluster.work, "theirs"))
    assert theirs.status == {"observedGeneration": UNSEEN}
    assert theirs.metadata.finalizers == []


async def test_reconciles_are_traced_where_the_environment_names_a_collector(
    cluster: Installed, started: Replicas
) -> None:
    sent: list[bytes] = []

    async def collect(request: web.Request) -> web.Response:
        sent.append(await request.read())
        return web.Response()

    application = web.Application()
    application.router.add_post("/v1/traces", collect)
    async with TestServer(application) as collector:
        endpoint = str(collector.make_url("/"))
        replica = await started.start(cluster.kubeconfig, *_where(cluster), OTEL_EXPORTER_OTLP_ENDPOINT=endpoint)
        await _until_ready(replica)
        await _make_instance(cluster.user, cluster.work, "traced", {})
        await _until_judged(cluster.user, Key(cluster.work, "traced"))
        replica.send(signal.SIGTERM)
        assert await replica.ends() == 0
    together = b"".join(sent)  # protobuf leaves texts as they are
    for text in ("dbaas-operator", "reconcile DatabaseInstance", f"{cluster.work}/traced", "api GET", "SecretNotFound"):
        assert text.encode() in together, text


async def test_an_own_certificate_is_made_and_told_to_the_api_server(
    cluster: Installed, tmp_path: Path, started: Replicas
) -> None:
    kubeconfig = await cluster.account_kubeconfig(tmp_path)
    replica = await started.start(kubeconfig, *_where(cluster), "--webhook-address", "127.0.0.1:0")
    await _until_ready(replica)
    await replica.says("webhook_authorities_told", configuration=cluster.asked.wide)
    assert (await replica.says("serving"))["webhook_port"] > 0
    held = (await cluster.user.get(SECRET, Key(cluster.asked.namespace, "dbaas-webhooks"))).body()["data"]
    found = await cluster.user.get(VALIDATING_WEBHOOK_CONFIGURATION, Key("", cluster.asked.wide))
    (webhook,) = found.body()["webhooks"]
    assert webhook["clientConfig"]["caBundle"] == held["ca.crt"]


async def _make_instance(user: RestClient, namespace: str, name: str, labels: dict[str, str]) -> None:
    spec = {"engine": "postgres", "connection": {"host": "127.0.0.1", "port": 1, "secretRef": {"name": "none"}}}
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    body = {"apiVersion": DATABASE_INSTANCE.api_version, "kind": DATABASE_INSTANCE.kind, "metadata": metadata}
    await user.create(DATABASE_INSTANCE, {**body, "spec": spec})


async def _until_judged(user: RestClient, key: Key) -> None:
    async with asyncio.timeout(30):
        while not (await user.get(DATABASE_INSTANCE, key)).status.get("conditions"):
            await CLOCK.sleep(0.05)


def _server(cluster: Installed) -> str:
    return (cluster.state / "server").read_text().strip()
