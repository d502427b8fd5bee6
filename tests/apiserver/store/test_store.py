"""The store: what is seen when, how commits are grouped, what a failed one takes with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import ParamSpec, TypeVar

import pytest
import pytest_asyncio

from dbaas.apiserver.store import Change, Database, Entry, StorageError, Store
from dbaas.apiserver.store.database import MEMORY
from dbaas.apiserver.store.errors import StorageFull
from dbaas.core.offload import InlineOffload

P = ParamSpec("P")
T = TypeVar("T")


class GatedOffload:
    """Holds back every commit until it is let through; others run in between, as they do while a thread works."""

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()

    async def run(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        await self.gate.wait()
        await asyncio.sleep(0)
        return function(*args, **kwargs)


class FailingDatabase(Database):
    """Counts commits, and fails those that it is told to; `slices` is how much space it has to give back."""

    def __init__(self) -> None:
        super().__init__(MEMORY)
        self.commits: list[int] = []
        self.failure: StorageError | None = None
        self.slices = 0
        self.steps = ""

    def write(self, changes: Sequence[Change]) -> None:
        self.commits.append(len(changes))
        self.steps += "w"
        if self.failure is not None:
            raise self.failure
        super().write(changes)
        self.has_slack = self.slices > 0

    def compact(self) -> None:
        self.slices -= 1
        self.steps += "c"
        self.has_slack = self.slices > 0


@pytest.fixture
def database() -> FailingDatabase:
    return FailingDatabase()


@pytest.fixture
def offload() -> GatedOffload:
    return GatedOffload()


@pytest_asyncio.fixture
async def store(database: FailingDatabase, offload: GatedOffload) -> AsyncIterator[Store]:
    opened = Store(database, offload)
    await opened.open()
    yield opened
    offload.gate.set()
    await opened.close()


def put(store: Store, key: str, *, deleted: bool = False) -> asyncio.Future[None]:
    version = store.draw_version()
    entry = Entry.read(key, version, f'"metadata":{{"name":"{key}"}}}}'.encode())
    return store.submit(Change("things", store.latest("things", key), entry, deleted))


async def test_readers_see_a_write_only_when_it_is_committed(store: Store, offload: GatedOffload) -> None:
    offload.gate.clear()
    done = put(store, "a")
    await asyncio.sleep(0)
    assert store.collection("things").get("a") is None
    assert store.latest("things", "a") is not None
    offload.gate.set()
    await done
    assert store.collection("things").get("a") is store.latest("things", "a")


async def test_an_object_is_settled_when_its_newest_write_can_be_read(store: Store, offload: GatedOffload) -> None:
    await store.settled("things", "a")
    offload.gate.clear()
    put(store, "a")
    await asyncio.sleep(0)
    put(store, "a")
    newest, settling = store.latest("things", "a"), asyncio.ensure_future(store.settled("things", "a"))
    await asyncio.sleep(0)
    assert not settling.done()
    offload.gate.set()
    await settling
    assert store.collection("things").get("a") is newest


async def test_an_object_is_settled_when_its_newest_write_is_given_up(store: Store, database: FailingDatabase) -> None:
    database.failure = StorageError("cannot write to the store: the disk is full")
    put(store, "a")
    await store.settled("things", "a")
    assert store.latest("things", "a") is None


async def test_writes_of_one_tick_are_one_commit(store: Store, database: FailingDatabase) -> None:
    await asyncio.gather(*(put(store, name) for name in "abc"))
    assert database.commits == [3]


async def test_writes_that_come_during_a_commit_share_the_next(
    store: Store, database: FailingDatabase, offload: GatedOffload
) -> None:
    offload.gate.clear()
    first = put(store, "a")
    await asyncio.sleep(0)
    later = [put(store, name) for name in "bcd"]
    offload.gate.set()
    await asyncio.gather(first, *later)
    assert database.commits == [1, 3]


async def test_listeners_hear_every_change_in_order_before_the_writer(store: Store) -> None:
    heard: list[int] = []
    store.listen(lambda change: heard.append(change.version))
    done = [put(store, name) for name in "abc"]
    done[0].add_done_callback(lambda _: heard.append(-1))
    await asyncio.gather(*done)
    assert heard[:3] == sorted(heard[:3])
    assert heard[3:] == [-1]


async def test_a_failed_commit_leaves_nothing_and_fails_what_was_built_on_it(
    store: Store, database: FailingDatabase, offload: GatedOffload
) -> None:
    await put(store, "a")
    before = store.collection("things").get("a")
    database.failure = StorageError("cannot write to the store: the disk is full")
    offload.gate.clear()
    first = put(store, "a")
    await asyncio.sleep(0)
    built_on_it = put(store, "a", deleted=True)
    offload.gate.set()
    for done in (first, built_on_it):
        with pytest.raises(StorageError, match="the disk is full"):
            await done
    assert store.latest("things", "a") is before
    database.failure = None
    await put(store, "a")
    assert store.collection("things").get("a") is not before


async def test_a_full_disk_is_told_to_every_writer_of_the_commit(store: Store, database: FailingDatabase) -> None:
    database.failure = StorageFull("cannot write to the store: its disk is full")
    for done in [put(store, name) for name in "ab"]:
        with pytest.raises(StorageFull):
            await done


async def test_free_space_is_given_back_only_while_nothing_is_to_be_written(
    store: Store, database: FailingDatabase, offload: GatedOffload
) -> None:
    database.slices = 3
    offload.gate.clear()
    first = put(store, "a")
    await asyncio.sleep(0)
    later = put(store, "b")
    offload.gate.set()
    await asyncio.gather(first, later)
    while database.slices:
        await asyncio.sleep(0)
    assert database.steps == "wwccc"


async def test_a_write_goes_before_the_rest_of_the_space_that_is_given_back(
    store: Store, database: FailingDatabase
) -> None:
    database.slices = 1_000_000
    await put(store, "a")
    await put(store, "b")
    assert database.steps.count("w") == 2
    assert database.slices > 999_000


async def test_closing_does_not_wait_until_all_space_is_given_back(
    database: FailingDatabase, offload: GatedOffload
) -> None:
    store = Store(database, offload)
    await store.open()
    database.slices = 1_000_000
    await put(store, "a")
    await store.close()
    assert database.slices > 999_000


async def test_closing_commits_what_was_submitted(database: FailingDatabase) -> None:
    store = Store(database, InlineOffload())
    await store.open()
    done = put(store, "a")
    await store.close()
    assert done.done()
    assert database.commits == [1]
