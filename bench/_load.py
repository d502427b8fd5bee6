"""A client in a process of its own for `api_server`: a job comes in as JSON, its figures go out as JSON.

It speaks HTTP/1.1 by hand on bare asyncio protocols, since a full client library would cost as much as the servers do.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_VERSION = re.compile(rb'"resourceVersion":"(\d+)"')
_STAMP = re.compile(rb'"stamp":"(\d+)"')
END_OF_CHUNKS = b"\r\n0\r\n\r\n"
Job = dict[str, Any]


class Connection(asyncio.Protocol):
    """Sends the next request when the answer to the last one is whole; `done` when there are no more."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._received = bytearray()
        self._transport: asyncio.WriteTransport | None = None
        self.answer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))

    def send_next(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
        elif self._transport is not None:
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        received = self._received
        received += data
        end = received.find(b"\r\n\r\n", 0, 8192)
        if end < 0:
            return
        length = _LENGTH.search(received, 0, end + 2)
        if length is not None:
            size = end + 4 + int(length[1])
            if len(received) < size:
                return
        elif not received.endswith(END_OF_CHUNKS):
            return
        if received[9:10] != b"2":
            self.done.set_exception(ConnectionError(bytes(received[:2000]).decode()))
            return
        self.answer = bytes(received)
        received.clear()
        self.send_next()


class Watcher(asyncio.Protocol):
    """Notes how long after its stamp each event arrived."""

    def __init__(self, request: bytes, tell: Callable[[float], None]) -> None:
        self._request = request
        self._tell = tell
        self._rest = b""
        self.open: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            self.open.set_result(None)
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        now = time.perf_counter_ns()
        for line in lines:
            if stamp := _STAMP.search(line):
                self._tell((now - int(stamp[1])) / 1e6)


class Load:
    """The jobs against one server; `authorization` and `tls` are how it knows us."""

    def __init__(self, server: Job) -> None:
        url = urlsplit(server["url"])
        self._host, self._port = str(url.hostname), int(url.port or 0)
        self._tls: ssl.SSLContext | None = None
        self._authorization = f"authorization: {server['authorization']}\r\n" if server.get("authorization") else ""
        if tls := server.get("tls"):
            self._tls = ssl.create_default_context(cafile=tls["ca"])
            self._tls.load_cert_chain(tls["certificate"], tls["key"])

    def request(self, method: str, path: str, body: str = "", content_type: str = "application/json") -> bytes:
        head = (
            f"{method} {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\nuser-agent: bench/1\r\n"
            f"accept: application/json\r\n{self._authorization}"
        )
        if body:
            head += f"content-type: {content_type}\r\ncontent-length: {len(body.encode())}\r\n"
        return f"{head}\r\n{body}".encode()

    def requests(self, job: Job) -> list[bytes]:
        """One for each number; `{n}` stands for it in the path and in the body."""
        numbers = map(str, range(job["first"], job["first"] + job["count"]))
        body, kind = job.get("body", ""), job.get("content_type", "application/json")
        return [
            self.request(job["method"], job["path"].replace("{n}", n), body.replace("{n}", n), kind) for n in numbers
        ]

    async def calls(self, job: Job) -> Job:
        """Requests in order, as many as there is time for; connections are open before the clock starts."""
        sent = 0
        deadline = float("inf")

        def timely() -> Iterator[bytes]:
            nonlocal sent
            for request in requests:
                if time.perf_counter() > deadline:
                    return
                sent += 1
                yield request

        requests = self.requests(job)
        connections = await self._connect(timely(), job["connections"])
        began, used = time.perf_counter(), time.process_time()
        deadline = began + job["limit_seconds"]
        await self._run(connections)
        seconds = time.perf_counter() - began
        return {"seconds": seconds, "count": sent, "busy": (time.process_time() - used) / seconds}

    async def fanout(self, job: Job) -> Job:
        """Watchers of a collection, and patches that carry the time at which they were sent."""
        delays: list[float] = []
        wanted = job["count"] * job["watchers"]
        complete = asyncio.Event()

        def tell(delay: float) -> None:
            delays.append(delay)
            if len(delays) == wanted:
                complete.set()

        loop = asyncio.get_running_loop()
        watch = self.request("GET", f"{job['watch']}?watch=true&resourceVersion={await self._version(job['watch'])}")
        for _ in range(job["watchers"]):
            _, watcher = await loop.create_connection(
                lambda: Watcher(watch, tell), self._host, self._port, ssl=self._tls
            )
            await watcher.open
        connections = await self._connect(self._stamped(job), job["connections"])
        began = time.perf_counter()
        await self._run(connections)
        async with asyncio.timeout(30):
            await complete.wait()
        seconds = time.perf_counter() - began
        delays.sort()
        return {"seconds": seconds, "events": len(delays), "p99_ms": delays[int(len(delays) * 0.99)]}

    async def _version(self, path: str) -> int:
        """That of the collection now: no object of it has a newer one."""
        connections = await self._connect(iter([self.request("GET", f"{path}?limit=1")]), 1)
        await self._run(connections)
        return max(map(int, _VERSION.findall(connections[0].answer)))

    def _stamped(self, job: Job) -> Iterator[bytes]:
        for number in range(job["count"]):
            body = json.dumps({"metadata": {"annotations": {"stamp": str(time.perf_counter_ns())}}})
            path = job["path"].replace("{n}", str(number))
            yield self.request("PATCH", path, body, "application/merge-patch+json")

    async def _connect(self, requests: Iterator[bytes], count: int) -> list[Connection]:
        loop = asyncio.get_running_loop()
        made = [
            await loop.create_connection(lambda: Connection(requests), self._host, self._port, ssl=self._tls)
            for _ in range(count)
        ]
        return [connection for _, connection in made]

    async def _run(self, connections: Iterable[Connection]) -> None:
        for each in connections:
            each.send_next()
        for each in connections:
            await each.done


def main() -> None:
    job = json.load(sys.stdin)
    load = Load(job["server"])
    work = load.fanout(job) if "watchers" in job else load.calls(job)
    json.dump(asyncio.run(work), sys.stdout)


if __name__ == "__main__":
    main()
