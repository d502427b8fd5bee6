"""What must hold for every engine's parts, on a real server. A test module inherits `EngineConformance`."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from dbaas.contracts.engine import Address, Engine, Item
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.lanes import ServerLanes
from fixtures.engines import Applier


class EngineConformance:
    """A subclass gives `engine`, `address`, and `items`: things of every part, in the order in which they are made.

    Nothing of them exists at first. The last of them are dropped first.
    """

    @pytest.fixture
    def engine(self) -> Engine:
        raise NotImplementedError

    @pytest.fixture
    def address(self) -> Address:
        raise NotImplementedError

    @pytest.fixture
    def items(self) -> Sequence[Item]:
        raise NotImplementedError

    @pytest.fixture
    def lane(self, lanes: ServerLanes, engine: Engine, address: Address) -> ServerLane:
        return lanes.open("conformance", engine, address, 3)

    @pytest.fixture
    def applier(self, engine: Engine, lane: ServerLane) -> Applier:
        return Applier(engine, lane)

    async def test_what_was_applied_needs_nothing_more(self, applier: Applier, items: Sequence[Item]) -> None:
        for item in items:
            await applier.apply(item)
            assert (await applier.plan(item, owned=applier.keys(item))).changes == ()

    async def test_applying_twice_sends_nothing_the_second_time(self, applier: Applier, items: Sequence[Item]) -> None:
        for item in items:
            await applier.apply(item)
        sent = len(applier.sent)
        for item in items:
            await applier.apply(item, owned=applier.keys(item))
        assert len(applier.sent) == sent

    async def test_a_plan_that_stopped_half_way_is_finished_by_the_next(
        self, applier: Applier, items: Sequence[Item]
    ) -> None:
        """Statements that cannot be in a transaction are where a crash can leave something unfinished."""
        for item in items:
            plan = await applier.plan(item)
            await applier.lane.execute([s for s in plan.statements if not s.transactional])
            rest = await applier.apply(item)
            assert not any(change.destructive or change.immutable for change in rest.changes)
            assert not await applier.plan(item, owned=applier.keys(item))

    async def test_what_is_gone_stays_gone(self, applier: Applier, items: Sequence[Item]) -> None:
        for item in items:
            await applier.apply(item)
        for item in reversed([item for item in items if item.dropped]):
            await applier.apply(item, gone=True, owned=applier.keys(item))
            assert not await applier.plan(item, gone=True, owned=applier.keys(item))

    async def test_dropping_what_never_was_needs_nothing(self, applier: Applier, items: Sequence[Item]) -> None:
        for item in items:
            if item.database is None:
                assert not await applier.plan(item, gone=True)

    async def test_all_there_are_include_what_is_asked_by_name(self, applier: Applier, items: Sequence[Item]) -> None:
        for item in items:
            await applier.apply(item)
        for item in items:
            by_name = await applier.lane.observe(item.part, item.database, [item.name])
            everything = await applier.lane.observe(item.part, item.database, None)
            assert everything.get(item.name) == by_name.get(item.name)

    async def test_what_does_not_exist_is_left_out(self, applier: Applier, items: Sequence[Item]) -> None:
        for part in {item.part for item in items if item.database is None}:
            assert "no such thing" not in await applier.lane.observe(part, None, ["no such thing"])

    async def test_changes_can_be_shown_without_secrets(self, applier: Applier, items: Sequence[Item]) -> None:
        for item in items:
            plan = await applier.apply(item)
            login = getattr(item.desired, "login", None)
            shown = " ".join(f"{c.field} {c.expected} {c.actual}" for c in plan.changes) + repr(plan)
            shown += " ".join(str(statement.sql) for statement in plan.statements)
            assert login is None or login.password.reveal() not in shown
