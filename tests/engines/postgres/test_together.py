"""Many changes at once through one lane on a real server: few connections, few queries, no lost races."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest

from dbaas.contracts.engine import Address, Item, Login
from dbaas.core.clock import SystemClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.databases import DesiredDatabase
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.privileges.entries import DesiredPrivileges, Entry, Target
from dbaas.engines.postgres.roles import DesiredRole
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.lanes import ServerLanes
from dbaas.lanes.metering import LaneEvent
from fixtures.engines import Applier
from fixtures.postgres import TestServer, log_in, named

pytestmark = pytest.mark.real_server
USERS = 60
CAP = 5


async def apply_all(applier: Applier, items: Sequence[Item]) -> None:
    await asyncio.gather(*map(applier.apply, items))


@pytest.fixture
def events() -> list[LaneEvent]:
    return []


@pytest.fixture
async def applier(postgres: TestServer, prefix: str, events: list[LaneEvent]) -> AsyncIterator[Applier]:
    lanes = ServerLanes(SystemClock(), SeededRandomness(1), meter=events.append)
    engine = build_engine(InlineOffload())
    yield Applier(engine, lanes.open("together", engine, named(postgres.address, prefix), CAP))
    await lanes.close_all()


async def test_sixty_users_with_grants_on_the_same_things(
    applier: Applier, prefix: str, events: list[LaneEvent]
) -> None:
    names = [f"{prefix}-{number}" for number in range(USERS)]
    await applier.apply(Item("databases", None, prefix, DesiredDatabase(prefix)))
    await apply_all(applier, [Item("roles", None, n, DesiredRole(n, login=Login(Secret("x"), "1"))) for n in names])
    entries = frozenset(
        {Entry(Target("schema", name="public"), "USAGE"), Entry(Target("table", "public", grantor=""), "SELECT")}
    )
    inside = [Item("privileges", prefix, n, DesiredPrivileges(n, entries, prefix)) for n in names]
    outside = frozenset({Entry(Target("database", name=prefix), "CONNECT")})
    await apply_all(
        applier, [*inside, *(Item("databasePrivileges", None, n, DesiredPrivileges(n, outside)) for n in names)]
    )
    for item in inside:
        assert not await applier.plan(item)
    assert sum(event.work == "connect" for event in events) <= 2 * CAP
    assert not [event.failure for event in events if event.failure]
    asked = [event for event in events if event.work == "observe"]
    assert len(asked) < 3 * USERS, "of seven requests a user most come together and are asked together"


async def test_a_lane_that_was_cut_off_works_again(lanes: ServerLanes, postgres_18: TestServer, prefix: str) -> None:
    """As after a restart of the server: idle connections are dead, and reading finds out by itself."""
    address: Address = named(postgres_18.address, prefix)
    lane: ServerLane = lanes.open("cut", build_engine(InlineOffload()), address, CAP)
    await asyncio.gather(lane.observe("roles", None, ["postgres"]), lane.observe("schemas", "template1", None))
    async with await log_in(replace(address, options={})) as admin:
        await admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s", (prefix,)
        )
    assert "postgres" in await lane.observe("roles", None, ["postgres"])
    assert (await lane.facts(fresh=True)).login == "postgres"
