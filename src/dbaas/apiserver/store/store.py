"""The store: reads see what is committed, writes build on what is about to be, commits are grouped.

A write is submitted in one synchronous step (read `latest`, decide, `submit`), so two writers can never pass each
other. All that is submitted while a commit runs goes into the next one. If a commit fails, all that was built on it
fails with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from dbaas.apiserver.store.collection import HISTORY_LIMIT, Change, Collection, Entry
from dbaas.apiserver.store.database import Database
from dbaas.apiserver.store.errors import StorageError
from dbaas.core.offload import Offload


class Store:
    """`history_limit` is how many changes of each kind a watch can still ask for."""

    def __init__(self, database: Database, offload: Offload, history_limit: int = HISTORY_LIMIT) -> None:
        self._database = database
        self._offload = offload
        self._history_limit = history_limit
        self._collections: dict[str, Collection] = {}
        self._overlay: dict[tuple[str, str], tuple[Change, asyncio.Future[None]]] = {}
        self._batch: list[tuple[Change, asyncio.Future[None]]] = []
        self._drain: asyncio.Task[None] | None = None
        self._listeners: list[Callable[[Change], None]] = []
        self._closing = False
        self._opened_at = 0
        self._drawn = 0
        self.version = 0  # of the last commit

    async def open(self) -> None:
        """Raises StorageError."""
        await self._offload.run(self._database.open)
        try:
            await self._offload.run(self._load)
        except StorageError:
            await self._offload.run(self._database.close)
            raise

    def _load(self) -> None:
        """Row by row: all rows at once would be in memory twice."""
        self.version, rows = self._database.load()
        self._drawn = self._opened_at = self.version
        for collection, key, version, body in rows:
            self.collection(collection).load(Entry.read(key, version, body))

    async def close(self) -> None:
        """After what was submitted is committed."""
        self._closing = True
        while self._drain is not None and not self._drain.done():
            await asyncio.wait([self._drain])
        await self._offload.run(self._database.close)

    def listen(self, listener: Callable[[Change], None]) -> None:
        """`listener` is called for each committed change, in order, before the writer gets its answer."""
        self._listeners.append(listener)

    def collection(self, name: str) -> Collection:
        """The committed objects of a kind; made when first asked for."""
        found = self._collections.get(name)
        if found is None:
            found = self._collections[name] = Collection(self._opened_at, self._history_limit)
        return found

    def collections(self) -> Iterator[tuple[str, Collection]]:
        return iter(list(self._collections.items()))

    def latest(self, collection: str, key: str) -> Entry | None:
        """With the writes that are under way: what the next write must be built on."""
        under_way = self._overlay.get((collection, key))
        if under_way is None:
            return self.collection(collection).get(key)
        return None if under_way[0].deleted else under_way[0].after

    async def settled(self, collection: str, key: str) -> None:
        """When the newest write of that object is committed, or given up; at once where none is under way."""
        if (under_way := self._overlay.get((collection, key))) is not None:
            await asyncio.wait([under_way[1]])

    def draw_version(self) -> int:
        """The version of the write that is submitted next; a version drawn in vain is only a gap."""
        self._drawn += 1
        return self._drawn

    def submit(self, change: Change) -> asyncio.Future[None]:
        """Done when the change is durable and visible; StorageError when it is not kept."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[None] = loop.create_future()
        self._overlay[change.collection, change.key] = (change, done)
        self._batch.append((change, done))
        if self._drain is None or self._drain.done():
            self._drain = loop.create_task(self._commit_batches(), name="store commits")
        return done

    async def _commit_batches(self) -> None:
        """Until there is nothing to write; then free space is given back, as long as nothing comes."""
        while self._batch or (self._database.has_slack and not self._closing):
            if self._batch:
                await self._commit()
            else:
                await self._offload.run(self._database.compact)

    async def _commit(self) -> None:
        batch, self._batch = self._batch, []
        try:
            await self._offload.run(self._database.write, [change for change, _ in batch])
            self._publish(batch)
        except StorageError as error:
            self._fail([*batch, *self._batch], error)
            self._batch = []
        finally:
            lost = [each for each in batch if not each[1].done()]
            if lost:  # not even the failure was told: nobody may wait for ever
                self._fail(lost, StorageError("the write was given up"))

    def _publish(self, batch: Sequence[tuple[Change, asyncio.Future[None]]]) -> None:
        for change, done in batch:
            place = (change.collection, change.key)
            if place in self._overlay and self._overlay[place][1] is done:
                del self._overlay[place]
            self.version = change.version
            self.collection(change.collection).record(change)
            for listener in self._listeners:
                listener(change)
            if not done.done():
                done.set_result(None)

    def _fail(self, batch: Sequence[tuple[Change, asyncio.Future[None]]], error: StorageError) -> None:
        self._overlay.clear()
        for _, done in batch:
            if not done.done():
                done.set_exception(type(error)(error.message))
                done.exception()  # a caller that has gone away is no error of the loop
