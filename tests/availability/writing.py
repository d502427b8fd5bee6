"""A client that writes numbered rows all the time, in a process of its own: a job comes in as JSON, attempts go out.

    {"ways": {"rw": ["127.0.0.1", 6432], "main": ["127.0.0.1", 5433]}, "login": {"user": …, "password": …, "dbname": …}}

Each line that it prints is an `Attempt`. Two clients go each way, of which one has no patience and
breaks a connection that does not answer, and the other waits as long as it takes. It ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import psycopg

from availability.ledger import Attempt
from dbaas.core.clock import SystemClock

CLOCK = SystemClock()
TABLE = "ledger"
PACE_SECONDS = 0.03
REFUSED_SECONDS = 0.1  # after a refusal: a replica refuses all the time, and writes each into its log
IMPATIENT_SECONDS = 2.0
CONNECT_SECONDS = 3
_INSERT = f"""\
insert into {TABLE} (way, number) values (%s, %s)
returning
  host(inet_server_addr()) || ':' || inet_server_port(),
  ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int
"""


@dataclass(frozen=True)
class Client:
    """`patience` in seconds; None waits for ever."""

    way: str
    login: dict[str, Any]
    patience: float | None

    async def write(self) -> None:
        """Until it is cancelled."""
        connection: psycopg.AsyncConnection[Any] | None = None
        while True:
            began = time.monotonic()
            number = int(began * 1e6)
            try:
                connection = connection or await psycopg.AsyncConnection.connect(**self.login)
                server, timeline = await self._insert(connection, number)
            except psycopg.Error as error:
                reason = type(error).__name__
                _note(Attempt(self.way, number, began, time.monotonic(), refusal=reason))
                if connection is not None and connection.broken:
                    await connection.close()
                    connection = None
                await CLOCK.sleep(REFUSED_SECONDS)
            else:
                _note(Attempt(self.way, number, began, time.monotonic(), server, timeline))
                await CLOCK.sleep(PACE_SECONDS)

    async def _insert(self, connection: psycopg.AsyncConnection[Any], number: int) -> tuple[str, int]:
        """A statement is never cancelled: the server would acknowledge then what no replica has."""
        asking = asyncio.ensure_future(self._ask(connection, number))
        done, _ = await asyncio.wait({asking}, timeout=self.patience)
        if not done:
            with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
        return await asking

    async def _ask(self, connection: psycopg.AsyncConnection[Any], number: int) -> tuple[str, int]:
        row = await (await connection.execute(_INSERT, (self.way, number))).fetchone()
        assert row is not None
        return row[0], row[1]


def _note(attempt: Attempt) -> None:
    sys.stdout.write(json.dumps(asdict(attempt)) + "\n")
    sys.stdout.flush()


async def main() -> None:
    job = json.loads(sys.stdin.readline())
    login = {"autocommit": True, "connect_timeout": CONNECT_SECONDS, **job["login"]}
    async with asyncio.TaskGroup() as group:
        for way, (host, port) in job["ways"].items():
            there = {**login, "host": host, "port": port}
            group.create_task(Client(way, there, IMPATIENT_SECONDS).write())
            group.create_task(Client(f"{way}, patient", there, None).write())
        await asyncio.to_thread(sys.stdin.read)
        os._exit(0)  # to cancel a statement would be to send something


if __name__ == "__main__":
    asyncio.run(main())
