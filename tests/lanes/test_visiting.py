"""Work with a connection of its own: another login, within the cap of the lane."""

from __future__ import annotations

import asyncio

from dbaas.contracts.engine import MaySend, Session
from dbaas.core.simulation import run_virtually
from fixtures.pretending import PretendServer


def test_a_visit_with_another_login_counts_against_the_cap_and_ends_with_its_connection() -> None:
    async def main() -> None:
        server = PretendServer(work_seconds=0.01)
        lane = server.lane(1)
        closed: list[str] = []

        class Visitor:
            database = "shop"

            async def execute(self, statements: object, may_send: object = None) -> None:
                """Nothing to send."""

            async def close(self) -> None:
                closed.append("closed")

        async def connect() -> Visitor:
            return Visitor()

        async def work(session: Session, may_send: MaySend) -> str:
            may_send()
            asking = asyncio.ensure_future(lane.observe("things", "shop", ["a"]))
            await server.clock.sleep(1.0)
            assert not asking.done(), "the only connection is in use"
            asking.cancel()
            return session.database

        assert await lane.visit("shop", work, connect) == "shop"
        assert closed == ["closed"]
        assert await lane.visit("shop", lambda session, _: _name(session)) == "shop"
        await lane.close()

    run_virtually(main())


async def _name(session: Session) -> str:
    return session.database
