"""Visits: what is asked together, and what is never lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any

import pytest

from dbaas.contracts.engine import Session, Unreachable
from dbaas.core.clock import LoopClock
from dbaas.core.simulation import run_virtually
from dbaas.lanes.batching import Place, Visits
from fixtures.pretending import PretendServer, PretendSession

HERE = Place("shop", False)


class Asked:
    """Records the queries; `answers` are returned or raised in turn, then everything succeeds."""

    def __init__(self, *answers: Exception) -> None:
        self.clock = LoopClock()
        self.answers = list(answers)
        self.queries: list[tuple[str, frozenset[str] | None]] = []
        self.leases = 0
        self.seconds = 1.0
        self.broken = 0
        self.visits = Visits(self.lease, self.observe, self.note_break, self.clock)

    @asynccontextmanager
    async def lease(self, place: Place) -> AsyncIterator[Session]:
        self.leases += 1
        yield PretendSession(PretendServer(), place.database)

    async def observe(self, part: str, session: Session, names: Collection[str] | None) -> dict[str, Any]:
        self.queries.append((part, None if names is None else frozenset(names)))
        await self.clock.sleep(self.seconds)
        if self.answers:
            raise self.answers.pop(0)
        return dict.fromkeys(names or (), part)

    async def note_break(self) -> None:
        self.broken += 1


def test_one_visit_asks_all_parts_that_are_wanted() -> None:
    async def main() -> None:
        asked = Asked()
        await asyncio.gather(
            *(asked.visits.request(HERE, part, [name]) for part in ("roles", "things") for name in "ab")
        )
        assert sorted(asked.queries) == [("roles", frozenset("ab")), ("things", frozenset("ab"))]
        assert asked.leases == 1

    run_virtually(main())


def test_while_requests_keep_coming_the_visitor_waits_for_more() -> None:
    """Each of a hundred comes a millisecond after the one before, and each query takes no time at all."""

    async def main() -> None:
        asked = Asked()
        asked.seconds = 0.0

        async def ask(number: int) -> None:
            await asked.clock.sleep(number * 0.001)
            await asked.visits.request(HERE, "things", [str(number)])

        await asyncio.gather(*map(ask, range(100)))
        assert len(asked.queries) < 45

    run_virtually(main())


def test_an_answer_was_read_after_it_was_asked_for() -> None:
    """A request that comes while the same query runs must not get that query's answer: it may be too old."""

    async def main() -> None:
        asked = Asked()
        first = asyncio.create_task(asked.visits.request(HERE, "things", ["a"]))
        await asked.clock.sleep(0.5)
        await asked.visits.request(HERE, "things", ["a"])
        assert len(asked.queries) == 2 and asked.clock.monotonic() == 2
        await first

    run_virtually(main())


def test_a_bug_in_a_part_reaches_those_who_asked_and_nobody_else() -> None:
    async def main() -> None:
        asked = Asked(KeyError("a bug"))
        wrong, right = await asyncio.gather(
            asked.visits.request(HERE, "roles", ["a"]),
            asked.visits.request(HERE, "things", ["a"]),
            return_exceptions=True,
        )
        assert isinstance(wrong, KeyError) and right == {"a": "things"}
        assert await asked.visits.request(HERE, "roles", ["a"]) == {"a": "roles"}

    run_virtually(main())


def test_a_broken_connection_is_tried_once_more_and_then_told() -> None:
    async def main() -> None:
        asked = Asked(Unreachable("one"), Unreachable("two"))
        with pytest.raises(Unreachable, match="two"):
            await asked.visits.request(HERE, "things", ["a"])
        assert asked.broken == 1 and asked.leases == 2

    run_virtually(main())


def test_closing_fails_what_is_under_way_and_what_waits() -> None:
    async def main() -> None:
        asked = Asked()
        under_way = asyncio.create_task(asked.visits.request(HERE, "things", ["a"]))
        await asked.clock.sleep(0.5)
        waiting = asyncio.create_task(asked.visits.request(HERE, "things", ["b"]))
        await asyncio.sleep(0)
        await asked.visits.close()
        answers = await asyncio.gather(under_way, waiting, return_exceptions=True)
        assert [type(answer) for answer in answers] == [Unreachable, Unreachable]

    run_virtually(main())
