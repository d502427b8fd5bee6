"""What a bare script sends for one database, user and grant: the fewest statements that are possible."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql

CONNECTIONS = 5
WRITERS = 16
SHARED = {"username": "x" * 10, "password": "x" * 32, "host": "127.0.0.1", "uri": "x" * 100, "jdbcUri": "x" * 100}
"""What a published Secret is like."""


async def make_unit(connection: psycopg.AsyncConnection[Any], database: str, user: str) -> None:
    names = {"d": sql.Identifier(database), "u": sql.Identifier(user)}
    verifier = connection.pgconn.encrypt_password(b"bare-password", user.encode(), b"scram-sha-256").decode()
    for statement in (
        "CREATE DATABASE {d}",
        "REVOKE CONNECT, TEMPORARY ON DATABASE {d} FROM PUBLIC",
        "CREATE ROLE {u} LOGIN PASSWORD {p}",
        "GRANT CONNECT, TEMPORARY ON DATABASE {d} TO {u}",
    ):
        await connection.execute(sql.SQL(statement).format(**names, p=sql.Literal(verifier)))
