"""Connections of several lanes to one server: the cap of all, and whose turn it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaas.contracts.engine import Unreachable
from dbaas.core.simulation import run_virtually
from dbaas.lanes.pool import Pool
from dbaas.lanes.sharing import GRANTS_IN_A_ROW, Shared
from fixtures.pretending import ADDRESS, PretendServer


def pools_of(server: PretendServer, *caps: int, kept: str | None = None) -> list[Pool]:
    shared = Shared(server.clock)
    return [Pool(lambda name: server.connect(ADDRESS, name), cap, server.clock, kept, shared) for cap in caps]


async def visit(server: PretendServer, pool: Pool, database: str, seconds: float = 1) -> float:
    async with pool.lease(database):
        await server.clock.sleep(seconds)
    return server.clock.monotonic()


def test_the_idle_connection_of_another_makes_room_even_while_it_lingers() -> None:
    async def main() -> None:
        server = PretendServer()
        one, other = pools_of(server, 2, 2, kept="a")
        for database in "ab":
            async with one.lease(database, linger=50):
                pass
        began = server.clock.monotonic()
        assert await visit(server, other, "a") - began < 2
        assert server.most_open == 2 and server.open_now == 2 and other.connections == 1
        await asyncio.gather(one.close(), other.close())

    run_virtually(main())


def test_background_work_waits_for_what_lingers_elsewhere() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0)
        one, other = pools_of(server, 1, 1)
        async with one.lease("a", linger=5):
            pass
        async with other.lease("a", background=True):
            assert server.clock.monotonic() == pytest.approx(5)
        await asyncio.gather(one.close(), other.close())

    run_virtually(main())


def test_whoever_has_fewer_is_served_first_and_equals_take_turns() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0)
        order: list[int] = []
        pools = pools_of(server, 1, 1)

        async def note(number: int) -> None:
            async with pools[number].lease("a"):
                order.append(number)
                await server.clock.sleep(1)

        many = 3 * GRANTS_IN_A_ROW
        waiting = [asyncio.create_task(note(0)) for _ in range(many)]
        await server.clock.sleep(0.5)
        waiting += [asyncio.create_task(note(1)) for _ in range(many)]
        await asyncio.gather(*waiting)
        first = order.index(1)
        assert first <= GRANTS_IN_A_ROW + 1
        assert Counter(order[first : first + 2 * GRANTS_IN_A_ROW]) == {0: GRANTS_IN_A_ROW, 1: GRANTS_IN_A_ROW}
        assert server.connects["a"] <= 7  # a connection changes hands once in a while, not each time
        await asyncio.gather(*(pool.close() for pool in pools))

    run_virtually(main())


def test_a_probe_of_one_comes_before_the_changes_of_all() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0)
        one, other = pools_of(server, 1, 1)
        waiting = [asyncio.create_task(visit(server, one, "a")) for _ in range(5)]
        await server.clock.sleep(0.5)
        async with other.lease("a", urgent=True):
            assert server.clock.monotonic() == 1
        await asyncio.gather(*waiting)
        await asyncio.gather(one.close(), other.close())

    run_virtually(main())


def test_background_work_of_all_leaves_one_connection_free() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0)
        one, other = pools_of(server, 3, 3)

        async def drift(pool: Pool, name: str) -> None:
            async with pool.lease(name, background=True):
                await server.clock.sleep(10)

        drifting = [asyncio.create_task(drift(pool, name)) for pool in (one, other) for name in "ab"]
        await server.clock.sleep(1)
        assert await visit(server, other, "c") == 2
        await asyncio.gather(*drifting)
        await asyncio.gather(one.close(), other.close())

    run_virtually(main())


def test_one_that_has_left_gives_its_room_to_the_others() -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0)
        one, other = pools_of(server, 5, 1)
        assert await asyncio.gather(*(visit(server, one, name) for name in "abc")) == [1, 2, 3]
        await other.close()
        assert await asyncio.gather(*(visit(server, one, name) for name in "abc")) == [4, 4, 4]
        await one.close()

    run_virtually(main())


VISITS = st.lists(
    st.tuples(
        st.integers(0, 2), st.sampled_from("abk"), st.booleans(), st.integers(0, 3),
        st.sampled_from(["ends", "breaks", "is given up"]), st.integers(0, 1),
    ),
    max_size=30,
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(VISITS, st.integers(1, 4))
def test_whatever_happens_all_are_served_within_the_cap(
    visits: Sequence[tuple[int, str, bool, int, str, int]], cap: int
) -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0.5)
        pools = pools_of(server, cap, cap + 1, cap + 2, kept="k")
        ended = 0

        async def use(number: int, database: str, background: bool, seconds: int, end: str, linger: int) -> None:
            nonlocal ended
            async with pools[number].lease(database, background=background, linger=linger) as session:
                assert session.database == database
                await server.clock.sleep(seconds)
                ended += 1
                if end == "breaks":
                    raise Unreachable("it broke")

        tasks = [asyncio.create_task(use(*one)) for one in visits]
        for number, (task, one) in enumerate(zip(tasks, visits, strict=True)):
            if one[4] == "is given up":
                await server.clock.sleep(number % 3 * 0.4)
                task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert server.most_open <= cap
        assert server.clock.monotonic() < 8 * len(visits) + 1  # nobody waits for what idles
        assert sum(isinstance(each, asyncio.CancelledError) for each in outcomes) + ended >= len(visits)
        assert server.open_now == sum(pool.connections for pool in pools)
        for pool in pools:
            await pool.close()
        assert server.open_now == sum(pool.connections for pool in pools) == 0

    run_virtually(main())
