"""Few questions, and none into a database that is not there."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import pytest

from dbaas.contracts.engine import Address, Closed, Missing, Need, ServerFacts
from dbaas.contracts.reconcile import Waiting
from dbaas.contracts.statement import Statement
from dbaas.controllers.managed.items import Thing, Wish
from dbaas.controllers.managed.observing import check_needs, find_unmet, observe_wishes

SHOP = Thing("bases", None, "shop")
SALES = Thing("schemas", "shop", "sales")


class AnsweringLane:
    """Knows the things it is given; databases that are not among them are missing, or closed."""

    def __init__(self, *things: Thing, closed: str = "") -> None:
        self.things = things
        self.closed = closed
        self.asked: list[tuple[str, str | None, frozenset[str]]] = []

    async def observe(
        self, part: str, database: str | None, names: Collection[str] | None, *, background: bool = False
    ) -> Mapping[str, Any]:
        self.asked.append((part, database, frozenset(names or ())))
        if database is not None and database == self.closed:
            raise Closed(f"database {database!r} is closed")
        if database is not None and Thing("bases", None, database) not in self.things:
            raise Missing(f"database {database!r} does not exist")
        return {t.name: t for t in self.things if (t.part, t.database) == (part, database)}

    async def facts(self, *, fresh: bool = False) -> ServerFacts:
        raise NotImplementedError

    async def execute(self, statements: Collection[Statement]) -> None:
        raise NotImplementedError

    async def prove(self, address: Address) -> None:
        raise NotImplementedError


async def test_a_database_that_does_not_exist_is_not_looked_into() -> None:
    lane = AnsweringLane()
    seen = await observe_wishes(lane, [Wish(SHOP, "shop"), Wish(SALES, "sales")])
    assert lane.asked == [("bases", None, frozenset({"shop"}))]
    assert seen.absent == {"shop"}
    assert (seen.knows(SHOP), seen.knows(SALES), seen.find(SALES)) == (True, False, None)


async def test_things_of_one_part_in_one_database_are_one_question() -> None:
    lane = AnsweringLane(SHOP, SALES)
    await observe_wishes(lane, [Wish(SALES, ""), Wish(Thing("schemas", "shop", "hr"), "")])
    assert lane.asked == [("schemas", "shop", frozenset({"sales", "hr"}))]


async def test_a_database_that_is_dropped_in_between_is_absent() -> None:
    seen = await observe_wishes(AnsweringLane(), [Wish(SALES, "sales")])
    assert seen.absent == {"shop"}


async def test_a_closed_database_of_our_own_is_not_looked_into_until_it_is_open() -> None:
    wishes = [Wish(SHOP, "shop", exclusive=True), Wish(SALES, "sales")]
    seen = await observe_wishes(AnsweringLane(SHOP, closed="shop"), wishes)
    assert seen.find(SHOP) == SHOP
    assert seen.absent == {"shop"}


async def test_a_closed_database_of_somebody_else_is_told() -> None:
    granted = Thing("databasePrivileges", None, "shop")
    with pytest.raises(Closed):
        await observe_wishes(AnsweringLane(SHOP, granted, closed="shop"), [Wish(granted, ""), Wish(SALES, "sales")])


async def test_unmet_needs_are_named_for_people() -> None:
    lane = AnsweringLane(SHOP)
    needs = (Need("bases", None, "shop", "database 'shop'"), Need("roles", None, "app", "role 'app'"))
    assert [need.what for need in await find_unmet(lane, needs)] == ["role 'app'"]
    with pytest.raises(Waiting, match="role 'app' must exist first"):
        await check_needs(lane, [Wish(SALES, "sales", needs=needs)])


async def test_no_needs_are_no_questions() -> None:
    lane = AnsweringLane()
    await check_needs(lane, [Wish(SHOP, "shop")])
    assert lane.asked == []
