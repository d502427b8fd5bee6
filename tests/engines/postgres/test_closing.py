"""When a session is closed, the server has one fewer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from time import monotonic

import psycopg
import pytest

from dbaas.engines.postgres.closing import LONGEST_SECONDS, close
from fixtures.postgres import TestServer, log_in, named

pytestmark = pytest.mark.real_server
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


async def enter(server: TestServer, application: str) -> psycopg.AsyncConnection:
    connection = await log_in(replace(named(server.address, application), options={}))
    await connection.execute("SELECT set_config('application_name', %s, false)", (application,))
    return connection


async def test_the_server_has_let_go_of_a_session_that_is_closed(postgres: TestServer, prefix: str) -> None:
    async with await log_in(postgres.address) as admin:
        for _ in range(20):
            connection = await enter(postgres, prefix)
            await close(connection)
            assert connection.closed
            assert await (await admin.execute(COUNT, (prefix,))).fetchone() == (0,)


async def test_one_that_is_busy_is_not_waited_for(postgres_18: TestServer, prefix: str) -> None:
    connection = await enter(postgres_18, prefix)
    busy = asyncio.create_task(connection.execute("SELECT pg_sleep(3)"))
    while connection.info.transaction_status != psycopg.pq.TransactionStatus.ACTIVE:
        await asyncio.sleep(0)
    began = monotonic()
    await close(connection)
    assert monotonic() - began < LONGEST_SECONDS
    busy.cancel()
    await asyncio.gather(busy, return_exceptions=True)


async def test_to_close_twice_is_no_error(postgres_18: TestServer, prefix: str) -> None:
    connection = await enter(postgres_18, prefix)
    await close(connection)
    await close(connection)
