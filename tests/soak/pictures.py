"""What a client knows of a collection from watching it, across connections that break and servers that start anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp
import orjson

GONE = 410


class Picture:
    """Goes on from the last version that it knows; where that has expired it lists anew, as every client does."""

    def __init__(self, place: str, query: Mapping[str, str]) -> None:
        self.versions: dict[str, int] = {}
        self.since = 0
        self.expired = 0  # watches that were told to list anew
        self._place = place
        self._query = query
        self._moved = asyncio.Condition()

    @asynccontextmanager
    async def followed(self, session: aiohttp.ClientSession) -> AsyncIterator[None]:
        """Watches during the block; the server may vanish."""
        watching = asyncio.get_running_loop().create_task(self._follow(session))
        try:
            yield
        finally:
            watching.cancel()
            with suppress(asyncio.CancelledError, aiohttp.ClientError):
                await watching

    async def reach(self, version: int) -> None:
        async with self._moved:
            await self._moved.wait_for(lambda: self.since >= version)

    async def _follow(self, session: aiohttp.ClientSession) -> None:
        if not self.since:
            await self._list(session)
        while True:
            query = {**self._query, "watch": "true", "resourceVersion": str(self.since)}
            async with session.get(self._place, params=query) as response:
                assert response.status == 200, await response.text()
                expired = await self._take_all(response)
            if not expired:
                return
            self.expired += 1
            await self._list(session)

    async def _list(self, session: aiohttp.ClientSession) -> None:
        async with session.get(self._place, params=self._query) as response:
            listed = orjson.loads(await response.read())
        self.versions = {item["metadata"]["name"]: int(item["metadata"]["resourceVersion"]) for item in listed["items"]}
        await self._move(int(listed["metadata"]["resourceVersion"]))

    async def _take_all(self, response: aiohttp.ClientResponse) -> bool:
        """Whether it ended because the version has expired."""
        async for line in response.content:
            event = orjson.loads(line)
            if event["type"] == "ERROR":
                assert event["object"]["code"] == GONE, event
                return True
            await self._take(event)
        return False

    async def _take(self, event: Mapping[str, Any]) -> None:
        metadata = event["object"]["metadata"]
        name, version = metadata["name"], int(metadata["resourceVersion"])
        assert version > self.since, f"an event of version {version} after {self.since}"
        known = name in self.versions
        assert known == (event["type"] != "ADDED"), f"{event['type']} of {name}, which was known: {known}"
        if event["type"] == "DELETED":
            del self.versions[name]
        else:
            self.versions[name] = version
        await self._move(version)

    async def _move(self, version: int) -> None:
        async with self._moved:
            self.since = version
            self._moved.notify_all()
