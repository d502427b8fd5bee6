"""Lanes by key."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from dbaas.contracts.engine import Retired, Unreachable
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
        healthy = lanes.open("ns/well", well.engine(), replace(ADDRESS, host="elsewhere"), 3)
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


@pytest.mark.parametrize("host", [ADDRESS.host, "alias"])
def test_different_logins_to_one_server_stay_within_one_cap(host: str) -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=1)
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        lanes.open("ns/main", engine, ADDRESS, 4)
        lanes.open("ns/less", engine, replace(ADDRESS, host=host, username="less"), 3)
        one, other = (lanes.join(key, "id-1") for key in ("ns/main", "ns/less"))
        assert one is not other
        looks = [lane.observe("things", f"db-{number}", ["a"]) for number in range(20) for lane in (one, other)]
        await asyncio.gather(*looks)
        assert server.most_open == 3 and sum(server.connects.values()) == 40
        await lanes.close_all()
        assert server.open_now == 0

    run_virtually(main())


def test_what_is_too_much_is_closed_when_two_turn_out_to_be_one() -> None:
    async def main() -> None:
        server = PretendServer()
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        one = lanes.open("ns/main", engine, ADDRESS, 3)
        other = lanes.open("ns/less", engine, replace(ADDRESS, host="alias", username="less"), 3)
        for lane in (one, other):
            await asyncio.gather(*(lane.observe("things", f"db-{number}", ["a"]) for number in range(3)))
        assert server.open_now == 6
        for key in ("ns/main", "ns/less"):
            lanes.join(key, "id-1")
        await server.clock.sleep(0.1)
        assert server.open_now == 3
        await lanes.close_all()

    run_virtually(main())


def test_different_logins_do_not_change_the_same_thing_at_once() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=1)
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        lanes.open("ns/main", engine, ADDRESS, 4)
        lanes.open("ns/less", engine, replace(ADDRESS, host="alias", username="less"), 4)
        found = [lanes.join(key, "id-1") for key in ("ns/main", "ns/less")]
        work = [Statement(f"{number}", locks=frozenset({"role:app"})) for number in range(2)]
        await asyncio.gather(*(lane.execute([each]) for each, lane in zip(work, found, strict=True)))
        assert len(server.executed) == 2 and not server.overlaps
        await lanes.close_all()

    run_virtually(main())


def test_one_address_of_two_servers_is_told_apart() -> None:
    """As of a pooler that leads to a server by the database that is asked for."""

    async def main() -> None:
        server = PretendServer()
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        one = lanes.open("ns/main", engine, ADDRESS, 3)
        other = lanes.open("ns/less", engine, replace(ADDRESS, username="less"), 3)
        assert one.pool.shared is other.pool.shared
        lanes.join("ns/main", "id-1")
        lanes.join("ns/less", "id-2")
        assert one.pool.shared is not other.pool.shared
        await lanes.close_all()

    run_virtually(main())


def test_what_an_old_lane_still_has_counts() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=5)
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        old = lanes.open("ns/main", engine, ADDRESS, 2)
        under_way = [asyncio.create_task(old.observe("things", name, ["a"])) for name in "ab"]
        await server.clock.sleep(1)
        new = lanes.open("ns/main", engine, replace(ADDRESS, password=Secret("new")), 2)
        assert await new.observe("things", "c", ["a"])
        await asyncio.gather(*under_way)
        assert server.most_open == 2
        await lanes.close_all()

    run_virtually(main())


def test_whoever_holds_a_lane_that_another_replaces_is_told_to_ask_anew() -> None:
    async def main() -> None:
        server = PretendServer()
        lanes, engine = ServerLanes(server.clock, SeededRandomness(1)), server.engine()
        opened = [lanes.open("ns/main", engine, ADDRESS, 4), lanes.open("ns/more", engine, ADDRESS, 4)]
        kept = [lanes.join(key, "id-1") for key in ("ns/main", "ns/more")][-1]
        await server.clock.sleep(0.1)
        (left,) = (lane for lane in opened if lane is not kept)
        with pytest.raises(Retired):
            await left.observe("things", "db", ["a"])
        assert await kept.observe("things", "db", ["a"]) is not None
        await lanes.close_all()

    run_virtually(main())
