"""A program of its own: leads the clients of a cluster to the instance that takes writes, or to those that only read.

    relay.py MEMBERS rw=HOST:PORT ro=HOST:PORT r=HOST:PORT

MEMBERS is a file of JSON, read again at SIGHUP: a list of objects with `name`, `host`, `port` and `api`, the port where
the member says by HTTP what it is (200 for `/primary` or `/replica`). `rw` leads to the primary, `ro` to a replica, `r`
to any of them; who has the fewest connections gets the next. A member that says that it is something else, or says
nothing three times in a row, loses the connections that were made to it for what it was.

It runs as a file by whatever Python there is, as a user that may read nothing of ours: so it imports nothing but the
standard library.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

PERIOD_SECONDS = 1.0
SEARCH_SECONDS = 0.2  # while a client waits for a member that is what it wants
ANSWER_SECONDS = 2.0
CONNECT_SECONDS = 3.0
PATIENCE_SECONDS = 15.0  # of a client whose member is not there yet: a failover takes as long
MISSES = 3
HIGH_WATER_BYTES = 256 * 1024
PRIMARY, REPLICA = "primary", "replica"
WAYS = {"rw": (PRIMARY,), "ro": (REPLICA,), "r": (PRIMARY, REPLICA)}


@dataclass(frozen=True)
class Address:
    """Where a member is: `port` for clients, `api` for what it says of itself."""

    name: str
    host: str
    port: int
    api: int


@dataclass(eq=False)
class Member:
    """`role` is what it last said; empty: nothing that is of use."""

    address: Address
    role: str = ""
    misses: int = 0
    missed_at: float = 0.0
    links: set[Link] = field(default_factory=set)
    watch: asyncio.Task[None] | None = None

    def miss(self, now: float) -> None:
        """Counts once in a period, however often it is asked."""
        if not self.misses or now - self.missed_at >= PERIOD_SECONDS:
            self.misses, self.missed_at = self.misses + 1, now

    def become(self, role: str) -> None:
        """Cuts the connections that were made for something else."""
        self.role = role
        for link in list(self.links):
            if role not in WAYS[link.way]:
                link.cut()


class Side(asyncio.Protocol):
    """One half of a connection. What comes in goes out at the other half, no faster than that takes it."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.transport: asyncio.Transport | None = None
        self.other: Side | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.set_write_buffer_limits(HIGH_WATER_BYTES)
        transport.pause_reading()  # before it is known where that goes

    def data_received(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)

    def eof_received(self) -> bool:
        """The other direction may go on."""
        other = self.other.transport if self.other is not None else None
        if other is None:
            return False
        if other.can_write_eof():
            other.write_eof()
        return True

    def pause_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.close()
        self.link.end()


class Link:
    """A client on its way: it waits until there is a member for it."""

    def __init__(self, relay: Relay, way: str) -> None:
        self.way = way
        self.client = Client(self)
        self._relay = relay
        self._member: Member | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._connect())

    def cut(self) -> None:
        """At once, with what is under way."""
        for side in (self.client, self.client.other):
            if side is not None and side.transport is not None:
                side.transport.abort()

    def end(self) -> None:
        if self._member is not None:
            self._member.links.discard(self)
        if self._task is not None:
            self._task.cancel()

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                server = await self._reach()
        except TimeoutError:
            self.cut()
            return
        self.client.other, server.other = server, self.client
        self._task = None
        for side in (self.client, server):
            side.resume_writing()

    async def _reach(self) -> Side:
        """Counts as the member's from the first try on. A member that does not let it in may not be what it says."""
        loop = asyncio.get_running_loop()
        with self._relay.searching():
            return await self._find(loop)

    async def _find(self, loop: asyncio.AbstractEventLoop) -> Side:
        while True:
            member = await self._relay.choose(self.way)
            self._member = member
            member.links.add(self)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    where = member.address
                    _, server = await loop.create_connection(lambda: Side(self), where.host, where.port)
            except OSError:
                member.links.discard(self)
                await self._relay.pause()
            else:
                return server


class Client(Side):
    """The half that a client has opened."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.link.begin()


class Relay:
    """All members, and who is led to which."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._members: dict[Address, Member] = {}
        self._news = asyncio.Event()
        self._waiting = 0

    def accept(self, way: str) -> Client:
        return Link(self, way).client

    def read_members(self) -> None:
        """Those that are not listed any more lose all connections."""
        listed = {Address(**each) for each in json.loads(self._file.read_text())}
        for address in set(self._members) - listed:
            member = self._members.pop(address)
            member.become("")
            if member.watch is not None:
                member.watch.cancel()
        for address in listed - set(self._members):
            member = self._members[address] = Member(address)
            member.watch = asyncio.get_running_loop().create_task(self._watch(member))

    async def choose(self, way: str) -> Member:
        """Waits for one."""
        while True:
            fitting = [member for member in self._members.values() if member.role in WAYS[way]]
            if fitting:
                return min(fitting, key=lambda member: len(member.links))
            await self._news.wait()

    @contextlib.contextmanager
    def searching(self) -> Iterator[None]:
        """While a client waits, members are asked more often."""
        self._waiting += 1
        if self._waiting == 1:
            self._wake()
        try:
            yield
        finally:
            self._waiting -= 1

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def pause(self) -> None:
        """Until somebody says something new, or for a period."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SEARCH_SECONDS if self._waiting else PERIOD_SECONDS):
                await self._news.wait()

    async def _watch(self, member: Member) -> None:
        while True:
            role = await _ask(member.address)
            if role is not None:
                member.misses = 0
            else:
                member.miss(asyncio.get_running_loop().time())
                role = "" if member.misses >= MISSES else None
            if role is not None and role != member.role:
                member.become(role)
                self._wake()
            await self.pause()


async def _ask(address: Address) -> str | None:
    """What a member says that it is, empty for neither; None where it says nothing."""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            for role in (PRIMARY, REPLICA):
                if await _answers(address, f"/{role}"):
                    return role
            return ""
    except (OSError, ValueError, IndexError):
        return None


async def _answers(address: Address, path: str) -> bool:
    reader, writer = await asyncio.open_connection(address.host, address.api)
    try:
        writer.write(f"OPTIONS {path} HTTP/1.0\r\n\r\n".encode())
        line = await reader.readline()
        return int(line.split()[1]) == 200
    finally:
        writer.close()


def _ways(arguments: list[str]) -> Iterator[tuple[str, str, int]]:
    for argument in arguments:
        way, _, place = argument.partition("=")
        host, _, port = place.rpartition(":")
        if way not in WAYS or not port.isdecimal():
            raise SystemExit(f"not a way to lead clients: {argument}")
        yield way, host, int(port)


async def serve(arguments: list[str]) -> None:
    """Until SIGTERM or SIGINT."""
    relay = Relay(Path(arguments[0]))
    relay.read_members()
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, relay.read_members)
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    servers = [
        await loop.create_server(partial(relay.accept, way), host, port) for way, host, port in _ways(arguments[1:])
    ]
    await ended.wait()
    for server in servers:
        server.close()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1:]))
