"""One statement by the extended protocol, on real servers."""

from __future__ import annotations

import psycopg
import pytest

from dbaas.engines.postgres.sending import send_one
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server


async def test_its_tag_is_told_whether_it_has_rows_or_not(postgres: TestServer) -> None:
    async with await log_in(postgres.address) as connection:
        assert await send_one(connection, b"SELECT 1 WHERE false") == "SELECT 0"
        assert await send_one(connection, b"SELECT generate_series(1, 3)") == "SELECT 3"
        assert await send_one(connection, b"DISCARD ALL;") == "DISCARD ALL"


@pytest.mark.parametrize(
    "statement", [b"SELECT 1 / 0", b"SELECT 1; SELECT 2", b"SELECT 1 / (3 - n) FROM generate_series(1, 9) AS n"]
)
async def test_after_a_failure_the_connection_is_as_it_was(postgres: TestServer, statement: bytes) -> None:
    async with await log_in(postgres.address) as connection:
        with pytest.raises(psycopg.Error):
            await send_one(connection, statement)
        assert await send_one(connection, b"SELECT 1") == "SELECT 1"


@pytest.mark.parametrize("statement", [b"COPY (SELECT 1) TO STDOUT", b"COPY pg_temp.t FROM STDIN"])
async def test_one_that_wants_to_copy_rows_is_not_waited_for(postgres: TestServer, statement: bytes) -> None:
    connection = await log_in(postgres.address)
    await connection.execute(b"CREATE TEMPORARY TABLE t (a int)")
    with pytest.raises(psycopg.NotSupportedError):
        await send_one(connection, statement)
    assert connection.closed
