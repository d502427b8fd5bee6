"""Tests of `runtime.tokens`: who refers to whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.reconcile import Controller, Outcome, token_of
from dbaas.core.clock import LoopClock
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.caches import Caches
from dbaas.runtime.queue import Priority, Queue
from dbaas.runtime.tokens import Tokens, reconciling
from fixtures.resources import GADGET, gadget

PART = Kind("tests.dbaas.io", "v1", "Part", "parts")
MAIN = token_of(PART, Key("default", "main"))


async def _never(_: Resource) -> Outcome:
    raise AssertionError("nobody works here")


def _refers(resource: Resource) -> Iterable[str]:
    return [str(token) for token in resource.spec["refers"]]


def _provides(resource: Resource) -> Iterable[str]:
    return [str(token) for token in resource.spec.get("provides", ())]


def _is_bigger(old: Resource, new: Resource) -> bool:
    return bool(old.spec.get("size", 0) != new.spec.get("size", 0))


class Place:
    """Gadgets refer to parts, parts to secrets; parts may provide more than their names."""

    def __init__(self) -> None:
        self.caches = Caches()
        self.tokens = Tokens(self.caches)
        self.gadgets = Queue(LoopClock(), SeededRandomness(1))
        self.parts = Queue(LoopClock(), SeededRandomness(1))
        gadgets = Controller(GADGET, _never, references=_refers)
        parts = Controller(PART, _never, references=_refers, provides=_provides, matters=_is_bigger, refers_to=[SECRET])
        assert self.tokens.add(gadgets, self.gadgets) == []
        assert [cache.kind for cache in self.tokens.add(parts, self.parts)] == [SECRET]

    def observe(self, name: str, version: int, kind: Kind = GADGET, *refers: str, **spec: Any) -> None:
        body = {"refers": list(refers), **spec}
        self.caches.open(kind).observe(gadget(name, version, kind=kind, spec=body))

    async def woken(self, queue: Queue | None = None) -> list[str]:
        """Names of gadgets, or of what is in the queue."""
        chosen, names = queue or self.gadgets, []
        while len(chosen):
            taken = await chosen.take()
            assert taken is not None
            chosen.done(taken.key)
            names.append(taken.key.name)
        return sorted(names)


@pytest.fixture
async def place() -> Place:
    made = Place()
    made.observe("a", 1, GADGET, MAIN)
    made.observe("b", 2, GADGET, MAIN, "port:80")
    made.observe("c", 3, GADGET, "port:80")
    await made.woken()
    return made


async def test_what_appears_changes_and_goes_wakes_those_that_refer_to_it(place: Place) -> None:
    place.observe("main", 4, PART)
    assert await place.woken() == ["a", "b"]
    place.observe("main", 5, PART, size=2)
    assert await place.woken() == ["a", "b"]
    place.caches.open(PART).remove(Key("default", "main"), "uid-main", "6")
    assert await place.woken() == ["a", "b"]


async def test_what_is_as_it_was_wakes_nobody(place: Place) -> None:
    place.observe("main", 4, PART)
    await place.woken()
    place.observe("main", 5, PART)
    assert await place.woken() == []


async def test_what_nobody_refers_to_wakes_nobody(place: Place) -> None:
    place.observe("other", 4, PART)
    assert await place.woken() == []


async def test_other_tokens_wake_when_they_are_provided_and_when_they_are_no_more(place: Place) -> None:
    place.observe("server", 4, PART, provides=["port:80"])
    assert await place.woken() == ["b", "c"]
    place.observe("server", 5, PART, provides=["port:81"])
    assert await place.woken() == ["b", "c"]
    place.observe("server", 6, PART, provides=["port:82"])
    assert await place.woken() == []


async def test_what_does_not_matter_to_others_wakes_only_by_tokens_that_come_and_go(place: Place) -> None:
    place.observe("main", 4, PART, size=1)
    await place.woken()
    place.observe("main", 5, PART, size=1, colour="red")
    assert await place.woken() == []
    place.observe("main", 6, PART, size=1, provides=["port:80"])
    assert await place.woken() == ["b", "c"]
    place.observe("main", 7, PART, size=2, provides=["port:80"])
    assert await place.woken() == ["a", "b", "c"]


async def test_nobody_is_woken_by_what_it_has_written_itself(place: Place) -> None:
    async def write_as(name: str, version: int) -> None:
        reconciling.set((GADGET, Key("default", name)))
        place.observe("main", version, PART, size=version)

    await asyncio.create_task(write_as("a", 4))
    assert await place.woken() == ["b"]
    await asyncio.create_task(write_as("nobody", 5))
    assert await place.woken() == ["a", "b"]


async def test_the_birth_of_a_child_is_no_news_to_its_parent(place: Place) -> None:
    def child(version: int, **more: Any) -> Resource:
        owner = {"apiVersion": GADGET.api_version, "kind": GADGET.kind, "name": "a", "uid": "uid-a", "controller": True}
        return gadget("main", version, kind=PART, spec={"refers": []}, ownerReferences=[owner], **more)

    parts = place.caches.open(PART)
    parts.observe(child(4))
    assert await place.woken() == ["b"]
    parts.observe(child(5, labels={"changed": "yes"}))
    assert await place.woken() == []  # it does not matter to those who refer to parts
    parts.remove(Key("default", "main"), "uid-main", "6")
    assert await place.woken() == ["a", "b"]


async def test_an_object_that_refers_to_itself_is_not_woken_by_itself(place: Place) -> None:
    place.observe("loop", 4, PART, token_of(PART, Key("default", "loop")))
    assert await place.woken(place.parts) == []


async def test_kinds_without_a_controller_wake_by_their_name(place: Place) -> None:
    place.observe("main", 4, PART, token_of(SECRET, Key("default", "pw")))
    await place.woken()
    for version in (5, 6):  # of a Secret only the version tells of a change
        place.caches.open(SECRET).observe(gadget("pw", version, kind=SECRET))
        assert await place.woken(place.parts) == ["main"]


async def test_what_is_found_when_it_starts_is_less_urgent_than_news(place: Place) -> None:
    place.caches.open(PART).observe_listed(gadget("main", 4, kind=PART, spec={"refers": []}))
    place.gadgets.add(Key("default", "news"), Priority.CHILD)
    taken = await place.gadgets.take()
    assert taken is not None and taken.key.name == "news"


async def test_objects_are_found_by_what_they_provide(place: Place) -> None:
    place.observe("x", 4, PART, provides=["port:80", "port:81"])
    place.observe("y", 5, PART, provides=["port:80"])

    def find(token: str) -> list[str]:
        return [resource.metadata.name for resource in place.tokens.find(PART, token)]

    assert (find("port:80"), find("port:81"), find("port:82")) == (["x", "y"], ["x"], [])
    assert find(token_of(PART, Key("default", "y"))) == ["y"]
    place.observe("x", 6, PART)
    assert find("port:80") == ["y"]


async def test_an_object_provides_its_name_and_what_its_controller_says(place: Place) -> None:
    part = gadget("main", kind=PART, spec={"provides": ["port:80"]})
    assert place.tokens.of(part) == (MAIN, "port:80")
    assert place.tokens.of(gadget("pw", kind=SECRET)) == (token_of(SECRET, Key("default", "pw")),)


async def test_kinds_that_are_nobodys_cannot_be_listed_by_token(place: Place) -> None:
    with pytest.raises(ValueError, match="secrets cannot be listed by token"):
        place.tokens.find(SECRET, "x")


async def test_an_object_that_cannot_be_read_refers_to_nothing_and_harms_no_other(place: Place) -> None:
    place.caches.open(GADGET).observe(gadget("broken", 9, spec={"refers": 7}))
    place.observe("whole", 10, GADGET, MAIN)
    place.observe("main", 3, PART)
    assert "whole" in await place.woken()
