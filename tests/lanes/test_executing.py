"""Statements on their way: what takes long and what does not share a server's connections; nothing is done twice."""

from __future__ import annotations

import asyncio

from dbaas.contracts.engine import Retryable
from dbaas.core.simulation import run_virtually
from fixtures.pretending import PretendServer, statement


def test_dropping_databases_leaves_a_connection_for_the_rest() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=60.0)
        lane = server.lane(cap=3)
        drops = [
            asyncio.create_task(lane.execute([statement(f"drop {name}", vacates=name, transactional=False)]))
            for name in ("a", "b", "c", "d", "e")
        ]
        await asyncio.sleep(1)
        await lane.execute([statement("create f")])
        assert len(server.executed) == 2  # one drop began before it; the other four wait
        await asyncio.gather(*drops)
        await lane.close()

    run_virtually(main())


def test_what_takes_long_leaves_connections_for_short_changes_and_is_not_starved_by_them() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=1.0)
        lane = server.lane(cap=5)
        began: list[str] = []

        async def run(name: str, *, transactional: bool) -> None:
            await lane.execute([statement(name, transactional=transactional), statement(f"after {name}")])
            began.append(name)

        long = [asyncio.create_task(run(f"long{number}", transactional=False)) for number in range(30)]
        short = [asyncio.create_task(run(f"short{number}", transactional=True)) for number in range(30)]
        await asyncio.gather(*long, *short)
        half = began[:30]
        assert 8 <= sum(name.startswith("long") for name in half) <= 18, half
        await lane.close()

    run_virtually(main())


def test_statements_of_one_database_share_a_connection_and_what_is_done_is_not_done_again() -> None:
    async def main() -> None:
        server = PretendServer(failures={"second": [Retryable("deadlock"), Retryable("deadlock")]})
        lane = server.lane(cap=5)
        await lane.execute([statement("first", transactional=False), statement("second"), statement("inside", "shop")])
        assert [texts for _, texts in server.executed] == [("first",), ("second",), ("inside",)]
        assert server.connects == {"admin-db": 1, "shop": 1}
        await lane.close()

    run_virtually(main())
