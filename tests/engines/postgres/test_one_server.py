"""Two instances that are one real server: other namespaces, other logins, one set of connections, one index."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from dbaas.api.database import DATABASE
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.engine import Address
from dbaas.contracts.reconcile import PATIENCE_SECONDS
from dbaas.core.clock import SystemClock
from fixtures.grounds import Ground
from fixtures.inhabited import introduce, plain_login, real_world
from fixtures.postgres import TestServer, log_in, own_server
from simulation.world import World

pytestmark = [pytest.mark.real_server, pytest.mark.timeout(180)]
CAP = 4
UNITS = 12
OURS = "SELECT usename FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
LOOK_SECONDS = 0.002


@pytest.fixture(scope="module", params=["15", "18"])
def small_server(request: pytest.FixtureRequest) -> Iterator[TestServer]:
    """With room for few; a server that is full refuses whoever comes next."""
    with own_server(request.param, max_connections="20") as server:
        yield server


@dataclass
class Watch:
    """How many connections were there at once, and whose."""

    most: int = 0
    logins: set[str] = field(default_factory=set)

    async def look(self, address: Address) -> None:
        async with await log_in(address) as connection:
            while True:
                rows = await (await connection.execute(OURS.encode())).fetchall()
                self.most = max(self.most, len(rows))
                self.logins |= {name for (name,) in rows}
                await SystemClock().sleep(LOOK_SECONDS)


@pytest.fixture
async def world(small_server: TestServer, prefix: str, ground: Ground) -> AsyncIterator[World]:
    async with real_world(ground, "team") as world:
        await world.make_namespace("team")
        await introduce(world, small_server.address, maxConnections=CAP + 5)
        await introduce(world, await plain_login(small_server, prefix), "team", maxConnections=CAP)
        yield world


async def settle(world: World, quiet_seconds: float = 0.6) -> None:
    await world.settle(quiet_seconds=quiet_seconds, limit_seconds=120.0)


async def test_under_load_the_server_sees_no_more_connections_than_the_smaller_cap(
    world: World, small_server: TestServer, prefix: str
) -> None:
    await settle(world)
    watch = Watch()
    watching = asyncio.create_task(watch.look(small_server.address))
    here: dict[str, Any] = {"instanceRef": {"name": "main"}}
    for number in range(UNITS):
        for namespace in ("default", "team"):
            name = f"{prefix}-{namespace}-{number}"
            await world.make(DATABASE_USER, name, here, namespace)
            options = {"schemas": [{"name": "sales"}]}
            await world.make(DATABASE, name, {**here, "owner": name, "postgres": options}, namespace)
    await settle(world)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    for number in range(UNITS):
        for namespace in ("default", "team"):
            assert await world.ready(DATABASE, f"{prefix}-{namespace}-{number}", namespace) == ("True", "Applied")
    assert watch.logins >= {"postgres", prefix}
    assert 1 < watch.most <= CAP


async def test_the_younger_of_two_that_claim_one_thing_waits_whatever_its_login(
    world: World, small_server: TestServer, prefix: str
) -> None:
    here = {"instanceRef": {"name": "main"}, "username": f"{prefix}-shared"}
    await settle(world)
    await world.make(DATABASE_USER, "shared", here, "team")
    await world.sources.clock.sleep(1.1)  # creation times have whole seconds
    await world.make(DATABASE_USER, "again", {**here, "postgres": {"connectionLimit": 3}})
    await settle(world, PATIENCE_SECONDS + 0.5)
    assert await world.ready(DATABASE_USER, "shared", "team") == ("True", "Applied")
    assert await world.ready(DATABASE_USER, "again") == ("False", "AlreadyManaged")
    await world.delete(DATABASE_USER, "again")
    await settle(world)
    async with await log_in(small_server.address) as admin:
        asked = "SELECT rolconnlimit FROM pg_roles WHERE rolname = %s"
        rows = await (await admin.execute(asked, [f"{prefix}-shared"])).fetchall()
    assert rows == [(-1,)]
