"""The whole way from controllers to servers over HTTP: against ours and a real kube-apiserver."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio

from dbaas.api.core import EVENT, SECRET, SERVICE
from dbaas.api.resource import FINALIZER, Key, Resource
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import NotFound
from dbaas.contracts.reconcile import Condition, Controller, Outcome, Refused, Watch
from dbaas.contracts.rest import Selection
from dbaas.core.clock import SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SystemRandomness, token
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient, Writing
from dbaas.runtime.manager import Manager
from fixtures.control_plane import embedded_url
from fixtures.faults import FaultyTransport
from fixtures.operating import WIDGET, ready_condition, serve_kind
from fixtures.settle import settle

CLOCK, CHANCE = SystemClock(), SystemRandomness()

pytestmark = pytest.mark.slow


@asynccontextmanager
async def _embedded_access() -> AsyncIterator[Access]:
    server = ApiServer(None, CLOCK, CHANCE, InlineOffload())
    await server.start()
    secret = Secret(token(CHANCE))
    async with embedded_url(server, secret) as url:
        yield Access(url, token=secret)


@pytest_asyncio.fixture(params=["embedded", pytest.param("kube", marks=pytest.mark.kube_apiserver)])
async def transport(request: pytest.FixtureRequest) -> AsyncIterator[HttpTransport]:
    if request.param == "kube":
        opened = HttpTransport(load_kubeconfig([request.getfixturevalue("kube_state") / "kubeconfig"]).access(), CLOCK)
        yield opened
        await opened.close()
    else:
        async with _embedded_access() as access:
            opened = HttpTransport(access, CLOCK)
            yield opened
            await opened.close()


class _WidgetController:
    """Makes a Service and a Secret for each widget, holds a finalizer, refuses odd sizes."""

    def __init__(self, manager: Manager) -> None:
        self.client = manager.client
        self.runs = 0

    async def __call__(self, widget: Resource) -> Outcome:
        self.runs += 1
        version, finalizers = widget.metadata.resourceVersion, widget.metadata.finalizers
        if widget.metadata.is_deleting:
            await self.client.patch(WIDGET, widget.key, {"metadata": {"finalizers": []}}, version=version)
            return Outcome(gone=True)
        if widget.spec["size"] % 2:
            raise Refused("OddSize", f"{widget.spec['size']} is odd")
        if FINALIZER not in finalizers:
            await self.client.patch(WIDGET, widget.key, {"metadata": {"finalizers": [FINALIZER]}}, version=version)
        await self.client.apply(SERVICE, _child(widget, "Service") | {"spec": _service_spec(widget)})
        await self.client.apply(SECRET, _child(widget, "Secret") | {"data": {"password": "aHVudGVyMg=="}})
        return Outcome([Condition("Ready", "True", "Fine")], {"size": widget.spec["size"]})


def _child(widget: Resource, kind: str) -> dict[str, Any]:
    owner = {"apiVersion": WIDGET.api_version, "kind": "Widget", "name": widget.key.name, "uid": widget.metadata.uid}
    metadata = {"name": widget.key.name, "namespace": widget.key.namespace, "labels": {"a": "b"}}
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": metadata | {"ownerReferences": [owner | {"controller": True}]},
    }


def _service_spec(widget: Resource) -> dict[str, Any]:
    port = {"name": "sql", "port": 5000 + widget.spec["size"], "protocol": "TCP"}
    return {"selector": {"app": widget.key.name}, "ports": [port]}


async def test_a_controller_works_the_same_on_both_servers(transport: HttpTransport) -> None:
    user, faults = RestClient(transport, Writing("user")), FaultyTransport(transport)
    namespace = await serve_kind(user, WIDGET)
    manager = Manager(RestClient(RetryingTransport(faults, CLOCK, CHANCE)), CLOCK, CHANCE)
    reconcile = _WidgetController(manager)
    watches = [Watch(SECRET, lambda secret: [secret.key])]
    manager.add(Controller(WIDGET, reconcile, owns=[SERVICE], watches=watches))
    task = asyncio.create_task(manager.run())
    try:
        await _tell_the_story(user, faults, manager, namespace)
    finally:
        await manager.stop()
        await task
    assert reconcile.runs < 12


async def _tell_the_story(user: RestClient, faults: FaultyTransport, manager: Manager, namespace: str) -> None:
    one = Key(namespace, "one")
    body = {"apiVersion": WIDGET.api_version, "kind": "Widget", "metadata": {"name": "one", "namespace": namespace}}

    async def until_quiet() -> None:
        await settle(manager, CLOCK, quiet_seconds=0.4, limit_seconds=20)

    await user.create(WIDGET, body | {"spec": {"size": 2}})
    await until_quiet()
    assert ready_condition(await user.get(WIDGET, one))["status"] == "True"
    # nothing differs: nothing is sent, though the server has added defaults
    before = len(faults.writes)
    manager.enqueue(WIDGET, one)
    await until_quiet()
    assert len(faults.writes) == before
    # a child that somebody changed is put right
    await user.patch(SERVICE, one, {"metadata": {"labels": {"a": "z"}}})
    await until_quiet()
    assert (await user.get(SERVICE, one)).metadata.labels == {"a": "b"}
    await user.patch(WIDGET, one, {"spec": {"size": 3}})
    await until_quiet()
    assert ready_condition(await user.get(WIDGET, one))["reason"] == "OddSize"
    events = [event.body() for event in await user.list(EVENT, Selection(namespace))]
    ours = [event for event in events if event["source"].get("component") == "dbaas"]  # servers tell their own, too
    assert [(event["reason"], event["involvedObject"]["name"]) for event in ours] == [("OddSize", "one")]
    await user.delete(WIDGET, one)
    await until_quiet()
    with pytest.raises(NotFound):
        await user.get(WIDGET, one)
