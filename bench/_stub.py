"""Many pretended PostgreSQL servers in one process: what they say is what a real one has said.

Arguments: host, port, user and password of the real server, then how many to pretend. Prints their ports; then each
line of the input is a JSON object of sorts by index, such as {"3": "hangs"}, and is answered by "done". A server of
sort "well" answers, "slow" answers later, "hangs" accepts and never answers, "refuses" is not there. Ends with its
input. Only reading is understood: what would change something is answered as if it were done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import psycopg
from psycopg import pq

SLOW_SECONDS = 0.5
HOST = "127.0.0.1"
READING = (b"SELECT", b"WITH", b"SHOW", b"TABLE", b"VALUES")
TOLD = ("server_version", "server_encoding", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes",
        "standard_conforming_strings", "in_hot_standby", "is_superuser")  # fmt: skip
ENCRYPT = struct.pack("!I", 80877103)
"""SSLRequest, to which N says no (PostgreSQL's manual, "Message Formats")."""
IDENTITY = b"SELECT system_identifier::text FROM pg_control_system()"


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!I", len(body) + 4) + body


@dataclass(frozen=True)
class Asked:
    """A statement with its arguments, as the client has bound them."""

    text: bytes
    types: tuple[int, ...] = ()
    formats: tuple[int, ...] = ()
    values: tuple[bytes | None, ...] = ()
    result_format: int = 0


class Oracle:
    """The real server: asked once for each statement in each database, then remembered."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._connections: dict[str, psycopg.Connection] = {}
        self._answers: dict[tuple[str, Asked], tuple[bytes, bytes]] = {}
        self.identity = self.connection("postgres").execute(IDENTITY).fetchall()[0][0].encode()

    def connection(self, database: str) -> psycopg.Connection:
        if database not in self._connections:
            connection = psycopg.connect(f"{self._address} dbname={database}", autocommit=True)
            connection.execute(b"SET search_path TO pg_catalog")
            self._connections[database] = connection
        return self._connections[database]

    def answer(self, database: str, asked: Asked) -> tuple[bytes, bytes]:
        """What the columns are, and the rows with their end. What changes something is only said to be done."""
        word = asked.text.strip().split(None, 1)[0].upper() if asked.text.strip() else b""
        if word not in READING:
            return message(b"n"), message(b"C", word.strip(b";") + b"\0")
        known = self._answers.get((database, asked))
        if known is None:
            connection = self.connection(database).pgconn
            result = connection.exec_params(
                asked.text, asked.values, asked.types or None, asked.formats or None, asked.result_format
            )
            known = self._answers[database, asked] = encode(result)
        return known


def encode(result: pq.abc.PGresult) -> tuple[bytes, bytes]:
    if result.status != pq.ExecStatus.TUPLES_OK:
        raise SystemExit(f"the real server says {result.error_message!r}")
    columns = b"".join(
        (result.fname(n) or b"") + b"\0"
        + struct.pack("!IhIhih", 0, 0, result.ftype(n), result.fsize(n), result.fmod(n), result.fformat(n))
        for n in range(result.nfields)
    )  # fmt: skip
    rows = b""
    for row in range(result.ntuples):
        cells = [result.get_value(row, n) for n in range(result.nfields)]
        packed = b"".join(struct.pack("!i", -1 if c is None else len(c)) + (c or b"") for c in cells)
        rows += message(b"D", struct.pack("!h", len(cells)) + packed)
    end = message(b"C", (result.command_status or b"") + b"\0")
    return message(b"T", struct.pack("!h", result.nfields) + columns), rows + end


@dataclass
class Pretended:
    """One server; its number is in its identity."""

    number: int
    oracle: Oracle
    sort: str = "well"
    port: int = 0
    listener: asyncio.Server | None = None
    writers: set[asyncio.StreamWriter] = field(default_factory=set)
    awake: asyncio.Event = field(default_factory=asyncio.Event)

    async def listen(self) -> None:
        self.awake.set()
        self.listener = await asyncio.start_server(self.serve, HOST, self.port)
        self.port = self.listener.sockets[0].getsockname()[1]

    async def become(self, sort: str) -> None:
        """Those who are connected to one that refuses from now on are thrown out."""
        before, self.sort = self.sort, sort
        self.awake.clear() if sort == "hangs" else self.awake.set()
        if sort == "refuses" and self.listener is not None:
            self.listener.close()
            self.listener = None
        elif before == "refuses":
            await self.listen()
        if sort == "refuses" or before == "hangs":  # who hung for long is gone
            for writer in self.writers:
                writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.breathe()
            said = await read_greeting(reader)
            if said.startswith(ENCRYPT):
                writer.write(b"N")
                said = await read_greeting(reader)
            words = said[4:].split(b"\0")
            asked = dict(zip(words[::2], words[1::2], strict=False))
            if b"database" in asked:  # else it asks to cancel something
                await self.answer(reader, writer, asked[b"database"].decode())
        self.writers.discard(writer)
        writer.close()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, database: str) -> None:
        writer.write(self.greet(database))
        async for reply in self.converse(reader, database):
            await self.breathe()
            writer.write(reply)

    async def breathe(self) -> None:
        await self.awake.wait()
        if self.sort == "slow":
            await asyncio.sleep(SLOW_SECONDS)

    def greet(self, database: str) -> bytes:
        connection = self.oracle.connection(database).pgconn
        told = [(name.encode(), connection.parameter_status(name.encode()) or b"") for name in TOLD]
        said = b"".join(message(b"S", name + b"\0" + value + b"\0") for name, value in told if value)
        key = message(b"K", struct.pack("!II", self.number, self.number))
        return message(b"R", struct.pack("!I", 0)) + said + key + message(b"Z", b"I")

    async def converse(self, reader: asyncio.StreamReader, database: str) -> AsyncIterator[bytes]:
        """A reply to each simple query, and to each sequence of extended ones that ends with Sync."""
        reply, text, types, status = b"", b"", tuple[int, ...](), b"I"
        asked = Asked(b"")
        while True:
            kind = await reader.readexactly(1)
            (length,) = struct.unpack("!I", await reader.readexactly(4))
            body = await reader.readexactly(length - 4)
            if kind == b"X":
                return
            if kind == b"P":
                text, types = read_parse(body)
                reply += message(b"1")
            elif kind == b"B":
                asked = read_bind(body, text, types)
                reply += message(b"2")
            elif kind == b"D":
                reply += self.told(self.oracle.answer(database, asked)[0])
            elif kind == b"C":
                reply += message(b"3")
            elif kind in (b"E", b"Q"):
                asked = Asked(body.rstrip(b"\0")) if kind == b"Q" else asked
                columns, rows = self.oracle.answer(database, asked)
                reply += (columns if kind == b"Q" and columns[:1] == b"T" else b"") + self.told(rows)
                status = {b"BEGIN": b"T", b"COMMIT": b"I", b"ROLLBACK": b"I"}.get(asked.text.upper(), status)
            if kind in (b"S", b"Q"):
                yield reply + message(b"Z", status)
                reply = b""

    def told(self, answer: bytes) -> bytes:
        """With an identity of its own, of the same length."""
        real = self.oracle.identity
        return answer.replace(real, real[:-5] + b"%05d" % self.number) if real in answer else answer


async def read_greeting(reader: asyncio.StreamReader) -> bytes:
    """What a client says first, without its length."""
    (length,) = struct.unpack("!I", await reader.readexactly(4))
    return await reader.readexactly(length - 4)


def read_parse(body: bytes) -> tuple[bytes, tuple[int, ...]]:
    _, text, rest = body.split(b"\0", 2)
    (count,) = struct.unpack_from("!h", rest)
    return text, struct.unpack_from(f"!{count}I", rest, 2)


def read_bind(body: bytes, text: bytes, types: tuple[int, ...]) -> Asked:
    at = body.index(b"\0", body.index(b"\0") + 1) + 1

    def shorts() -> tuple[int, ...]:
        nonlocal at
        (count,) = struct.unpack_from("!h", body, at)
        found = struct.unpack_from(f"!{count}h", body, at + 2)
        at += 2 + 2 * count
        return found

    formats = shorts()
    (count,) = struct.unpack_from("!h", body, at)
    at += 2
    values: list[bytes | None] = []
    for _ in range(count):
        (size,) = struct.unpack_from("!i", body, at)
        values.append(body[at + 4 : at + 4 + size] if size >= 0 else None)
        at += 4 + max(size, 0)
    results = shorts()
    return Asked(text, types, formats, tuple(values), results[0] if results else 0)


async def pretend(address: str, count: int) -> None:
    oracle = Oracle(address)
    servers = [Pretended(number, oracle) for number in range(count)]
    for server in servers:
        await server.listen()
    print(json.dumps([server.port for server in servers]), flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        for number, sort in json.loads(line).items():
            await servers[int(number)].become(sort)
        print("done", flush=True)


def main(arguments: Sequence[str]) -> None:
    host, port, user, password, count = arguments
    address = psycopg.conninfo.make_conninfo("", host=host, port=port, user=user, password=password)
    asyncio.run(pretend(address, int(count)))


if __name__ == "__main__":
    main(sys.argv[1:])
