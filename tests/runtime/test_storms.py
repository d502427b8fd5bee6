"""Under each fault of an API server and of the way to it, a fleet of objects settles to what was declared."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.resource import FINALIZER, Key, Resource
from dbaas.apiserver.server import ApiServer
from dbaas.contracts.client import NotFound
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.contracts.transport import Transport
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.core.secrets import Secret
from dbaas.core.simulation import run_virtually
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient, Writing
from dbaas.runtime.manager import Manager
from dbaas.runtime.reflector import MOST_LIST_SECONDS, MOST_WATCH_SECONDS
from fixtures.control_plane import embedded_url
from fixtures.operating import PART, WIDGET, build_definition, build_widget, ready_condition
from fixtures.settle import settle
from fixtures.storm import CALM, WEATHERS, StormyTransport

pytestmark = pytest.mark.slow

CLOCK = LoopClock()
NAMES = [f"w{number}" for number in range(8)]
HEALING_SECONDS = 1000.0
LOST_SECONDS = MOST_LIST_SECONDS + MOST_WATCH_SECONDS + HEALING_SECONDS  # what a watch has lost only a list brings back


@dataclass
class Fleet:
    """Widgets hold a finalizer and own a part of their size; `storm` is between the operator and the server."""

    user: RestClient
    storm: StormyTransport
    manager: Manager
    chance: SeededRandomness

    async def reconcile(self, widget: Resource) -> Outcome:
        client, version = self.manager.client, widget.metadata.resourceVersion
        if widget.metadata.is_deleting:
            part = await client.get(PART, widget.key)
            if part is not None:
                await client.delete(PART, widget.key, uid=part.metadata.uid)
            await client.patch(WIDGET, widget.key, {"metadata": {"finalizers": []}}, version=version)
            return Outcome(gone=True)
        if FINALIZER not in widget.metadata.finalizers:
            await client.patch(WIDGET, widget.key, {"metadata": {"finalizers": [FINALIZER]}}, version=version)
        await client.apply(PART, _build_part(widget))
        return Outcome([Condition("Ready", "True", "Fine")], {"size": widget.spec["size"]})

    async def churn(self, edits: int, pause: float) -> None:
        """What a user does meanwhile, and what somebody does to parts behind our back."""
        for size in range(edits):
            await CLOCK.sleep(self.chance.uniform(0, pause))
            [name] = self.chance.choose(NAMES, 1)
            key, luck = Key("default", name), self.chance.uniform(0, 1)
            known = {widget.metadata.name: widget for widget in await self.user.list(WIDGET)}
            if name not in known:
                await self.user.create(WIDGET, build_widget(name, size=size))
            elif luck < 0.3:
                await self.user.delete(WIDGET, key)
            elif not known[name].metadata.is_deleting:
                await self.user.patch(WIDGET, key, {"spec": {"size": size}})
            if luck > 0.8:
                with suppress(NotFound):
                    await self.user.patch(PART, key, {"spec": {"size": -1}})

    async def check(self) -> None:
        """Every widget that is there is ready and has its part, and nothing else is left."""
        parts = {part.metadata.name: part.spec["size"] for part in await self.user.list(PART)}
        widgets = {widget.metadata.name: widget for widget in await self.user.list(WIDGET)}
        assert [name for name, widget in widgets.items() if widget.metadata.is_deleting] == []
        sizes = {name: widget.spec["size"] for name, widget in widgets.items()}
        assert sizes
        assert {name: ready_condition(widget).get("status") for name, widget in widgets.items()} == dict.fromkeys(
            widgets, "True"
        )
        assert {name: widget.status["size"] for name, widget in widgets.items()} == sizes
        assert parts == sizes


def _build_part(widget: Resource) -> dict[str, Any]:
    body = build_widget(widget.key.name, PART, size=widget.spec["size"])
    owner = {"apiVersion": WIDGET.api_version, "kind": "Widget", "name": widget.key.name, "uid": widget.metadata.uid}
    body["metadata"]["ownerReferences"] = [owner | {"controller": True}]
    return body


@asynccontextmanager
async def _serving(seed: int) -> AsyncIterator[ApiServer]:
    server = ApiServer(None, CLOCK, SeededRandomness(seed), InlineOffload())
    await server.start()
    user = RestClient(server, Writing("user"))
    for kind in (WIDGET, PART):
        await user.create(CUSTOM_RESOURCE_DEFINITION, build_definition(kind))
    try:
        yield server
    finally:
        await server.stop()


@asynccontextmanager
async def _operating(server: ApiServer, transport: Transport, *, patient: bool, seed: int) -> AsyncIterator[Fleet]:
    """`patient` puts the retries of a client over HTTP on top."""
    chance, storm = SeededRandomness(seed), StormyTransport(transport, CLOCK, seed)
    rest = RestClient(RetryingTransport(storm, CLOCK, chance) if patient else storm)
    manager = Manager(rest, CLOCK, chance)
    fleet = Fleet(RestClient(server, Writing("user")), storm, manager, SeededRandomness(seed))
    manager.add(Controller(WIDGET, fleet.reconcile, owns=[PART], workers=4))
    task = asyncio.get_running_loop().create_task(manager.run())
    try:
        yield fleet
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.mark.parametrize("patient", [False, True])
@pytest.mark.parametrize("weather", WEATHERS)
def test_a_fleet_settles_under_each_fault_and_writes_nothing_more(weather: str, patient: bool) -> None:
    async def story() -> None:
        async with _serving(1) as server, _operating(server, server, patient=patient, seed=1) as fleet:
            fleet.storm.weather = WEATHERS[weather]
            await fleet.churn(60, pause=4)
            assert fleet.storm.faults > 1
            fleet.storm.weather = CALM
            await CLOCK.sleep(LOST_SECONDS if WEATHERS[weather].missing else HEALING_SECONDS)
            await settle(fleet.manager, CLOCK)
            await fleet.check()
            before = fleet.storm.writes
            await CLOCK.sleep(3600)
            assert fleet.storm.writes == before

    run_virtually(story())


async def test_a_fleet_settles_over_a_bad_connection() -> None:
    """On real time, where nothing can wait for a stream that is silent."""
    weather = replace(WEATHERS["all at once"], half_open=0, hang_seconds=0.2, slow_seconds=0.1)
    secret = Secret("s")
    async with _serving(2) as server, embedded_url(server, secret) as url:
        transport = HttpTransport(Access(url, token=secret), CLOCK)
        async with _operating(server, transport, patient=True, seed=2) as fleet:
            fleet.storm.weather = weather
            await fleet.churn(40, pause=0.05)
            fleet.storm.weather = CALM
            assert fleet.storm.faults > 1
            async with asyncio.timeout(60):
                while not await _is_as_declared(fleet):
                    await settle(fleet.manager, CLOCK, quiet_seconds=0.3, limit_seconds=60)
        await transport.close()


async def _is_as_declared(fleet: Fleet) -> bool:
    try:
        await fleet.check()
    except (AssertionError, KeyError):
        return False
    return True
