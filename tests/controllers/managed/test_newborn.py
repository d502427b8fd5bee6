"""Databases that have just been made: which need no look, and which do."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from dbaas.contracts.engine import Engine, ServerFacts, Unreachable
from dbaas.contracts.statement import NOTHING, Change, Plan, Statement
from dbaas.controllers.managed.access import Access
from dbaas.controllers.managed.items import Thing, Wish
from dbaas.controllers.managed.newborn import Examples, find_made, foresee
from dbaas.controllers.managed.observing import Observation

SHOP, PUBLIC, SALES = Thing("bases", None, "shop"), Thing("rooms", "shop", "public"), Thing("rooms", "shop", "sales")
HOLDINGS = Thing("holdings", "shop", "app")
MADE = Wish(SHOP, "as wished", exclusive=True)
FACTS = ServerFacts("1", 1, "", "root")
THERE = Observation({("bases", None): {"shop": "seen"}})


class Holdings:
    """A part that only a look can tell of."""

    async def observe(self, session: Any, names: Any) -> Mapping[str, Any]:
        return {}

    def plan(self, *states: Any) -> Plan:
        return NOTHING

    def keys(self, desired: Any) -> frozenset[str]:
        return frozenset()


class Rooms(Holdings):
    """One that knows of `public`."""

    def foresee(self, name: str, made_as: Any, observed: Any, server: ServerFacts) -> Any | None:
        return (name, made_as, observed) if name == "public" else None


ENGINE = Engine("basalt", parts={"bases": Holdings(), "rooms": Rooms(), "holdings": Holdings()})


def change(*databases: str | None) -> Change:
    return Change("name", "shop", None, tuple(Statement("MAKE", database=each) for each in databases))


def seen(wishes: Sequence[Wish], made: frozenset[str] = frozenset({"shop"}), shared: Observation = THERE) -> object:
    return foresee(ENGINE, wishes, shared, made, FACTS)


def test_a_database_is_new_where_it_was_missing_and_nothing_was_done_inside() -> None:
    wishes = [MADE, Wish(PUBLIC, "closed", exclusive=True)]
    assert find_made(wishes, Observation(), [change(None)]) == {"shop"}
    assert find_made(wishes, Observation(), [change(None, "shop")]) == frozenset()
    assert find_made(wishes, THERE, [change(None)]) == frozenset()


def test_what_all_new_ones_hold_is_not_asked_for() -> None:
    assert seen([MADE, Wish(PUBLIC, "closed")]) == {("rooms", "shop"): {"public": ("public", "as wished", "seen")}}


def test_one_thing_that_only_a_look_can_tell_means_a_look_at_all() -> None:
    for other in (SALES, HOLDINGS):
        assert seen([MADE, Wish(PUBLIC, "closed"), Wish(other, "wanted")]) == {}


def test_nothing_is_foreseen_of_a_database_that_was_not_just_made_or_is_gone_again() -> None:
    wishes = [MADE, Wish(PUBLIC, "closed")]
    assert seen(wishes, made=frozenset()) == {}
    assert seen(wishes, shared=Observation({("bases", None): {}})) == {}
    assert seen([Wish(PUBLIC, "closed")]) == {}


class Looking:
    """A lane that counts looks into databases; what is in each is `inside`."""

    def __init__(self, inside: object) -> None:
        self.inside = inside
        self.looks = 0
        self.failure: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def observe(
        self, part: str, database: str | None, names: Collection[str] | None, *, background: bool = False
    ) -> Mapping[str, Any]:
        if database is None:
            return {"shop": "seen"}
        self.looks += 1
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        return {"public": self.inside}


async def look(examples: Examples, lane: Looking, identity: str = "1") -> None:
    server = SimpleNamespace(engine=ENGINE)
    access = Access(cast(Any, server), cast(Any, lane), replace(FACTS, identity=identity))
    seen = await examples.observe(access, [MADE, Wish(PUBLIC, "closed")], frozenset({"shop"}))
    assert seen.find(PUBLIC) == lane.inside


async def test_the_first_of_each_server_is_looked_at_and_those_like_it_are_not() -> None:
    examples, lane = Examples(), Looking(("public", "as wished", "seen"))
    for _ in range(3):
        await look(examples, lane)
    assert lane.looks == 1
    await look(examples, lane, "another")
    assert lane.looks == 2


async def test_where_new_ones_are_made_of_something_else_all_are_looked_at() -> None:
    examples, lane = Examples(), Looking("changed by somebody")
    for looks in (1, 2, 3):
        await look(examples, lane)
        assert lane.looks == looks


async def test_a_server_that_does_not_say_who_it_is_is_always_looked_at() -> None:
    examples, lane = Examples(), Looking(("public", "as wished", "seen"))
    for looks in (1, 2):
        await look(examples, lane, "")
        assert lane.looks == looks


async def look_together(lane: Looking, times: int = 5) -> list[BaseException | None]:
    """All are at it before the first has its answer."""
    examples = Examples()
    lane.answers.clear()
    looking = [asyncio.ensure_future(look(examples, lane)) for _ in range(times)]
    await settle_down()
    assert lane.looks == 1
    lane.answers.set()
    return await asyncio.gather(*looking, return_exceptions=True)


async def settle_down() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_those_that_come_meanwhile_wait_for_what_the_first_one_finds() -> None:
    lane = Looking(("public", "as wished", "seen"))
    assert await look_together(lane) == [None] * 5
    assert lane.looks == 1


async def test_where_the_first_one_is_not_as_foreseen_the_others_are_looked_at_too() -> None:
    lane = Looking("changed by somebody")
    assert await look_together(lane) == [None] * 5
    assert lane.looks == 5


async def test_where_the_first_look_fails_nobody_waits_for_ever() -> None:
    lane = Looking(None)
    lane.failure = Unreachable("gone")
    assert await look_together(lane) == [lane.failure] * 5
    assert lane.looks == 5
