"""What is taken away: asked for at the last moment, and seen by nobody while it goes."""

from __future__ import annotations

import asyncio

import pytest

from dbaas.contracts.engine import Retryable
from dbaas.contracts.lane import Taking
from dbaas.core.errors import DbaasError
from dbaas.core.simulation import run_virtually
from fixtures.pretending import PretendServer, statement


class Wanted(DbaasError):
    """Somebody has come to want it."""


class Owner:
    """Says when it was asked, and no after `answers` times yes."""

    def __init__(self, answers: int = 100) -> None:
        self.left = answers
        self.asked: list[float] = []

    async def confirm(self) -> None:
        self.asked.append(asyncio.get_running_loop().time())
        self.left -= 1
        if self.left < 0:
            raise Wanted("it is wanted")

    def taking(self, database: str | None = "shop") -> Taking:
        return Taking(self.confirm, frozenset({("things", database)}))


def test_it_is_asked_for_when_a_connection_is_there() -> None:
    async def main() -> None:
        server, owner = PretendServer(work_seconds=5.0), Owner()
        lane = server.lane(cap=1)
        long = asyncio.create_task(lane.execute([statement("long", "shop")]))
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        await lane.execute([statement("revoke", "shop")], owner.taking())
        assert [round(moment - began) for moment in owner.asked] == [4]
        await long
        await lane.close()

    run_virtually(main())


def test_nothing_is_sent_where_it_has_come_to_be_wanted_and_nothing_more_after_a_part() -> None:
    async def main() -> None:
        server = PretendServer()
        lane = server.lane(cap=5)
        with pytest.raises(Wanted):
            await lane.execute([statement("revoke", "shop")], Owner(answers=0).taking())
        assert server.executed == []
        with pytest.raises(Wanted):
            await lane.execute([statement("revoke", "shop"), statement("also", "other")], Owner(answers=1).taking())
        assert server.executed == [("shop", ("revoke",))]
        await lane.execute([statement("go on", "shop")])  # the connection is as good as before
        await lane.close()

    run_virtually(main())


def test_it_is_asked_for_again_before_another_attempt() -> None:
    async def main() -> None:
        server, owner = PretendServer(failures={"revoke": [Retryable("deadlock")]}), Owner()
        lane = server.lane(cap=5)
        await lane.execute([statement("revoke", "shop")], owner.taking())
        assert len(owner.asked) == 2
        await lane.close()

    run_virtually(main())


@pytest.mark.parametrize(("part", "database", "waits"), [
    ("things", "shop", True), ("things", "other", False), ("things", None, False),
])  # fmt: skip
def test_who_looks_there_meanwhile_sees_what_is_left(part: str, database: str | None, waits: bool) -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=3.0)
        lane = server.lane(cap=5)
        going = asyncio.create_task(lane.execute([statement("revoke", "shop")], Owner().taking()))
        await asyncio.sleep(1)
        look = asyncio.create_task(lane.observe(part, database, ["a"]))
        await asyncio.sleep(1)
        assert (not server.queries) is waits
        await asyncio.gather(look, going)
        await lane.close()

    run_virtually(main())


def test_what_is_looked_at_in_the_background_does_not_wait_nor_does_anybody_after_a_failure() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=3.0)
        lane = server.lane(cap=5)
        going = asyncio.create_task(lane.execute([statement("revoke", "shop")], Owner().taking()))
        await asyncio.sleep(1)
        await lane.observe("things", "shop", ["a"], background=True)
        await going
        with pytest.raises(Wanted):
            await lane.execute([statement("revoke", "shop")], Owner(answers=0).taking())
        await lane.observe("things", "shop", ["a"])
        await lane.close()

    run_virtually(main())
