"""Who gets which connection."""

from __future__ import annotations

import asyncio

from dbaas.core.simulation import run_virtually
from dbaas.lanes.handing import Connections
from fixtures.pretending import ADDRESS, PretendServer


def test_a_connection_that_a_change_has_left_lingers_for_its_own_database() -> None:
    """Whoever comes back within the moment finds it; only then it makes room for another database."""

    async def main() -> None:
        server = PretendServer()
        connections = Connections(1, server.clock)
        await connections.request("a", False)
        session = await server.connect(ADDRESS, "a")
        other = asyncio.create_task(connections.request("b", False))
        await asyncio.sleep(0)
        connections.put_back(session, False, linger=5)
        assert (await connections.request("a", False)).session is session
        began = server.clock.monotonic()
        connections.put_back(session, False, linger=5)
        assert (await other).evicted is session
        assert server.clock.monotonic() - began == 5
        connections.close()

    run_virtually(main())


def test_what_does_not_linger_makes_room_at_once() -> None:
    async def main() -> None:
        server = PretendServer()
        connections = Connections(1, server.clock)
        await connections.request("a", True)
        session = await server.connect(ADDRESS, "a")
        other = asyncio.create_task(connections.request("b", True))
        await asyncio.sleep(0)
        began = server.clock.monotonic()
        connections.put_back(session, True)
        assert (await other).evicted is session and server.clock.monotonic() == began
        connections.close()

    run_virtually(main())


def test_the_way_to_what_all_databases_share_is_kept() -> None:
    """And those who want it are served though the first in the line cannot be."""

    async def main() -> None:
        server = PretendServer()
        connections = Connections(2, server.clock, kept="shared")
        for database in ("shared", "a"):
            await connections.request(database, False)
        other = asyncio.create_task(connections.request("b", False))
        await asyncio.sleep(0)
        shared = await server.connect(ADDRESS, "shared")
        for _ in range(20):
            connections.put_back(shared, False)
            assert (await connections.request("shared", False)).session is shared
        assert not other.done()
        busy = await server.connect(ADDRESS, "a")
        connections.put_back(busy, False)
        assert (await other).evicted is busy
        connections.close()

    run_virtually(main())


def test_nothing_lingers_while_there_is_room() -> None:
    async def main() -> None:
        server = PretendServer()
        connections = Connections(2, server.clock)
        await connections.request("a", False)
        connections.put_back(await server.connect(ADDRESS, "a"), False, linger=5)
        began = server.clock.monotonic()
        grant = await connections.request("b", False)
        assert grant.session is grant.evicted is None and server.clock.monotonic() == began
        assert connections.count == 2
        connections.close()

    run_virtually(main())
