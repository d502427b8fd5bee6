"""Lanes by key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dbaas.contracts.engine import Unreachable
from dbaas.contracts.leadership import NotLeading
from dbaas.contracts.statement import Statement
from dbaas.core.randomness import SeededRandomness
from dbaas.core.secrets import Secret
from dbaas.core.simulation import run_virtually
from dbaas.lanes.lanes import ServerLanes
from fixtures.electing import Turn
from fixtures.pretending import ADDRESS, PretendServer


def test_the_same_address_keeps_its_lane() -> None:
    async def main() -> None:
        server = PretendServer()
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        lane = lanes.open("ns/main", engine, ADDRESS, 3)
        assert lanes.open("ns/main", engine, replace(ADDRESS), 3) is lane is lanes.get("ns/main")
        assert lanes.open("ns/other", engine, ADDRESS, 3) is not lane
        assert server.open_now == 0
        await lanes.close_all()
        assert lanes.get("ns/main") is None

    run_virtually(main())


def test_a_new_address_gets_a_new_lane_and_the_old_one_finishes_what_it_does() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=5)
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        old = lanes.open("ns/main", engine, ADDRESS, 3)
        under_way = asyncio.create_task(old.observe("things", None, ["a"]))
        await server.clock.sleep(1)
        new = lanes.open("ns/main", engine, replace(ADDRESS, password=Secret("new")), 3)
        assert new is not old
        assert await under_way
        with pytest.raises(Unreachable):
            await old.observe("things", None, ["a"])
        assert await new.observe("things", None, ["a"])
        assert server.open_now == 1
        await lanes.close_all()
        assert server.open_now == 0

    run_virtually(main())


def test_closing_what_is_not_there_is_no_error() -> None:
    async def main() -> None:
        server = PretendServer()
        lanes = ServerLanes(server.clock, SeededRandomness(1))
        await lanes.close("ns/main")
        lanes.open("ns/main", server.engine(), ADDRESS, 3)
        await lanes.close("ns/main")
        await lanes.close_all()

    run_virtually(main())


def test_a_server_that_hangs_does_not_disturb_another() -> None:
    async def main() -> None:
        sick, well = PretendServer(connect_seconds=10, down=Unreachable("timeout")), PretendServer(connect_seconds=0)
        lanes = ServerLanes(well.clock, SeededRandomness(1))
        hanging = lanes.open("ns/sick", sick.engine(), ADDRESS, 3)
        healthy = lanes.open("ns/well", well.engine(), ADDRESS, 3)
        waiting = [asyncio.create_task(hanging.observe("things", f"db{n}", None)) for n in range(20)]
        for _ in range(10):
            await healthy.observe("things", None, ["a"])
        assert well.clock.monotonic() < 0.1
        await asyncio.gather(*waiting, return_exceptions=True)
        await lanes.close_all()

    run_virtually(main())


def test_all_lanes_ask_the_same_leadership() -> None:
    async def main() -> None:
        server, turn = PretendServer(), Turn()
        lanes = ServerLanes(server.clock, SeededRandomness(1), leadership=turn)
        turn.lasts = False
        for key in ("ns/main", "ns/other"):
            with pytest.raises(NotLeading):
                await lanes.open(key, server.engine(), ADDRESS, 3).execute([Statement("a")])
        assert server.executed == []
        await lanes.close_all()

    run_virtually(main())


def test_two_ways_to_one_server_share_a_lane_and_its_cap() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=1)
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        lanes.open("ns/main", engine, ADDRESS, 3)
        lanes.join("ns/main", "id-1")
        alias = replace(ADDRESS, host="alias")
        lanes.open("ns/alias", engine, alias, 5)
        shared = lanes.join("ns/alias", "id-1")
        assert shared is lanes.get("ns/main") is lanes.open("ns/alias", engine, alias, 5)
        names = [f"db-{number}" for number in range(20)]
        for number, name in enumerate(names):
            lane = lanes.get("ns/main" if number % 2 else "ns/alias")
            assert lane is not None
            await asyncio.gather(lane.observe("things", name, ["a"]), lane.observe("things", f"{name}-2", ["a"]))
        assert server.most_open <= 3
        await lanes.close("ns/main")
        assert (await shared.observe("things", None, ["a"]))["a"] == "a in admin-db"
        await lanes.close_all()

    run_virtually(main())


def test_another_login_or_another_server_has_a_lane_of_its_own() -> None:
    async def main() -> None:
        server = PretendServer()
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        first = lanes.open("ns/main", engine, ADDRESS, 3)
        lanes.join("ns/main", "id-1")
        lanes.open("ns/less", engine, replace(ADDRESS, username="less"), 3)
        lanes.open("ns/far", engine, replace(ADDRESS, host="far"), 3)
        assert lanes.join("ns/less", "id-1") is not first
        assert lanes.join("ns/far", "id-2") is not first
        await lanes.close_all()

    run_virtually(main())
