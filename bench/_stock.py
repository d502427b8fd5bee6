"""Fills a server by plain SQL with what the manifests of `drift_pass` say, so that they are applied onto what is there.

Making ten thousand things one by one is another question (`inside_server`); here it would only take time. PostgreSQL
is asked for many things by one message, and does not write these down in its log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from psycopg import sql

from dbaas.contracts.engine import Address
from fixtures.postgres import log_in

Statements = Iterable[sql.Composed]
VISITORS = 4


async def stock(address: Address, shared: Statements, databases: Mapping[str, Statements]) -> None:
    """What belongs to the whole server, the databases, then what is in each of them."""
    await _send(address, None, shared)
    for name in databases:  # each is copied from the same template, so one at a time
        await _send(address, None, [sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))])
        await _send(address, None, [sql.SQL("REVOKE CONNECT ON DATABASE {} FROM PUBLIC").format(sql.Identifier(name))])
    waiting: Iterator[tuple[str, Statements]] = iter(list(databases.items()))

    async def visit() -> None:
        for name, statements in waiting:
            await _send(address, name, statements)

    await asyncio.gather(*(visit() for _ in range(VISITORS)))


async def _send(address: Address, database: str | None, statements: Statements) -> None:
    async with await log_in(address, database) as connection:
        await connection.execute(b"SET log_statement = none")
        await connection.execute(sql.SQL("; ").join(statements))


def create_role(name: str) -> sql.Composed:
    return sql.SQL("CREATE ROLE {}").format(sql.Identifier(name))


def create_user(name: str) -> sql.Composed:
    return sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name))


def create_schema(name: str) -> sql.Composed:
    return sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name))


def grant_on_schema(schema: str, role: str) -> sql.Composed:
    names = sql.Identifier(schema), sql.Identifier(role)
    return sql.SQL("GRANT USAGE, CREATE ON SCHEMA {} TO {}").format(*names)
