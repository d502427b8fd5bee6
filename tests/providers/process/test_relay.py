"""The program that leads clients to members, as a process of its own, with members that only say what they are."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from dbaas.providers.process import relay
from fixtures.laptop import free_port

pytestmark = pytest.mark.slow

PROGRAM = Path(relay.__file__)
SOON_SECONDS = 10.0


@dataclass
class Member:
    """Answers its health by HTTP, and each line of a client with its own name before it."""

    name: str
    role: str
    is_mute: bool = False
    servers: list[asyncio.Server] = field(default_factory=list)
    answered: list[asyncio.StreamWriter] = field(default_factory=list)

    async def start(self) -> None:
        self.servers = [
            await asyncio.start_server(handle, "127.0.0.1", 0) for handle in (self._answer_client, self._answer_health)
        ]

    async def stop(self) -> None:
        """Returns when all that was open is closed."""
        for server in self.servers:
            server.close()
        for writer in self.answered:
            writer.transport.abort()
        await asyncio.gather(*(writer.wait_closed() for writer in self.answered), return_exceptions=True)

    def described(self) -> dict[str, object]:
        port, api = (server.sockets[0].getsockname()[1] for server in self.servers)
        return {"name": self.name, "host": "127.0.0.1", "port": port, "api": api}

    async def _answer_client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answered.append(writer)
        with suppress(OSError):
            while line := await reader.readline():
                writer.write(self.name.encode() + b" " + line)
        writer.close()

    async def _answer_health(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answered.append(writer)
        asked = (await reader.readline()).split()[1].decode()
        if not self.is_mute:
            writer.write(b"HTTP/1.0 200 OK\r\n\r\n" if asked == f"/{self.role}" else b"HTTP/1.0 503 No\r\n\r\n")
        else:
            await reader.read()
        writer.close()


@dataclass
class Running:
    """The program; `ports` are those of its ways."""

    process: asyncio.subprocess.Process
    file: Path
    ports: dict[str, int]

    def list_members(self, members: Sequence[Member]) -> None:
        self.file.write_text(json.dumps([member.described() for member in members]))

    async def open(self, way: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            with suppress(ConnectionRefusedError):  # it has only just been started
                return await asyncio.open_connection("127.0.0.1", self.ports[way])
            assert self.process.returncode is None

    async def ask(self, way: str) -> str:
        """Who answers on a new connection."""
        reader, writer = await self.open(way)
        try:
            return await say(reader, writer, "hello")
        finally:
            writer.close()


async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, text: str) -> str:
    writer.write(text.encode() + b"\n")
    line = (await reader.readline()).decode().split()
    return line[0] if line and line[1] == text else ""


@asynccontextmanager
async def running(tmp_path: Path, members: Sequence[Member]) -> AsyncIterator[Running]:
    for member in members:
        await member.start()
    ports = {way: free_port() for way in relay.WAYS}
    file = tmp_path / "members.json"
    file.write_text(json.dumps([member.described() for member in members]))
    ways = [f"{way}=127.0.0.1:{port}" for way, port in ports.items()]
    process = await asyncio.create_subprocess_exec(sys.executable, "-I", str(PROGRAM), str(file), *ways)
    try:
        async with asyncio.timeout(60):
            yield Running(process, file, ports)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        for member in members:
            await member.stop()


async def test_writers_go_to_the_primary_and_readers_to_replicas_in_turn(tmp_path: Path) -> None:
    members = [Member("a", "primary"), Member("b", "replica"), Member("c", "replica")]
    async with running(tmp_path, members) as it:
        assert [await it.ask("rw") for _ in range(3)] == ["a"] * 3
        opened = [await it.open("ro") for _ in range(4)]
        assert sorted([await say(*each, "hi") for each in opened]) == ["b", "b", "c", "c"]
        for _, writer in opened:
            writer.close()


async def test_who_only_wants_to_read_goes_to_any_of_them(tmp_path: Path) -> None:
    async with running(tmp_path, [Member("a", "primary"), Member("b", "replica"), Member("c", "replica")]) as it:
        assert await it.ask("rw") and await it.ask("ro")
        some = [await it.open("r") for _ in range(6)]
        assert {await say(*each, "hi") for each in some} == {"a", "b", "c"}
        for _, writer in some:
            writer.close()


async def test_who_writes_to_a_primary_that_is_none_any_more_is_cut_off_and_led_to_the_new_one(tmp_path: Path) -> None:
    old, new = Member("old", "primary"), Member("new", "replica")
    async with running(tmp_path, [old, new]) as it:
        reader, writer = await it.open("rw")
        assert await say(reader, writer, "one") == "old"
        old.role, new.role = "replica", "primary"
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        assert await it.ask("rw") == "new"
        assert await it.ask("ro") == "old"


async def test_a_frozen_primary_loses_its_connections(tmp_path: Path) -> None:
    member = Member("a", "primary")
    async with running(tmp_path, [member]) as it:
        reader, writer = await it.open("rw")
        assert await say(reader, writer, "one") == "a"
        member.is_mute = True
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()


async def test_a_client_waits_for_a_primary_that_is_about_to_be_there(tmp_path: Path) -> None:
    member = Member("a", "")
    async with running(tmp_path, [member]) as it:
        waiting = asyncio.create_task(it.ask("rw"))
        member.role = "primary"
        assert await waiting == "a"


async def test_members_come_and_go_without_a_new_start(tmp_path: Path) -> None:
    first, second = Member("first", "primary"), Member("second", "replica")
    await second.start()
    async with running(tmp_path, [first]) as it:
        reader, writer = await it.open("rw")
        assert await say(reader, writer, "one") == "first"
        it.list_members([first, second])
        it.process.send_signal(signal.SIGHUP)
        assert await it.ask("ro") == "second"
        assert await say(reader, writer, "two") == "first"
        second.role = "primary"
        it.list_members([second])
        it.process.send_signal(signal.SIGHUP)
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        assert await it.ask("rw") == "second"
        it.process.terminate()
        assert await it.process.wait() == 0
    await second.stop()


async def test_much_goes_through_in_both_directions_and_the_end_of_one_is_passed_on(tmp_path: Path) -> None:
    async with running(tmp_path, [Member("a", "primary")]) as it:
        reader, writer = await it.open("rw")
        lines = [f"{number} {'x' * 1000}\n".encode() for number in range(5000)]

        async def send() -> None:
            for line in lines:
                writer.write(line)
                await writer.drain()
            writer.write_eof()

        sending = asyncio.create_task(send())
        received = [await reader.readline() for _ in lines]
        await sending
        assert received == [b"a " + line for line in lines]
        assert await reader.read() == b""
        writer.close()


@pytest.mark.parametrize("way", ["xy=127.0.0.1:1", "rw", "rw=127.0.0.1:no"])
def test_a_way_that_is_none_is_refused(way: str) -> None:
    with pytest.raises(SystemExit, match=way):
        list(relay._ways([way]))


def test_a_member_that_is_asked_more_often_is_not_given_up_sooner() -> None:
    member = relay.Member(relay.Address("main", "127.0.0.1", 1, 2))
    for now in (0.0, 0.2, 0.4, 0.8):
        member.miss(now)
    assert member.misses == 1
    member.miss(1.0)
    assert member.misses == 2
