"""A thousand objects on one server: made, left alone, taken up again after a crash, and one of them edited meanwhile.

Or as many as the argument says. One in a hundred is a database, the rest are users and grants. The server's data is in
memory. An edit is a new connection limit of one user, from the request until its status speaks of the new generation,
which it does when the server has been asked again.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import statistics
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from _laptop import (
    GROUP,
    ON_MAIN,
    Api,
    Laptop,
    build_body,
    empty_laptop,
    open_api,
    report,
    send_all,
    start_server,
    timed,
)

OBJECTS = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
DATABASES = OBJECTS // 100
USERS = (OBJECTS - DATABASES) // 2
EDITS = 100
QUIET_SECONDS = 20.0


def main() -> None:
    with empty_laptop(in_memory=True) as laptop:
        start_server(laptop)
        asyncio.run(_make(laptop))
        asyncio.run(_rest(laptop, "left alone"))
        asyncio.run(_edit(laptop, "idle", "p50 < 15 ms"))
        os.kill(laptop.process().pid, signal.SIGKILL)
        with timed() as seconds:
            laptop.dbaas("up", "-d")
        report(f"all {OBJECTS} objects looked at after a crash", seconds[0], 10.0, "s", "< 10 s")
        asyncio.run(_rest(laptop, "after a crash"))
        report("peak memory after a crash", _peak(laptop), 150.0, "MiB", "≤ 150 MiB")
        asyncio.run(_edit(laptop, "in a drift pass", "p99 < 1 s", interval="2s"))


async def _make(laptop: Laptop) -> None:
    plurals = {"databases": DATABASES, "databaseusers": USERS, "databasegrants": USERS}
    async with open_api(laptop) as api:
        with timed() as seconds:
            waiting = [
                asyncio.create_task(api.until_ready(f"{GROUP}/{name}", count)) for name, count in plurals.items()
            ]
            await send_all(api, [("POST", f"{GROUP}/{plural}", body, "json") for plural, body in _bodies()], 16)
            await asyncio.gather(*waiting)
    report(f"{OBJECTS} objects from the first create to all Ready", seconds[0], 0, "s", "stated")


def _bodies() -> Iterator[tuple[str, dict[str, Any]]]:
    for number in range(DATABASES):
        yield "databases", build_body("Database", f"db-{number}", {"instanceRef": ON_MAIN})
    for number in range(USERS):
        database, name = {"name": f"db-{number % DATABASES}"}, f"user-{number}"
        privileges = [{"on": "database", "privileges": ["CONNECT"]}]
        yield "databaseusers", build_body("DatabaseUser", name, {"instanceRef": ON_MAIN, "databaseRef": database})
        links = {"userRef": {"name": name}, "databaseRef": database}
        yield "databasegrants", build_body("DatabaseGrant", name, {**links, "privileges": privileges})


async def _rest(laptop: Laptop, when: str) -> None:
    """Writes of the controllers while nobody wants anything, and what that costs of one core."""
    process = laptop.process()
    async with open_api(laptop) as api:
        await _settle(api, laptop)
        writes, cpu = await _count_writes(api, laptop), sum(process.cpu_times()[:2])
        await asyncio.sleep(QUIET_SECONDS)
        written, spent = await _count_writes(api, laptop) - writes, sum(process.cpu_times()[:2]) - cpu
    report(f"writes in {QUIET_SECONDS:g} s, {when}", written, 0, "", "0")
    report(f"one core, {when}", 100 * spent / QUIET_SECONDS, 0, "%", "stated")


async def _settle(api: Api, laptop: Laptop) -> None:
    """Events are written at a pace of their own."""
    before = -1.0
    while (now := await _count_writes(api, laptop)) != before:
        before = now
        await asyncio.sleep(3)


async def _count_writes(api: Api, laptop: Laptop) -> float:
    url = json.loads((laptop.home / "lock").read_text())["metrics"]
    async with api.session.get(url) as response:
        text = await response.text()
    counted = re.findall(r'rest_client_requests_total\{code="\d+",method="(?:POST|PATCH|PUT|DELETE)"\} (\S+)', text)
    return sum(map(float, counted))


async def _edit(laptop: Laptop, when: str, limit: str, **policy: str) -> None:
    async with open_api(laptop) as api, _following(api) as seen:
        if policy:
            await api.send("PATCH", f"{GROUP}/databases/db-0", {"spec": {"driftPolicy": policy}}, "merge-patch+json")
        numbers = range(EDITS, 2 * EDITS) if policy else range(EDITS)  # an edit to what is there already is none
        taken = sorted([await _edit_once(api, number, seen) for number in numbers])
    median, late = statistics.median(taken), taken[int(len(taken) * 0.99) - 1]
    report(f"an edit until its status says so, {when}: p99 against p50", late * 1000, median * 1000, "ms", limit)


async def _edit_once(api: Api, number: int, seen: asyncio.Queue[tuple[str, int]]) -> float:
    name = f"user-{number % EDITS * 37 % USERS}"
    with timed() as seconds:
        patch = {"spec": {"postgres": {"connectionLimit": 5 + number}}}
        edited = await api.send("PATCH", f"{GROUP}/databaseusers/{name}", patch, "merge-patch+json")
        while await seen.get() != (name, edited["metadata"]["generation"]):
            pass
    return seconds[0]


@asynccontextmanager
async def _following(api: Api) -> AsyncIterator[asyncio.Queue[tuple[str, int]]]:
    """Names of users with the generation that their status speaks of, as they change."""
    seen: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
    listed = await api.send("GET", f"{GROUP}/databaseusers?limit=1")
    query = {"watch": "true", "resourceVersion": listed["metadata"]["resourceVersion"]}

    async def follow() -> None:
        async with api.session.get(f"{api.url}{GROUP}/databaseusers", params=query) as response:
            while True:
                found = json.loads(await response.content.readuntil(b"\n"))["object"]
                seen.put_nowait((found["metadata"]["name"], found.get("status", {}).get("observedGeneration", 0)))

    following = asyncio.create_task(follow())
    try:
        yield seen
    finally:
        following.cancel()


def _peak(laptop: Laptop) -> float:
    """The most memory that the process ever had, in MiB (VmHWM in proc(5))."""
    status = Path(f"/proc/{laptop.process().pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1024


if __name__ == "__main__":
    main()
