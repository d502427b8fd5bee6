"""Definitions of another version than the operator, and definitions that go and come back, on a real API server."""

from __future__ import annotations

import asyncio
import copy
import gzip
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.app.installing import FIELD_MANAGER, install
from dbaas.contracts.client import ApiError, NotFound
from dbaas.kube.verbs import RestClient, Writing
from dbaas.manifests.installation import build_installation
from fixtures.control_plane import running_control_plane
from fixtures.replicas import CLOCK, Installed, Replica, Replicas, installed

pytestmark = [pytest.mark.slow, pytest.mark.kube_apiserver, pytest.mark.timeout(400)]
RELEASED = Path(__file__).resolve().parents[1] / "released" / "0.1.0" / "definitions.json.gz"
USERS = DATABASE_USER.resource
PATIENCE_SECONDS = 120.0


@pytest_asyncio.fixture
async def alone(kube_assets: Path, tmp_path: Path) -> AsyncIterator[Installed]:
    """In a control plane of its own: definitions are everybody's."""
    with running_control_plane(kube_assets, tmp_path / "kube") as state:
        async with installed(state) as cluster:
            yield cluster


async def test_definitions_of_another_version_are_told_of_until_they_are_brought_up_to_date(
    alone: Installed, started: Replicas, tmp_path: Path, kube_assets: Path
) -> None:
    await _define(alone, _older())
    replica = await _start(alone, started, await alone.account_kubeconfig(tmp_path))
    said = await replica.says("definition_differs", definition=USERS, reason="DefinitionOlder")
    assert "drops what is written to spec.postgres.connectionLimit, without a word" in said["message"]
    assert (await replica.ask("/readyz"))[0] == 200
    assert f'{{definition="{USERS}",how="older"}} 1.0' in (await replica.ask("/metrics"))[1]
    await _until(lambda: "DefinitionOlder" in _describe(alone, kube_assets))
    await _make_user(alone, "app")
    stored = await alone.user.get(DATABASE_USER, Key(alone.work, "app"))
    assert stored.spec.get("postgres") in (None, {}), "if it were kept there would be nothing to tell"

    await _define(alone, _newer())
    said = await replica.says("definition_differs", definition=USERS, reason="DefinitionNewer")
    assert "nothing is done about spec.quota; bring the operator up to date" in said["message"]

    await install(_installer(alone), build_installation(alone.asked), alone.asked.namespace, CLOCK, lambda line: None)
    await replica.says("definition_agrees", definition=USERS)
    assert "dbaas_definition_differences{" not in (await replica.ask("/metrics"))[1]
    assert not replica.said("event_not_written")


async def test_a_definition_that_is_deleted_and_made_again_needs_no_new_start(
    alone: Installed, started: Replicas
) -> None:
    replica = await _start(alone, started, alone.kubeconfig)
    await _make_instance(alone)
    await _until_judged(alone)
    definition = await alone.user.get(CUSTOM_RESOURCE_DEFINITION, Key("", DATABASE_INSTANCE.resource))
    first = (await alone.user.get(DATABASE_INSTANCE, Key(alone.work, "main"))).metadata.uid
    await alone.user.delete(CUSTOM_RESOURCE_DEFINITION, definition.key)
    await _until_gone(alone, definition.key)
    lost = await replica.says("watch_interrupted", kind=DATABASE_INSTANCE.resource)
    assert lost["reason"] == "the server does not know this kind: is its CustomResourceDefinition installed?"
    await replica.says("definition_differs", definition=DATABASE_INSTANCE.resource, reason="DefinitionMissing")

    await install(_installer(alone), build_installation(alone.asked), alone.asked.namespace, CLOCK, lambda line: None)
    await _make_instance(alone)
    judged = await _until_judged(alone)
    assert judged.metadata.uid != first
    await replica.says("definition_agrees", definition=DATABASE_INSTANCE.resource)
    assert replica.process.returncode is None
    assert not replica.said("reconcile_failed")
    assert (await replica.ask("/livez"))[0] == 200


async def _start(alone: Installed, started: Replicas, kubeconfig: Path) -> Replica:
    replica = await started.start(kubeconfig, "--namespaces", alone.work, "--lease-namespace", alone.asked.namespace)
    await replica.says("ready")
    return replica


def _released() -> dict[str, Any]:
    """The definition of users as it was released first."""
    released = orjson.loads(gzip.decompress(RELEASED.read_bytes()))
    found: dict[str, Any] = next(body for body in released if body["metadata"]["name"] == USERS)
    return found


def _spec_of(definition: dict[str, Any]) -> dict[str, Any]:
    (version,) = definition["spec"]["versions"]
    fields: dict[str, Any] = version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    return fields


def _older() -> dict[str, Any]:
    definition = _released()
    del _spec_of(definition)["postgres"]["properties"]["connectionLimit"]
    return definition


def _newer() -> dict[str, Any]:
    definition = copy.deepcopy(_released())
    _spec_of(definition)["quota"] = {"type": "integer"}
    return definition


def _installer(alone: Installed) -> RestClient:
    return RestClient(alone.transport, Writing(FIELD_MANAGER, validation="Strict"))


async def _define(alone: Installed, definition: dict[str, Any]) -> None:
    await _installer(alone).apply(CUSTOM_RESOURCE_DEFINITION, definition, force=True)


async def _make_user(alone: Installed, name: str) -> None:
    spec = {"instanceRef": {"name": "nowhere"}, "username": name, "postgres": {"connectionLimit": 7}}
    metadata = {"name": name, "namespace": alone.work}
    kind = DATABASE_USER
    await alone.user.create(
        kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    )


async def _make_instance(alone: Installed) -> None:
    """Of a server that is not there. A kind is served a moment after its definition says so."""
    kind = DATABASE_INSTANCE
    spec = {"engine": "postgres", "connection": {"host": "127.0.0.1", "port": 1, "secretRef": {"name": "admin"}}}
    metadata = {"name": "main", "namespace": alone.work}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await alone.user.create(kind, body)
                return
            except ApiError:
                await CLOCK.sleep(0.2)


async def _until_judged(alone: Installed) -> Resource:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await alone.user.get(DATABASE_INSTANCE, Key(alone.work, "main"))
            if found.status.get("conditions"):
                return found
            await CLOCK.sleep(0.2)


async def _until_gone(alone: Installed, definition: Key) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                await alone.user.get(CUSTOM_RESOURCE_DEFINITION, definition)
            except NotFound:
                return
            await CLOCK.sleep(0.2)


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await CLOCK.sleep(0.5)


def _describe(alone: Installed, kube_assets: Path) -> str:
    """As people see it."""
    command = [kube_assets / "kubectl", "--kubeconfig", alone.kubeconfig, "describe", "crd", USERS]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
