"""Tests of `dbaas uninstall`: nothing that stands for data goes without its hash."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.database import DATABASE
from dbaas.api.resource import Key
from dbaas.app.installing import find_installed
from dbaas.cli.application import execute
from dbaas.contracts.client import NotFound
from fixtures.control_plane import running_control_plane
from fixtures.replicas import Installed, installed

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_only_the_end_of_all_data_is_confirmed(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["uninstall", "--confirm", "12345678"]) == 2
    assert "only --delete-all-data is confirmed" in capsys.readouterr().err


def test_no_cluster_is_taken_because_it_is_at_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["uninstall"]) == 2
    assert "which cluster?" in capsys.readouterr().err


@pytest.mark.kube_apiserver
async def test_definitions_that_others_need_stay(operated_kube_state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with installed(operated_kube_state) as one, installed(operated_kube_state) as other:
        assert await _uninstall(one, "--delete-all-data") == 1
        said = capsys.readouterr().err
        assert other.asked.namespace in said
        assert "nothing was changed" in said
        assert [each async for each in find_installed(one.user, one.asked.namespace)]


@pytest.mark.kube_apiserver
@pytest.mark.slow
async def test_data_goes_only_with_the_hash_of_what_goes(
    kube_assets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_control_plane(kube_assets, tmp_path / "kube") as state:
        async with installed(state) as cluster:
            await _make_database(cluster)
            assert await _uninstall(cluster, "--delete-all-data") == 1
            said = capsys.readouterr().err
            assert f"Database {cluster.work}/shop" in said
            await cluster.user.get(DATABASE, Key(cluster.work, "shop"))
            assert await _uninstall(cluster, "--delete-all-data", "--confirm", "wrong") == 1
            assert "'wrong' is not the hash of these objects" in capsys.readouterr().err
            (digest,) = re.findall(r"add --confirm (\w{8})", said)
            assert await _uninstall(cluster, "--delete-all-data", "--confirm", digest) == 0
            said = capsys.readouterr().out
            assert f"CustomResourceDefinition {DATABASE.resource} deleted" in said
            await _until_undefined(cluster)


async def _uninstall(cluster: Installed, *arguments: str) -> int:
    where = ["--kubeconfig", str(cluster.kubeconfig), "-n", cluster.asked.namespace, "--timeout", "2s"]
    return await asyncio.to_thread(execute, ["uninstall", *where, *arguments])


async def _make_database(cluster: Installed) -> None:
    """No operator runs, so nothing holds it."""
    metadata = {"name": "shop", "namespace": cluster.work}
    body = {"apiVersion": DATABASE.api_version, "kind": DATABASE.kind, "metadata": metadata}
    await cluster.user.create(DATABASE, {**body, "spec": {"instanceRef": {"name": "main"}}})


async def _until_undefined(cluster: Installed) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await cluster.user.get(CUSTOM_RESOURCE_DEFINITION, Key("", DATABASE.resource))
            except NotFound:
                return
