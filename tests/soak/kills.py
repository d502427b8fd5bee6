"""Clients write to an API server that is killed at any moment and started again; nothing that was answered is lost."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from soak.ledger import Ledger, Seen, body_of, seen_in
from soak.pictures import Picture

PROGRAM = Path(__file__).with_name("serving.py")
TOKEN = "of-a-test"
PLACE = "/api/v1/namespaces/default/configmaps"
OURS = {"labelSelector": "number"}
CLIENTS = 8
OBJECTS = 12  # of each client
MOST_ANSWERS = 200
LONGEST_DELAY = 0.02  # between an answer and the kill, in every second round; in the others there is none
LONGEST_START = 1.0
PATIENCE_SECONDS = 60.0
STARTS_IN_VAIN = 0.15  # share of rounds in which it is killed while it starts


@dataclass
class Server:
    process: asyncio.subprocess.Process
    session: aiohttp.ClientSession

    def kill(self) -> None:
        _kill(self.process)

    async def send(self, method: str, path: str, body: object = None, **query: str) -> Any:
        """Raises aiohttp.ClientError where no answer comes; anything but a success is a defect."""
        kind = "merge-patch+json" if method == "PATCH" else "json"
        data = None if body is None else orjson.dumps(body)
        headers = {"content-type": f"application/{kind}"}
        async with self.session.request(method, path, data=data, headers=headers, params=query) as response:
            answer = orjson.loads(await response.read())
            assert response.status < 300, answer
            return answer


class Series:
    """Rounds on one file; each begins with what the one before has left. The same seed draws the same."""

    def __init__(self, store: Path, seed: int) -> None:
        self.ledger = Ledger()
        self.picture = Picture(PLACE, OURS)
        self._store = store
        self._chance = random.Random(seed)
        self._answers = 0

    async def run_round(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if self._chance.random() < STARTS_IN_VAIN:
                await self._start_in_vain()
            async with self._serving() as server:
                await self._check(server)
                await self._load(server)

    async def finish(self) -> None:
        """Looks at the last round's end."""
        async with self._serving() as server:
            await self._check(server)

    async def _start_in_vain(self) -> None:
        process = await self._spawn()
        try:
            await asyncio.wait_for(process.wait(), self._chance.uniform(0, LONGEST_START))
        except TimeoutError:
            _kill(process)
        await process.communicate()

    async def _spawn(self) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, str(PROGRAM), str(self._store), TOKEN, stdout=asyncio.subprocess.PIPE
        )

    @asynccontextmanager
    async def _serving(self) -> AsyncIterator[Server]:
        process = await self._spawn()
        assert process.stdout is not None
        try:
            url = (await process.stdout.readline()).decode().strip()
            assert url, "the server did not start"
            headers = {"authorization": f"Bearer {TOKEN}"}
            async with aiohttp.ClientSession(url, headers=headers) as session:
                yield Server(process, session)
        finally:
            _kill(process)
            await process.communicate()

    async def _check(self, server: Server) -> None:
        listed = await server.send("GET", PLACE, **OURS)
        found = {item["metadata"]["name"]: seen_in(item) for item in listed["items"]}
        self.ledger.check(found, int(listed["metadata"]["resourceVersion"]))
        last = await self._write(server, "last-of-a-round", self._chance.randrange(1 << 30))
        async with self.picture.followed(server.session):
            await self.picture.reach(last.version)
        assert self.picture.versions == {name: seen.version for name, seen in self.ledger.answered.items()}
        self.ledger.highest = max(self.ledger.highest, self.picture.since)

    async def _load(self, server: Server) -> None:
        """Until it is killed."""
        self._answers = 0
        limit, loop = self._chance.randint(0, MOST_ANSWERS), asyncio.get_running_loop()
        delay = self._chance.choice((0.0, self._chance.uniform(0, LONGEST_DELAY)))

        async def work(client: int) -> None:
            names = [f"object-{client}-{number}" for number in range(OBJECTS)]
            while server.process.returncode is None:
                try:
                    await self._write_something(server, self._chance.choice(names))
                except aiohttp.ClientError:
                    return
                self._answers += 1
                if self._answers == limit + 1:
                    loop.call_later(delay, server.kill) if delay else server.kill()

        async with self.picture.followed(server.session):
            await asyncio.gather(*(work(client) for client in range(CLIENTS)))
        self.ledger.highest = max(self.ledger.highest, self.picture.since)

    async def _write_something(self, server: Server, name: str) -> None:
        if self.ledger.answered.get(name, Seen()).number is not None and self._chance.random() < 0.25:
            self.ledger.begin(name, None)
            self.ledger.end(name, await server.send("DELETE", f"{PLACE}/{name}"), 0)
        else:
            await self._write(server, name, self._chance.randrange(1 << 30))

    async def _write(self, server: Server, name: str, number: int) -> Seen:
        exists = self.ledger.answered.get(name, Seen()).number is not None
        highest = self.ledger.highest if self._answers == 0 else self.ledger.answered.get(name, Seen()).version
        self.ledger.begin(name, number)
        if exists:
            answer = await server.send("PATCH", f"{PLACE}/{name}", body_of(name, number))
        else:
            answer = await server.send("POST", PLACE, body_of(name, number))
        self.ledger.end(name, answer, highest)
        return self.ledger.answered[name]


def _kill(process: asyncio.subprocess.Process) -> None:
    """asyncio's own `kill` may take away the end of a process that it waits for elsewhere."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
