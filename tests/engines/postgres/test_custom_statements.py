"""Declared statements on real servers: whatever is put into them stays a value, and what goes on can be ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import pytest

from dbaas.api.database_engine import EngineOperation
from dbaas.contracts.custom import Frame, Value
from dbaas.contracts.engine import EngineError, Missing, Retryable, may_always_send
from dbaas.contracts.leadership import NotLeading
from dbaas.contracts.parameters import read_parameters
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.custom_statements import PostgresCustomStatements
from dbaas.engines.postgres.ready_made import OPERATIONS
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession
from fixtures.postgres import TestServer, log_in

pytestmark = pytest.mark.real_server
CONNECT = PostgresConnect(InlineOffload())
CUSTOM = PostgresCustomStatements(CONNECT)
HOSTILE = (
    "'; DROP TABLE x; --", '"; DROP TABLE x; --', "\\", "\\'", "$$", "$(b)", "{b}", "%s", "/*", "--", "a\nb", "''",
    "E'", "é\u2028",
)  # fmt: skip


@asynccontextmanager
async def opened(server: TestServer, name: str, **limits: float) -> AsyncIterator[PostgresSession]:
    frame = Frame(name, **{"seconds": 60.0, "lock_seconds": 10.0, **limits})
    session = await CUSTOM.connect(server.address, None, frame)
    try:
        yield session
    finally:
        await session.close()


async def run(session: PostgresSession, sql: str, **values: Value) -> str:
    assert CUSTOM.check(sql) == []
    return await CUSTOM.run(session, CUSTOM.compose(sql, values), may_always_send)


def string(text: str) -> Value:
    return Value("String", text)


def identifier(text: str) -> Value:
    return Value("Identifier", text)


async def test_whatever_is_given_is_one_value_or_one_name(postgres: TestServer, prefix: str) -> None:
    async with opened(postgres, prefix) as session:
        schema = identifier(prefix)
        await run(session, "CREATE SCHEMA $(schema)", schema=schema)
        for number, text in enumerate(HOSTILE):
            table = identifier(f"{number}{text}"[:40])
            create = "CREATE TABLE $(schema).$(table) (a text, b int, c bool)"
            await run(session, create, schema=schema, table=table)
            insert = "INSERT INTO $(schema).$(table) SELECT $(a), 5 -$(b), $(c) -- {} %s\n;"
            values = {"a": string(text), "b": Value("Integer", -3), "c": Value("Boolean", False)}
            assert await run(session, insert, schema=schema, table=table, **values) == "INSERT 0 1"
            query = CUSTOM.compose("SELECT a, b, c FROM $(schema).$(table)", {"schema": schema, "table": table})
            connection = await log_in(postgres.address)
            async with connection:
                rows = await (await connection.execute(str(query).encode())).fetchall()
            assert rows == [(text, 8, False)]
        await run(session, "DROP SCHEMA $(schema) CASCADE", schema=schema)


async def test_what_the_server_takes_only_outside_of_transactions_is_run(postgres: TestServer, prefix: str) -> None:
    async with opened(postgres, prefix) as session:
        await run(session, "CREATE SCHEMA $(schema)", schema=identifier(prefix))
        await run(session, "CREATE TABLE $(schema).t (a int PRIMARY KEY)", schema=identifier(prefix))
        for operation in OPERATIONS[:2]:
            told = await run_ready_made(session, operation["name"], database="postgres", schema=prefix, table="t")
            assert told in ("VACUUM", "REINDEX")
        await run(session, "DROP SCHEMA $(schema) CASCADE", schema=identifier(prefix))


async def run_ready_made(session: PostgresSession, name: str, **given: str) -> str:
    (found,) = [each for each in OPERATIONS if each["name"] == name]
    operation = EngineOperation.model_validate(found)
    values, wrong = read_parameters(operation, given, CUSTOM)
    assert wrong == []
    (statement,) = operation.statements
    return await CUSTOM.run(session, CUSTOM.compose(statement.sql, values), may_always_send)


async def test_sessions_of_a_user_are_ended_and_those_of_administrators_never(
    postgres: TestServer, prefix: str
) -> None:
    async with opened(postgres, prefix) as session:
        await run(session, "CREATE ROLE $(user)", user=identifier(prefix))
        mine = await CONNECT(postgres.address, None)
        administrator = postgres.address.username
        assert await run_ready_made(session, "terminate-sessions", user=prefix) == "SELECT 0"
        assert await run_ready_made(session, "terminate-sessions", user=administrator) == "SELECT 0"
        assert (await mine.fetch("SELECT 1")) == [(1,)]
        await mine.close()
        await run(session, "DROP ROLE $(user)", user=identifier(prefix))


async def test_rows_are_thrown_away_and_counted(postgres: TestServer, prefix: str) -> None:
    async with opened(postgres, prefix) as session:
        assert (
            await run(session, "SELECT * FROM generate_series(1, $(n)) AS n", n=Value("Integer", 20000))
            == "SELECT 20000"
        )


async def test_the_server_itself_takes_no_second_statement(postgres: TestServer, prefix: str) -> None:
    async with opened(postgres, prefix) as session:
        with pytest.raises(EngineError, match="multiple commands"):
            await CUSTOM.run(session, CUSTOM.compose("SELECT 1; SELECT 2", {}), may_always_send)
        assert await run(session, "SELECT 1") == "SELECT 1"


async def test_an_error_tells_neither_statement_nor_values_nor_rows(postgres: TestServer, prefix: str) -> None:
    async with opened(postgres, prefix) as session:
        with pytest.raises(Missing) as told:
            await run(session, "SELECT * FROM $(schema).$(table)", schema=identifier(prefix), table=identifier("gold"))
        assert told.value.message == 'the server refuses the statement: relation "$(schema).$(table)" does not exist'
        assert told.value.__cause__ is None
        raising = "DO $x$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'row 4711', HINT = 'look'; END $x$"
        with pytest.raises(EngineError) as told_by_us:
            await run(session, raising)
        assert told_by_us.value.message == "the server refuses the statement: no"


async def test_nothing_is_sent_by_one_who_may_not(postgres: TestServer, prefix: str) -> None:
    def may_not() -> None:
        raise NotLeading("another process may lead now")

    async with opened(postgres, prefix) as session:
        with pytest.raises(NotLeading):
            await CUSTOM.run(session, CUSTOM.compose("CREATE ROLE $(r)", {"r": identifier(prefix)}), may_not)
        rows = await session.fetch("SELECT count(*) FROM pg_roles WHERE rolname = %(r)s", {"r": prefix})
        assert rows == [(0,)]


async def is_running(server: TestServer, name: str) -> bool:
    session = await CONNECT(server.address, None)
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %(n)s AND state = 'active'"
    rows = await session.fetch(query, {"n": name})
    await session.close()
    return bool(rows[0][0])


async def begin(server: TestServer, name: str) -> asyncio.Task[str]:
    """One that goes on for a minute."""

    async def work() -> str:
        async with opened(server, name) as session:
            return await run(session, "SELECT pg_sleep($(n))", n=Value("Integer", 60))

    task = asyncio.create_task(work())
    async with asyncio.timeout(20):
        while not await is_running(server, name):
            pass  # each look is a new connection
    return task


async def test_one_that_is_given_up_is_ended_on_the_server(postgres: TestServer, prefix: str) -> None:
    task = await begin(postgres, prefix)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    assert not await is_running(postgres, prefix)


async def test_one_that_nobody_holds_is_found_by_its_name_and_ended(postgres: TestServer, prefix: str) -> None:
    task = await begin(postgres, prefix)
    session = await CONNECT(postgres.address, None)
    assert await CUSTOM.end(session, prefix)
    (lost,) = await asyncio.gather(task, return_exceptions=True)
    assert isinstance(lost, EngineError) and lost.reason == "Unreachable"
    async with asyncio.timeout(20):
        while await CUSTOM.end(session, prefix):
            pass
    assert not await is_running(postgres, prefix)
    await session.close()


async def test_the_server_gives_up_by_itself_when_the_time_is_over(postgres: TestServer, prefix: str) -> None:
    async with opened(postgres, prefix, seconds=0.2) as session:
        with pytest.raises(EngineError, match="statement timeout"):
            await run(session, "SELECT pg_sleep(60)")


async def test_a_lock_is_waited_for_as_long_as_was_said(postgres: TestServer, prefix: str) -> None:
    schema, holder = identifier(prefix), await log_in(postgres.address)
    async with holder, opened(postgres, prefix, lock_seconds=0.2) as session:
        await run(session, "CREATE SCHEMA $(schema)", schema=schema)
        await run(session, "CREATE TABLE $(schema).t (a int)", schema=schema)
        await holder.execute(b"BEGIN")
        await holder.execute(str(CUSTOM.compose("LOCK TABLE $(schema).t", {"schema": schema})).encode())
        with pytest.raises(Retryable, match="lock timeout"):
            await run(session, "VACUUM $(schema).t", schema=schema)
        await holder.execute(b"ROLLBACK")
        await run(session, "DROP SCHEMA $(schema) CASCADE", schema=schema)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (identifier(""), "not empty"),
        (identifier("é" * 32), "63 bytes"),
        (string("a\0"), "NUL"),
        (string("\ud800"), "half characters"),
        (string(""), ""),
        (identifier("é" * 31), ""),
    ],
    ids=str,
)
def test_what_no_server_could_take_is_refused_before(value: Value, why: str) -> None:
    problem = CUSTOM.check_value(value)
    assert why in problem and bool(why) == bool(problem)


def test_a_statement_shows_as_it_is_sent() -> None:
    values: Mapping[str, Value] = {"a": identifier('we"ird'), "b": string("it's")}
    assert str(CUSTOM.compose("SELECT $(a) = $(b), '{}'", values)) == "SELECT  \"we\"\"ird\"  =  'it''s' , '{}'"
