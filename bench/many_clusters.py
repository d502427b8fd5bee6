"""A hundred clusters of three, whose instances are pretended: how soon a cluster tells of what one of them has become.

Its argument is how many clusters. Nothing runs: the benchmark says in the objects what an agent and the members would
say. Their servers are those of `_stub`. While changes are timed every member tells its position anew every two
seconds, as a member that is written to does; that alone must not be news of the cluster.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from _laptop import report
from _plane import Plane, is_ready, open_plane, running_server
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.process import PROCESS
from dbaas.api.resource import LABEL_CLUSTER, LABEL_INSTANCE, Key, Resource
from dbaas.contracts.rest import Selection
from dbaas.core.logs import set_up_logs
from dbaas.core.memory import set_aside
from dbaas.manifests.metadata import LABEL_ROLE
from fixtures.postgres import TestServer

CLUSTERS = int(sys.argv[1]) if len(sys.argv) > 1 else 100
SIZE = 3
CHANGES = 200
BEAT_SECONDS = 2.0  # of each member
QUIET_SECONDS = 20.0
PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 1.0
HOST, NAMESPACE = "127.0.0.1", "default"
FIRST_POSITION, STEP = 51_000_000, 100_000  # bytes, and what a member is given to write in each beat


def main() -> None:
    set_up_logs(None, verbose=False)
    with running_server() as server:
        asyncio.run(_measure(server))


async def _measure(server: TestServer) -> None:
    async with _pretended(server) as ports, open_plane(server) as plane:
        began = time.perf_counter()
        await _make(plane, ports)
        report(f"{CLUSTERS} clusters of {SIZE}, made and Ready", time.perf_counter() - began, 0, "s", "stated")
        set_aside()
        members = _Members(plane)
        await _rest(plane, "nobody says anything")
        beating = asyncio.create_task(members.beat())
        try:
            await _rest(plane, "every member tells its position")
            taken = sorted([await _change_once(plane, number) for number in range(CHANGES)])
        finally:
            beating.cancel()
        median, late = statistics.median(taken), taken[int(CHANGES * 0.99) - 1]
        what = "an instance changes until its cluster says so: p99 against p50"
        report(what, late * 1000, median * 1000, "ms", "p99 < 1 s")
        print(f"meanwhile {members.told / (time.perf_counter() - members.began):.0f} positions were told a second")


@contextlib.asynccontextmanager
async def _pretended(server: TestServer) -> AsyncIterator[Sequence[int]]:
    """The ports of as many servers as there are clusters."""
    address, program = server.address, Path(__file__).with_name("_stub.py")
    login = (address.host, str(address.port), address.username, address.password.reveal())
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), *login, str(CLUSTERS), stdin=pipe, stdout=pipe, limit=2**20
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        yield json.loads(await process.stdout.readline())
    finally:
        process.stdin.close()
        await process.wait()


async def _make(plane: Plane, ports: Sequence[int]) -> None:
    """Until all are Ready."""
    spec = {"engine": {"type": "postgres", "version": "18"}, "clusterSize": SIZE, "deletionProtection": False}
    for number in range(CLUSTERS):
        await plane.make(DATABASE_CLUSTER, _name(number), spec)
    by_cluster = {_name(number): port for number, port in enumerate(ports)}
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(map(is_ready, await plane.manager.client.list(DATABASE_CLUSTER))) < CLUSTERS:
            for process in await plane.user.list(PROCESS):
                if process.status.get("observedGeneration") != process.metadata.generation:
                    await _run(plane, process, by_cluster[process.metadata.labels[LABEL_CLUSTER]])
            await asyncio.sleep(LOOK_SECONDS)


async def _run(plane: Plane, process: Resource, port: int) -> None:
    """As the agent would, and the members among themselves: the first of each cluster is its primary."""
    ports = {each["name"]: port for each in process.spec["ports"]}
    await _tell(plane, process, ready=True, more={"host": HOST, "ports": ports})
    name = process.metadata.name
    if LABEL_INSTANCE not in process.metadata.labels:
        return
    cluster = process.metadata.labels[LABEL_CLUSTER]
    if name == cluster:
        leads = {"metadata": {"annotations": {"leader": name}}}
        await plane.user.patch(CONFIG_MAP, Key(NAMESPACE, f"{cluster}-leader"), leads)
    role = "primary" if name == cluster else "replica"
    said = {"labels": {LABEL_ROLE: role}, "annotations": _status(name, FIRST_POSITION)}
    await plane.user.patch(POD, process.key, {"metadata": said})


async def _tell(plane: Plane, process: Resource, *, ready: bool, more: Mapping[str, Any]) -> None:
    condition = {
        "type": "Ready", "status": "True" if ready else "False", "reason": "Serving" if ready else "NotReady",
        "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    status = {"observedGeneration": process.metadata.generation, "phase": "Running", "conditions": [condition], **more}
    await plane.user.patch(PROCESS, process.key, {"status": status}, subresource="status")


class _Members:
    """What all of them write all the time. `told` counts."""

    def __init__(self, plane: Plane) -> None:
        self.told = 0
        self.began = time.perf_counter()
        self._plane = plane
        self._names = [name for number in range(CLUSTERS) for name in _instances(_name(number))]
        random.Random(1).shuffle(self._names)

    async def beat(self) -> None:
        position, pause = FIRST_POSITION, BEAT_SECONDS / len(self._names)
        due = self.began = time.perf_counter()
        while True:
            position += STEP
            for name in self._names:
                said = {"metadata": {"annotations": _status(name, position)}}
                await self._plane.user.patch(POD, Key(NAMESPACE, name), said)
                self.told += 1
                due += pause
                await asyncio.sleep(max(0.0, due - time.perf_counter()))


def _status(name: str, position: int) -> dict[str, str]:
    """As Patroni says it."""
    following = {} if name.count("-") == 1 else {"replication_state": "streaming", "replay_lsn": position}
    role = "replica" if following else "primary"
    said = {"state": "running", "role": role, "version": "4.1.4", "xlog_location": position, "timeline": 1}
    return {"status": json.dumps(said | following, separators=(",", ":"))}


async def _rest(plane: Plane, when: str) -> None:
    """Writes of the controllers, and what they cost, while nothing happens that anybody should be told."""
    await asyncio.sleep(QUIET_SECONDS / 2)
    writes, spent = plane.transport.writes, time.process_time()
    await asyncio.sleep(QUIET_SECONDS)
    report(f"writes in {QUIET_SECONDS:g} s while {when}", plane.transport.writes - writes, 0, "", "0")
    busy = 100 * (time.process_time() - spent) / QUIET_SECONDS
    report(f"one core while {when}, the benchmark's own writes included", busy, 0, "%", "stated")


async def _change_once(plane: Plane, number: int) -> float:
    """Seconds until the cluster counts one instance less, or again all."""
    cluster, ready = _name(number // 2 * 37 % CLUSTERS), number % 2 == 1
    process = await plane.user.get(PROCESS, Key(NAMESPACE, f"{cluster}-2"))
    async with _following(plane) as seen:
        began = time.perf_counter()
        await _tell(plane, process, ready=ready, more={})
        while await anext(seen) != (cluster, SIZE if ready else SIZE - 1):
            pass
        return time.perf_counter() - began


@contextlib.asynccontextmanager
async def _following(plane: Plane) -> AsyncIterator[AsyncIterator[tuple[str, int]]]:
    """Clusters and how many of their instances are ready, as they change."""
    selection = Selection(NAMESPACE)
    page = await plane.user.list_page(DATABASE_CLUSTER, selection, limit=1)
    events = plane.user.watch(DATABASE_CLUSTER, selection, version=page.version, timeout_seconds=600)

    async def seen() -> AsyncIterator[tuple[str, int]]:
        async for event in events:
            if event.resource is not None:
                database = event.resource.status.get("database") or {}
                yield event.resource.metadata.name, int(database.get("readyInstances", 0))

    async with contextlib.aclosing(events):
        yield seen()


def _name(number: int) -> str:
    return f"c-{number}"


def _instances(cluster: str) -> list[str]:
    return [cluster, *(f"{cluster}-{number}" for number in range(2, SIZE + 1))]


if __name__ == "__main__":
    main()
