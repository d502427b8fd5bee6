"""The pool: its cap, its order, and what happens when somebody gives up or something breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dbaas.contracts.engine import Denied, Unreachable
from dbaas.core.simulation import run_virtually
from dbaas.lanes.handing import IDLE_SECONDS
from dbaas.lanes.pool import Pool
from fixtures.pretending import ADDRESS, PretendServer


def pool_of(server: PretendServer, cap: int = 2) -> Pool:
    return Pool(lambda database: server.connect(ADDRESS, database), cap, server.clock)


def test_a_warm_connection_is_used_again() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server)
        for _ in range(3):
            async with pool.lease("a"):
                pass
        assert server.connects["a"] == 1 and pool.connections == 1
        await pool.close()

    run_virtually(main())


def test_at_the_cap_the_one_that_has_been_idle_longest_makes_room() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server)
        for database in "abcb":
            async with pool.lease(database):
                pass
        assert server.connects == {"a": 1, "b": 1, "c": 1} and server.most_open == 2
        await pool.close()

    run_virtually(main())


def test_a_connection_survives_a_refusal_and_not_a_break() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server)
        for error, left in ((Denied("no"), 1), (Unreachable("it broke"), 0), (KeyError("a bug"), 0)):
            with pytest.raises(type(error)):
                async with pool.lease("a"):
                    raise error
            assert server.open_now == pool.connections == left
        await pool.close()

    run_virtually(main())


def test_an_idle_connection_is_not_kept_for_long() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server)
        async with pool.lease("a"):
            pass
        await server.clock.sleep(IDLE_SECONDS - 1)
        assert server.open_now == 1
        await server.clock.sleep(2)
        assert server.open_now == pool.connections == 0
        await pool.close()

    run_virtually(main())


def test_background_work_leaves_one_connection_free() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server, cap=3)

        async def work(name: str, background: bool) -> float:
            async with pool.lease(name, background=background):
                await server.clock.sleep(10)
            return server.clock.monotonic()

        drift = [asyncio.create_task(work(name, True)) for name in "abcd"]
        await server.clock.sleep(1)
        assert await work("e", False) < 12
        await asyncio.gather(*drift)
        await pool.close()

    run_virtually(main())


def test_a_connection_that_is_tried_out_stays_within_the_cap_and_is_kept() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server, cap=1)
        async with pool.lease("b"):
            trying = asyncio.create_task(pool.try_out("a", lambda: server.connect(ADDRESS, "a")))
            await server.clock.sleep(1)
            assert not trying.done()
        await trying
        assert server.most_open == pool.connections == 1
        async with pool.lease("a"):
            pass
        assert server.connects == {"a": 1, "b": 1}
        await pool.close()

    run_virtually(main())


def test_one_that_cannot_be_tried_out_leaves_its_place() -> None:
    async def main() -> None:
        server = PretendServer(down=Unreachable("no answer"))
        pool = pool_of(server, cap=1)
        with pytest.raises(Unreachable):
            await pool.try_out("a", lambda: server.connect(ADDRESS, "a"))
        assert pool.connections == 0
        await pool.close()

    run_virtually(main())


def test_after_closing_nothing_is_handed_out() -> None:
    async def main() -> None:
        server = PretendServer()
        pool = pool_of(server, cap=1)
        async with pool.lease("a"):
            waiting = asyncio.create_task(pool.lease("b").__aenter__())
            await asyncio.sleep(0)
            await pool.close()
            with pytest.raises(Unreachable):
                await waiting
        assert server.open_now == 0
        with pytest.raises(Unreachable):
            await pool.lease("a").__aenter__()

    run_virtually(main())


VISITS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.booleans(), st.integers(0, 5), st.sampled_from(["ends", "breaks", "is given up"])
    ),
    max_size=25,
)


@settings(deadline=None, max_examples=150)
@given(VISITS, st.integers(1, 4))
def test_whatever_happens_the_cap_holds_and_everything_is_given_back(
    visits: Sequence[tuple[str, bool, int, str]], cap: int
) -> None:
    async def main() -> None:
        server = PretendServer(connect_seconds=0.5)
        pool = pool_of(server, cap)

        async def visit(database: str, background: bool, seconds: int, end: str) -> None:
            async with pool.lease(database, background=background) as session:
                assert session.database == database
                await server.clock.sleep(seconds)
                if end == "breaks":
                    raise Unreachable("it broke")

        tasks = [asyncio.create_task(visit(*one)) for one in visits]
        for number, (task, one) in enumerate(zip(tasks, visits, strict=True)):
            if one[3] == "is given up":
                await server.clock.sleep(number % 3 * 0.4)
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert server.most_open <= cap
        assert server.open_now == pool.connections
        await pool.close()
        assert server.open_now == pool.connections == 0

    run_virtually(main())
