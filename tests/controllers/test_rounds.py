"""Rounds over the databases of a server."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dbaas.api.resource import Key
from dbaas.contracts.engine import Address, Missing, ServerFacts
from dbaas.contracts.statement import Statement
from dbaas.controllers.rounds import Rounds
from dbaas.core.clock import LoopClock
from fixtures.operating import virtually

SERVER = Key("default", "main")
CLOCK = LoopClock()


class SlowLane:
    """Each look into a database takes a second."""

    def __init__(self, missing: Collection[str] = ()) -> None:
        self.visited: list[str] = []
        self.asked: dict[str | None, Collection[str] | None] = {}
        self._missing = missing

    async def observe(
        self, part: str, database: str | None, names: Collection[str] | None, *, background: bool = False
    ) -> Mapping[str, Any]:
        assert background
        self.asked[database] = names
        if database in self._missing:
            raise Missing("it is gone")
        if database is not None:
            self.visited.append(database)
            await CLOCK.sleep(1)
        return {}

    async def facts(self, *, fresh: bool = False) -> ServerFacts:
        raise NotImplementedError

    async def execute(self, statements: Collection[Statement]) -> None:
        raise NotImplementedError

    async def prove(self, address: Address) -> None:
        raise NotImplementedError


def places(*databases: str) -> dict[tuple[str, str | None], set[str]]:
    return {("roles", None): {"app"}, **{("schemas", database): {"sales"} for database in databases}}


@virtually
async def test_few_databases_are_seen_in_every_pass() -> None:
    lane = SlowLane()
    look = await Rounds(CLOCK).look(SERVER, lane, places("a", "b"), 30)
    assert (lane.visited, look.skipped, look.ends_round) == (["a", "b"], frozenset(), True)


@virtually
async def test_a_pass_stops_at_its_share_and_the_next_goes_on() -> None:
    """Two databases at once: four in two seconds."""
    lane, rounds, names = SlowLane(), Rounds(CLOCK), ("a", "b", "c", "d", "e", "f")
    first = await rounds.look(SERVER, lane, places(*names), 6)
    assert (lane.visited, first.ends_round) == (["a", "b", "c", "d"], False)
    assert first.skipped == {("schemas", "e"), ("schemas", "f")}
    second = await rounds.look(SERVER, lane, places(*names), 6)
    assert (lane.visited[4:], second.ends_round) == (["e", "f", "a", "b"], True)


@virtually
async def test_one_database_is_always_visited() -> None:
    lane, rounds = SlowLane(), Rounds(CLOCK)
    for _ in range(3):
        await rounds.look(SERVER, lane, places("a", "b"), 0)
    assert lane.visited == ["a", "b", "a"]


@virtually
async def test_a_database_that_is_gone_is_absent_and_not_skipped() -> None:
    look = await Rounds(CLOCK).look(SERVER, SlowLane(["a"]), places("a", "b"), 30)
    assert look.observation.absent == frozenset({"a"})
    assert not look.skipped


@virtually
async def test_what_is_shared_is_seen_in_every_pass() -> None:
    look = await Rounds(CLOCK).look(SERVER, SlowLane(), places("a", "b"), 0)
    assert ("roles", None) in look.observation.answers


@virtually
async def test_inside_a_database_only_the_names_that_matter_are_asked_for() -> None:
    lane = SlowLane()
    await Rounds(CLOCK).look(SERVER, lane, places("a"), 30)
    assert lane.asked == {None: None, "a": {"sales"}}
