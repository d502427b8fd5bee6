"""What a role has on a server, as real servers tell it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest

from dbaas.contracts.parting import MOST_NAMED, Belonging
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.belongings import Belongings, ObservedBelongings, Place
from dbaas.engines.postgres.engine import build_engine
from dbaas.lanes.lane import ServerLane
from dbaas.lanes.lanes import ServerLanes
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server


@pytest.fixture
def lane(lanes: ServerLanes, postgres: TestServer) -> ServerLane:
    return lanes.open("belongings", build_engine(InlineOffload()), postgres.address, 2)


@pytest.fixture
async def admin(postgres: TestServer) -> AsyncIterator[psycopg.AsyncConnection]:
    async with await log_in(postgres.address) as connection:
        yield connection


async def observe(lane: ServerLane, role: str, database: str | None = None) -> ObservedBelongings:
    found: ObservedBelongings = (await lane.observe("belongings", database, [role]))[role]
    return found


async def test_it_is_counted_everywhere_and_named_in_one_database(
    lane: ServerLane, admin: psycopg.AsyncConnection, postgres: TestServer, prefix: str
) -> None:
    await admin.execute(f"CREATE ROLE {prefix}")
    await admin.execute(f"CREATE DATABASE {prefix} OWNER {prefix}")
    await admin.execute(f"GRANT CONNECT ON DATABASE postgres TO {prefix}")
    async with await log_in(postgres.address, prefix) as inside:
        await inside.execute(f'CREATE SCHEMA "Sales" AUTHORIZATION {prefix}')
        await inside.execute(f'CREATE TABLE "Sales".orders (id int); ALTER TABLE "Sales".orders OWNER TO {prefix}')
        await inside.execute(f"CREATE TABLE public.t (); GRANT SELECT ON public.t TO {prefix}")
    seen = await observe(lane, prefix)
    assert seen.places == (Place("", 1, 1), Place(prefix, 2, 1))
    assert seen.owned == (Belonging("", "", prefix, "database"),)
    assert set((await observe(lane, prefix, prefix)).owned) == {
        Belonging("", "", prefix, "database"), Belonging(prefix, "", '"Sales"', "schema"),
        Belonging(prefix, '"Sales"', "orders", "table"),
    }  # fmt: skip


async def test_only_the_first_things_are_named(lane: ServerLane, admin: psycopg.AsyncConnection, prefix: str) -> None:
    await admin.execute(f"CREATE ROLE {prefix}; CREATE SCHEMA {prefix} AUTHORIZATION {prefix}")
    for number in range(MOST_NAMED + 5):
        await admin.execute(f"CREATE TABLE {prefix}.t{number} (); ALTER TABLE {prefix}.t{number} OWNER TO {prefix}")
    seen = await observe(lane, prefix)
    assert len(seen.owned) == MOST_NAMED and seen.places == (Place("postgres", MOST_NAMED + 6, 0),)
    await admin.execute(f"DROP SCHEMA {prefix} CASCADE")
    assert prefix not in await lane.observe("belongings", None, [prefix])


def test_it_is_only_looked_at() -> None:
    assert Belongings().keys(None) == frozenset()
