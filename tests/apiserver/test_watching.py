"""Watches over virtual time, and watches that cannot follow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from typing import Any

import orjson

from dbaas.apiserver.server import ApiServer
from dbaas.contracts.transport import Request
from dbaas.core.clock import LoopClock
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SeededRandomness
from dbaas.core.simulation import run_virtually
from fixtures.apiserver import send

PATH = "/api/v1/namespaces/default/configmaps"


class Watcher:
    """Collects the events of one watch."""

    def __init__(self, stream: AsyncIterator[bytes]) -> None:
        self.stream = stream
        self.events: list[dict[str, Any]] = []

    async def read(self) -> None:
        async for piece in self.stream:
            self.events += [orjson.loads(line) for line in piece.splitlines()]

    @property
    def seen(self) -> list[tuple[str, str]]:
        return [(event["type"], event["object"]["metadata"].get("name", "")) for event in self.events]


async def watch(server: ApiServer, **query: str) -> Watcher:
    response = await server.request(Request("GET", PATH, {"watch": "true", **query}))
    assert response.stream is not None
    return Watcher(response.stream)


async def open_server(history_limit: int = 100) -> ApiServer:
    server = ApiServer(None, LoopClock(), SeededRandomness(1), InlineOffload(), None, history_limit)
    await server.start()
    return server


async def make(server: ApiServer, name: str) -> None:
    await send(server, "POST", PATH, {"metadata": {"name": name}})


def virtually(main: Coroutine[Any, Any, None]) -> None:
    run_virtually(main)


def test_a_bookmark_comes_each_minute_to_those_who_want_it() -> None:
    async def main() -> None:
        server = await open_server()
        marked = await watch(server, allowWatchBookmarks="true", timeoutSeconds="150")
        plain = await watch(server, timeoutSeconds="150")
        reading = asyncio.gather(marked.read(), plain.read())
        await asyncio.sleep(90)
        await make(server, "one")
        await reading
        assert marked.seen == [("BOOKMARK", ""), ("BOOKMARK", ""), ("ADDED", "one"), ("BOOKMARK", ""), ("BOOKMARK", "")]
        assert plain.seen == [("ADDED", "one")]
        versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in marked.events]
        assert versions == sorted(versions)
        await server.stop()

    virtually(main())


def test_what_comes_while_a_bookmark_is_sent_is_not_slept_through() -> None:
    async def main() -> None:
        server = await open_server()
        stream = (await watch(server, allowWatchBookmarks="true")).stream
        assert b"BOOKMARK" in await anext(stream)
        loop = asyncio.get_running_loop()
        began = loop.time()
        await make(server, "one")
        assert b'"ADDED"' in await anext(stream)
        assert loop.time() == began
        await server.stop()

    virtually(main())


def test_without_a_timeout_a_watch_ends_between_half_an_hour_and_an_hour() -> None:
    async def main() -> None:
        server = await open_server()
        loop = asyncio.get_running_loop()
        began = loop.time()
        await (await watch(server)).read()
        assert 1800 <= loop.time() - began <= 3600
        await server.stop()

    virtually(main())


async def test_a_watch_from_a_forgotten_version_is_told_so() -> None:
    server = await open_server(history_limit=2)
    for name in "abcd":
        await make(server, name)
    watcher = await watch(server, resourceVersion="3")
    await watcher.read()
    (event,) = watcher.events
    assert event["type"] == "ERROR"
    assert event["object"]["code"] == 410
    assert event["object"]["reason"] == "Expired"
    assert event["object"]["message"] == "too old resource version: 3 (6)"
    await server.stop()


async def test_a_reader_that_is_too_slow_is_told_so_and_costs_nothing() -> None:
    server = await open_server(history_limit=2)
    await make(server, "first")
    watcher = await watch(server)
    first = await anext(watcher.stream)
    assert b'"first"' in first
    for name in "abcd":
        await make(server, name)
    await watcher.read()
    assert [event["type"] for event in watcher.events] == ["ERROR"]
    await server.stop()


async def test_a_version_of_the_future_times_out(server: ApiServer) -> None:
    response = await server.request(Request("GET", PATH, {"watch": "true", "resourceVersion": "999"}))
    assert response.status == 504


async def test_closing_a_stream_forgets_it(server: ApiServer) -> None:
    await make(server, "one")
    watcher = await watch(server)
    await anext(watcher.stream)
    assert len(server.watches) == 1
    await watcher.stream.aclose()  # type: ignore[attr-defined]
    assert len(server.watches) == 0


async def test_stopping_ends_every_stream() -> None:
    server = await open_server()
    watchers = [await watch(server) for _ in range(3)]
    reading = asyncio.gather(*(each.read() for each in watchers))
    await asyncio.sleep(0)
    await server.stop()
    await asyncio.wait_for(reading, 1)


async def test_many_watchers_see_the_same(server: ApiServer) -> None:
    watchers = [await watch(server) for _ in range(50)]
    reading = asyncio.gather(*(each.read() for each in watchers))
    await asyncio.sleep(0)
    for name in "abc":
        await make(server, name)
    await server.stop()
    await reading
    assert all(each.seen == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")] for each in watchers)


async def test_large_changes_are_forgotten_sooner(server: ApiServer) -> None:
    """A journal of a few thousand changes of the largest objects would not fit in memory."""
    place = f"{PATH}/large"
    _, made = await send(server, "POST", PATH, {"metadata": {"name": "large"}})
    past = made["metadata"]["resourceVersion"]
    assert (await send(server, "GET", PATH, resourceVersion=past, resourceVersionMatch="Exact"))[0] == 200
    for number in range(36):
        change = {"data": {"text": f"{number:02}" * 500_000}}
        assert (await send(server, "PATCH", place, change, "application/merge-patch+json"))[0] == 200
    status, expired = await send(server, "GET", PATH, resourceVersion=past, resourceVersionMatch="Exact")
    assert (status, expired["reason"]) == (410, "Expired")
    told = await watch(server, resourceVersion=past)
    await told.read()
    assert [(event["type"], event["object"]["code"]) for event in told.events] == [("ERROR", 410)]
