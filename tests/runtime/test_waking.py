"""Tests of `runtime.waking`: property 17 of the runtime."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.reconcile import Controller, Outcome, Watch
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.caches import Caches
from dbaas.runtime.queue import Queue
from dbaas.runtime.waking import Waking
from fixtures.resources import GADGET, gadget

CHILD = Kind("tests.dbaas.io", "v1", "Child", "children")
SETTING = Kind("tests.dbaas.io", "v1", "Setting", "settings")


async def _never(_: Resource) -> Outcome:
    raise AssertionError("nobody works here")


def _names(resource: Resource) -> Iterable[Key]:
    return [Key("default", name) for name in resource.spec["names"]]


def _woken(caches: Caches, **watch: Any) -> Queue:
    queue = Queue(LoopClock(), SeededRandomness(1))
    controller = Controller(GADGET, _never, owns=[CHILD], watches=[Watch(SETTING, _names, **watch)])
    Waking(controller, caches, queue)
    return queue


async def _drain(queue: Queue) -> list[str]:
    names = []
    while len(queue):
        taken = await queue.take()
        assert taken is not None
        queue.done(taken.key)
        names.append(taken.key.name)
    return sorted(names)


def _child(version: int, owner_uid: str = "uid-one", **more: Any) -> Resource:
    owner = {"apiVersion": "tests.dbaas.io/v1", "kind": "Gadget", "name": "one", "uid": owner_uid, "controller": True}
    return gadget("child", version, kind=CHILD, ownerReferences=[owner], **more)


async def test_a_child_wakes_its_owner_when_it_comes_changes_and_goes() -> None:
    caches = Caches()
    queue = _woken(caches)
    caches.open(GADGET).observe(gadget("one", 1))
    await _drain(queue)
    cache = caches.open(CHILD)
    cache.observe(_child(1))
    assert await _drain(queue) == ["one"]
    cache.observe(_child(2))
    assert await _drain(queue) == []
    cache.observe(_child(3, status={"ready": True}))
    assert await _drain(queue) == ["one"]
    cache.remove(Key("default", "child"), "uid-child", "4")
    assert await _drain(queue) == ["one"]


async def test_a_child_of_a_former_owner_of_that_name_wakes_nobody() -> None:
    caches = Caches()
    queue = _woken(caches)
    caches.open(GADGET).observe(gadget("one", 1))
    await _drain(queue)
    caches.open(CHILD).observe(_child(1, owner_uid="former"))
    assert await _drain(queue) == []


async def test_a_change_wakes_those_it_named_before_and_those_it_names_now() -> None:
    caches = Caches()
    queue = _woken(caches)
    cache = caches.open(SETTING)
    cache.observe(gadget("s", 1, kind=SETTING, spec={"names": ["a", "b"]}))
    assert await _drain(queue) == ["a", "b"]
    cache.observe(gadget("s", 2, kind=SETTING, spec={"names": ["b", "c"]}))
    assert await _drain(queue) == ["a", "b", "c"]
    cache.remove(Key("default", "s"), "uid-s", "3")
    assert await _drain(queue) == ["b", "c"]


async def test_a_watch_may_hide_changes_but_never_a_deletion() -> None:
    caches = Caches()
    queue = _woken(caches, matters=lambda old, new: False)
    cache = caches.open(SETTING)
    cache.observe(gadget("s", 1, kind=SETTING, spec={"names": ["a"]}))
    assert await _drain(queue) == ["a"]
    cache.observe(gadget("s", 2, kind=SETTING, spec={"names": ["b"]}))
    assert await _drain(queue) == []
    cache.remove(Key("default", "s"), "uid-s", "3")
    assert await _drain(queue) == ["b"]


async def test_an_object_that_a_mapping_cannot_read_harms_nobody() -> None:
    caches = Caches()
    queue = _woken(caches)
    cache = caches.open(SETTING)
    cache.observe(gadget("bad", 1, kind=SETTING, spec={}))
    cache.observe(gadget("good", 2, kind=SETTING, spec={"names": ["a"]}))
    assert await _drain(queue) == ["a"]


async def test_a_deleted_primary_wakes_its_key_once_more() -> None:
    caches = Caches()
    queue = _woken(caches)
    cache = caches.open(GADGET)
    cache.observe(gadget("one", 1))
    await _drain(queue)
    cache.remove(Key("default", "one"), "uid-one", "2")
    assert await _drain(queue) == ["one"]
