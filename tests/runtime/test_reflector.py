"""Tests of `runtime.reflector`: properties 1 to 5 of the runtime, each fault injected between it and a server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Kind
from dbaas.core.randomness import SeededRandomness
from dbaas.runtime.cache import Cache, Change
from dbaas.runtime.reflector import MOST_LIST_SECONDS, MOST_WATCH_SECONDS, Reflector
from fixtures.faults import is_list, is_watch
from fixtures.operating import WIDGET, Operator, operating, virtually


@dataclass
class _Watching:
    operator: Operator
    cache: Cache
    reflector: Reflector
    changes: list[Change]

    def names(self) -> list[str]:
        return [resource.metadata.name for resource in self.cache.objects.select("default", {})]

    def lists(self) -> int:
        return sum(is_list(request) for request in self.operator.faults.requests)

    async def wait(self, seconds: float = 1.0) -> None:
        await self.operator.clock.sleep(seconds)


def _reflect(operator: Operator, cache: Cache, seed: int = 1) -> Reflector:
    return Reflector(operator.rest, cache, operator.clock, SeededRandomness(seed))


@asynccontextmanager
async def _watching(kind: Kind = WIDGET, *names: str, seed: int = 1) -> AsyncIterator[_Watching]:
    async with operating(seed=seed) as operator:
        for name in names:
            await operator.make(name)
        cache, changes = Cache(kind, metadata_only=kind == SECRET), list[Change]()
        cache.listen(changes.append)
        reflector = _reflect(operator, cache, seed)
        task = asyncio.create_task(reflector.run())
        watching = _Watching(operator, cache, reflector, changes)
        await watching.wait()
        try:
            yield watching
        finally:
            assert not task.done(), "a reflector never ends"
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def _delete(watching: _Watching, name: str) -> None:
    await watching.operator.user.delete(WIDGET, Key("default", name))


@virtually
async def test_the_cache_follows_creations_changes_and_deletions() -> None:
    async with _watching(WIDGET, "one") as watching:
        await watching.operator.make("two")
        await watching.operator.change("one", size=5)
        await _delete(watching, "two")
        await watching.wait()
        assert watching.names() == ["one"]
        found = watching.cache.get(Key("default", "one"))
        assert found is not None
        assert found.spec == {"size": 5}
        assert [change.initial for change in watching.changes] == [True, False, False, False]


@virtually
async def test_a_long_list_comes_in_pages() -> None:
    async with operating() as operator:
        for number in range(1, 1201):
            await operator.make(f"w{number:04}")
        cache = Cache(WIDGET)
        task = asyncio.create_task(Reflector(operator.rest, cache, operator.clock, SeededRandomness(1)).run())
        await operator.clock.sleep(1)
        assert len(cache.objects) == 1200
        assert sum(is_list(request) for request in operator.faults.requests) == 3
        task.cancel()


@virtually
async def test_an_expired_page_token_starts_the_list_again() -> None:
    async with operating() as operator:
        for number in range(1, 701):
            await operator.make(f"w{number:04}")
        operator.faults.answer(410, "Expired", lambda request: "continue" in request.query)
        cache = Cache(WIDGET)
        task = asyncio.create_task(Reflector(operator.rest, cache, operator.clock, SeededRandomness(1)).run())
        await operator.clock.sleep(5)
        assert len(cache.objects) == 700
        task.cancel()


@pytest.mark.parametrize("how", ["event", "status"])
def test_a_version_that_is_too_old_lists_again_and_finds_what_was_deleted(how: str) -> None:
    @virtually
    async def story() -> None:
        async with _watching(WIDGET, "one", "two", "three") as watching:
            faults = watching.operator.faults
            faults.mute_streams()
            await _delete(watching, "two")
            faults.unmute_streams()
            if how == "event":
                faults.break_streams(410, "Expired")
            else:
                faults.answer(410, "Expired", is_watch)
                faults.close_streams()
            await watching.wait(5)
            assert watching.names() == ["one", "three"]
            assert watching.lists() == 2
            assert watching.changes[-1].new is None

    story()


@virtually
async def test_a_closed_stream_goes_on_where_it_was_without_a_list() -> None:
    async with _watching(WIDGET, "one") as watching:
        watching.operator.faults.mute_streams()
        await watching.operator.make("two")
        watching.operator.faults.unmute_streams()
        watching.operator.faults.close_streams()
        await watching.wait(5)
        assert watching.names() == ["one", "two"]
        assert watching.lists() == 1


@virtually
async def test_a_silent_stream_is_dropped_and_opened_again() -> None:
    async with _watching(WIDGET, "one") as watching:
        watching.operator.faults.mute_streams()
        await watching.operator.make("two")
        watching.operator.faults.unmute_streams()
        await watching.wait(60)
        assert watching.names() == ["one"]
        await watching.wait(35)
        assert watching.names() == ["one", "two"]


@virtually
async def test_bookmarks_keep_a_quiet_watch_open() -> None:
    async with _watching(WIDGET, "one") as watching:
        before = len(watching.operator.faults.requests)
        await watching.wait(250)
        assert len(watching.operator.faults.requests) == before


@pytest.mark.parametrize("code", [400, 401, 403, 404, 429, 500, 503])
def test_no_error_ends_it_whether_of_a_list_or_of_a_watch(code: int) -> None:
    @virtually
    async def story() -> None:
        async with _watching(WIDGET, "one") as watching:
            faults = watching.operator.faults
            faults.answer(code, "Injected", is_watch, times=4)
            faults.answer(code, "Injected", is_list, times=4)
            faults.close_streams()
            await watching.operator.make("two")
            await watching.wait(120)
            assert watching.names() == ["one", "two"]

    story()


@virtually
async def test_an_error_in_the_stream_does_not_end_it() -> None:
    async with _watching(WIDGET, "one") as watching:
        watching.operator.faults.break_streams(500, "InternalError")
        await watching.operator.make("two")
        await watching.wait(5)
        assert watching.names() == ["one", "two"]


@virtually
async def test_an_unreachable_server_is_asked_ever_more_rarely() -> None:
    async with _watching(WIDGET, "one") as watching:
        watching.operator.faults.refuse(lambda _: True, times=10_000)
        watching.operator.faults.close_streams()
        before = len(watching.operator.faults.requests)
        await watching.wait(600)
        assert 20 < len(watching.operator.faults.requests) - before < 60


@virtually
async def test_a_server_that_ends_every_stream_at_once_is_not_asked_in_a_tight_loop() -> None:
    async with _watching(WIDGET, "one") as watching:
        before = len(watching.operator.faults.requests)
        for _ in range(600):
            watching.operator.faults.close_streams()
            await watching.wait(0.1)
        assert len(watching.operator.faults.requests) - before < 40


@virtually
async def test_after_three_failures_in_a_row_it_lists_again() -> None:
    async with _watching(WIDGET, "one") as watching:
        watching.operator.faults.answer(500, "InternalError", is_watch, times=3)
        watching.operator.faults.close_streams()
        await watching.wait(60)
        assert watching.lists() == 2


@virtually
async def test_a_list_older_than_what_is_known_is_not_used() -> None:
    async with _watching(WIDGET, "one") as watching:
        old = await watching.operator.server.request(watching.operator.faults.requests[0])
        await watching.operator.make("two")
        await watching.wait()
        faults = watching.operator.faults
        faults.replace(old, is_list, times=2)
        faults.break_streams(410, "Expired")
        for _ in range(30):
            await watching.wait(0.5)
            assert watching.names() == ["one", "two"]
        assert watching.lists() == 4


@virtually
async def test_a_server_that_insists_on_an_old_list_is_believed() -> None:
    async with _watching(WIDGET, "one") as watching:
        old = await watching.operator.server.request(watching.operator.faults.requests[0])
        await watching.operator.make("two")
        await watching.wait()
        watching.operator.faults.replace(old, is_list, times=4)
        watching.operator.faults.answer(504, "Timeout", is_watch, times=2)
        watching.operator.faults.break_streams(410, "Expired")
        await watching.wait(1)
        seen = set()
        for _ in range(200):
            await watching.wait(0.5)
            seen.add(tuple(watching.names()))
        assert seen == {("one",), ("one", "two")}
        assert watching.names() == ["one", "two"]


@virtually
async def test_what_a_watch_has_lost_is_found_within_half_a_day() -> None:
    async with _watching(WIDGET, "one", "two") as watching:
        await _delete(watching, "two")
        await watching.wait()
        known = watching.cache.get(Key("default", "one"))
        assert known is not None
        watching.cache.remove(known.key, known.metadata.uid)  # as if a watch had brought it
        await watching.wait(3600)
        assert watching.names() == []
        await watching.wait(MOST_LIST_SECONDS + MOST_WATCH_SECONDS)
        assert watching.names() == ["one"]


@virtually
async def test_a_watch_asks_for_bookmarks_and_for_an_end_within_minutes() -> None:
    async with _watching(WIDGET, "one") as watching:
        await watching.wait(3600)
        watches = [request.query for request in watching.operator.faults.requests if is_watch(request)]
        timeouts = {int(query["timeoutSeconds"]) for query in watches}
        assert len(timeouts) > 3
        assert all(300 <= seconds <= 600 for seconds in timeouts)
        assert all(query["allowWatchBookmarks"] == "true" for query in watches)
        assert watching.lists() == 1


@virtually
async def test_secrets_come_as_metadata_only() -> None:
    async with _watching(SECRET) as watching:
        body = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "pw", "namespace": "default", "labels": {"a": "b"}},
            "data": {"password": "aHVudGVyMg=="},
        }
        await watching.operator.user.create(SECRET, body)
        await watching.wait()
        found = watching.cache.get(Key("default", "pw"))
        assert found is not None
        assert found.metadata.labels == {"a": "b"}
        assert (found.body()["kind"], found.body()["apiVersion"]) == ("Secret", "v1")
        assert b"aHVudGVyMg" not in found.raw


@virtually
async def test_pauses_are_spread_by_chance() -> None:
    arrivals = []
    for seed in (1, 2, 3):
        async with _watching(WIDGET, seed=seed) as watching:
            watching.operator.faults.break_streams(500, "InternalError")
            began = watching.operator.clock.monotonic()
            while not any(is_watch(r) for r in watching.operator.faults.requests[2:]):
                await watching.wait(0.01)
            arrivals.append(round(watching.operator.clock.monotonic() - began, 2))
    assert len(set(arrivals)) == 3
