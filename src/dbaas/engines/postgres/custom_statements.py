"""Statements that a DatabaseEngine declares, run one by one: each in a session that is found again by its name.

They go by the extended protocol, so the server itself takes no second statement with the first, and outside of any
transaction block, which VACUUM and its like ask for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dbaas.contracts.custom import Frame, Value
from dbaas.contracts.engine import Address, EngineError, MaySend, Unreachable
from dbaas.core.redaction import mask_passwords
from dbaas.engines.postgres.custom_text import check, read
from dbaas.engines.postgres.names import MOST_BYTES
from dbaas.engines.postgres.queries import Identifier, Literal, Query
from dbaas.engines.postgres.session import PostgresConnect, PostgresSession

LEAVING_SINCE = 140000
# The server looks whether we are still there, and ends what we have begun where we are not.
_NOTICE_LEAVING = "SET client_connection_check_interval = '5s'"
_END = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = %(name)s AND pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class CustomStatement:
    """Implements `contracts.statement.Composed`. `values` are masked in what the server says of it."""

    query: Query
    values: Mapping[str, str]

    def __str__(self) -> str:
        return str(self.query)


class PostgresCustomStatements:
    """Implements `contracts.custom.CustomStatements`."""

    def __init__(self, connect: PostgresConnect) -> None:
        self._connect = connect

    def find_holes(self, sql: str) -> frozenset[str]:
        return frozenset(hole[1] for hole in read(sql).holes)

    def check(self, sql: str) -> Sequence[str]:
        return list(check(sql))

    def check_value(self, value: Value) -> str:
        text = str(value.value)
        if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
            return "it contains the character NUL or half characters: remove them"
        if value.type != "Identifier":
            return ""
        if not text:
            return "a name is not empty"
        return "" if len(text.encode()) <= MOST_BYTES else f"a name has at most {MOST_BYTES} bytes"

    def compose(self, sql: str, values: Mapping[str, Value]) -> CustomStatement:
        """With blanks around each value: whatever it is, it is one token of its own."""
        parts, arguments, done = [], {}, 0
        for hole in read(sql).holes:
            parts += [_plain(sql[done : hole.start()]), f" {{{hole[1]}}} "]
            arguments[hole[1]] = _fill(values[hole[1]])
            done = hole.end()
        query = Query("".join([*parts, _plain(sql[done:])]), tuple(arguments.items()))
        return CustomStatement(query, {name: str(values[name].value) for name in arguments})

    async def connect(self, address: Address, database: str | None, frame: Frame) -> PostgresSession:
        limits = {
            "statement_timeout": _milliseconds(frame.seconds),
            "lock_timeout": _milliseconds(frame.lock_seconds),
            "standard_conforming_strings": "on",
        }
        session = await self._connect.connect_as_named(address, database, frame.name, limits)
        if session.server_version >= LEAVING_SINCE:
            try:
                await session.send(_NOTICE_LEAVING)
            except EngineError:
                await session.close()
                raise
        return session

    async def run(self, session: PostgresSession, statement: CustomStatement, may_send: MaySend) -> str:
        try:
            return await session.run_one(statement.query, may_send)
        except Unreachable:
            raise
        except EngineError as error:
            raise type(error)(_mask(error.message, statement.values), reason=error.reason) from None

    async def end(self, session: PostgresSession, name: str) -> bool:
        return bool((await session.fetch(_END, {"name": name}))[0][0])


def _plain(text: str) -> str:
    """Braces are the composer's."""
    return text.replace("{", "{{").replace("}", "}}")


def _fill(value: Value) -> Identifier | Literal:
    return Identifier(str(value.value)) if value.type == "Identifier" else Literal(value.value)


def _milliseconds(seconds: float) -> str:
    """At least one: none at all would mean without end."""
    return str(max(1, int(seconds * 1000)))


def _mask(message: str, values: Mapping[str, str]) -> str:
    """The values by the names of their parameters, the longest first."""
    for name, text in sorted(values.items(), key=lambda item: -len(item[1])):
        if text:
            message = re.sub(rf"(?<!\w){re.escape(text)}(?!\w)", lambda _, name=name: f"$({name})", message)  # type: ignore[misc]
    return mask_passwords(message)
