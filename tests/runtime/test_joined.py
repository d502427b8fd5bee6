"""Tests of `runtime.joined`, with the whole runtime on virtual time: property 33 of the runtime."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from dbaas.api.core import NAMESPACE
from dbaas.api.resource import Key, Resource
from dbaas.contracts.reconcile import Condition, Controller, Outcome, Watch
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.verbs import RestClient
from dbaas.runtime.manager import Manager
from dbaas.runtime.switches import UnknownController
from fixtures.operating import PART, WIDGET, Operator, build_widget, operating, virtually


@dataclass
class Scoped:
    """An operator of the namespaces `a` and `b`, in a cluster that has `c` too."""

    toy: Operator
    manager: Manager
    runs: list[str] = field(default_factory=list)

    async def reconcile(self, widget: Resource) -> Outcome:
        self.runs.append(str(widget.key))
        return Outcome([Condition("Ready", "True", "Fine")])

    async def make(self, namespace: str, name: str) -> Resource:
        body = build_widget(name)
        body["metadata"]["namespace"] = namespace
        return await self.toy.user.create(WIDGET, body)

    async def rest_a_while(self) -> None:
        await self.toy.settle()


@asynccontextmanager
async def _scoped(controllers: str = "*") -> AsyncIterator[Scoped]:
    async with operating() as toy:
        for name in ("a", "b", "c"):
            await toy.user.create(NAMESPACE, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        manager = Manager(RestClient(toy.faults), toy.clock, SeededRandomness(1), namespaces=("a", "b"))
        toy.manager = manager
        scoped = Scoped(toy, manager)
        wakes = Watch(NAMESPACE, lambda namespace: [Key(namespace.metadata.name, "one")])
        manager.add(Controller(WIDGET, scoped.reconcile, watches=[wakes]))
        manager.add(Controller(PART, scoped.reconcile))
        manager.switch(controllers)
        toy.start()
        yield scoped


@virtually
async def test_only_its_namespaces_are_listed_watched_and_reconciled() -> None:
    async with _scoped() as scoped:
        for namespace in ("a", "b", "c"):
            await scoped.make(namespace, "one")
        await scoped.rest_a_while()
        assert sorted(scoped.runs) == ["a/one", "b/one"]
        asked = {request.path for request in scoped.toy.faults.requests if request.path.endswith("widgets")}
        assert asked == {WIDGET.path("a"), WIDGET.path("b")}
        assert NAMESPACE.path() in {request.path for request in scoped.toy.faults.requests}


@virtually
async def test_what_is_outside_is_read_from_the_api_itself() -> None:
    async with _scoped() as scoped:
        for namespace in ("a", "b", "c"):
            await scoped.make(namespace, "one")
        await scoped.rest_a_while()
        client = scoped.manager.client
        assert [str(widget.key) for widget in await client.list(WIDGET)] == ["a/one", "b/one"]
        scoped.toy.faults.requests.clear()
        assert await client.get(WIDGET, Key("a", "two")) is None
        assert scoped.toy.faults.requests == []
        assert await client.get(WIDGET, Key("c", "one")) is not None
        assert [str(widget.key) for widget in await client.list(WIDGET, namespace="c")] == ["c/one"]
        assert len(scoped.toy.faults.requests) == 2


@virtually
async def test_a_list_of_one_namespace_finds_what_vanished_there_and_touches_no_other() -> None:
    async with _scoped() as scoped:
        for namespace in ("a", "b"):
            await scoped.make(namespace, "one")
        await scoped.rest_a_while()
        scoped.toy.faults.break_streams(410, "Expired")
        await scoped.toy.user.delete(WIDGET, Key("a", "one"))
        await scoped.rest_a_while()
        client = scoped.manager.client
        assert [str(widget.key) for widget in await client.list(WIDGET)] == ["b/one"]
        cache = next(cache for cache, _ in scoped.manager.reflectors() if cache.kind == WIDGET)
        assert cache.objects.size_bytes == sum(len(widget.raw) for widget in cache.objects)


@virtually
async def test_own_writes_are_read_back_at_once_whatever_other_namespaces_have_seen() -> None:
    async with _scoped() as scoped:
        await scoped.rest_a_while()
        await scoped.make("b", "later")  # this namespace has seen more than the other
        await scoped.rest_a_while()
        client = scoped.manager.client
        body = build_widget("own")
        body["metadata"]["namespace"] = "a"
        own = await client.create(WIDGET, body)
        assert await client.get(WIDGET, own.key) == own
        await client.delete(WIDGET, own.key, uid=own.metadata.uid)
        assert await client.get(WIDGET, own.key) is None


@virtually
async def test_it_is_ready_when_every_namespace_has_been_listed() -> None:
    async with operating() as toy:
        manager = Manager(RestClient(toy.faults), toy.clock, SeededRandomness(1), namespaces=("a", "b"))
        toy.manager = manager
        toy.faults.refuse(lambda request: request.path == WIDGET.path("b"), times=2)

        async def reconcile(_: Resource) -> Outcome:
            return Outcome([Condition("Ready", "True", "Fine")])

        toy.start(Controller(WIDGET, reconcile))
        await toy.clock.sleep(0.1)
        assert manager.unready() == ["widgets.tests.dbaas.io not synced"]
        await toy.clock.sleep(60)
        assert manager.unready() == []
        ((_, progress),) = manager.reflectors()
        assert (progress.lists, progress.failures) == (4, 2)


@virtually
async def test_a_controller_that_is_switched_off_reconciles_nothing_and_is_found_by_others() -> None:
    async with _scoped("*,-part") as scoped:
        await scoped.make("a", "one")
        body = build_widget("two", PART)
        body["metadata"]["namespace"] = "a"
        await scoped.toy.user.create(PART, body)
        await scoped.rest_a_while()
        assert scoped.runs == ["a/one"]
        assert [str(part.key) for part in await scoped.manager.client.list(PART)] == ["a/two"]
        assert scoped.manager.unready() == []


@virtually
async def test_a_controller_that_does_not_exist_cannot_be_switched() -> None:
    with pytest.raises(UnknownController):
        async with _scoped("*,-gadget"):
            await asyncio.sleep(0)
