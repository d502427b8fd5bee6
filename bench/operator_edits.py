"""A real operator process on a real kube-apiserver: from its start to its first work, and from an edit to its end.

Each against what cannot be less: a start that only loads the same modules, and an edit that a bare script carries out
with the same writes one after the other: the object, the role on the server, the status.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from psycopg import AsyncConnection, sql

from _laptop import report, timed
from _plane import is_ready, running_server
from dbaas.api.core import SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.rest import Selection
from fixtures.control_plane import require_assets, running_control_plane
from fixtures.postgres import TestServer, log_in
from fixtures.replicas import CLOCK, Installed, installed, replicas

EDITS = 100
STARTS = 3
LOADING = "import dbaas.app.operator as it; it.find_cluster_registry()"


def main() -> None:
    started = asyncio.run(_measure())
    with timed() as loading:
        subprocess.run([sys.executable, "-c", LOADING], check=True)
    report("an operator's start to its first judgement", statistics.median(started), loading[0], "s", "< 3 s")


async def _measure() -> list[float]:
    """The seconds of each start."""
    assets = require_assets("etcd", "kube-apiserver", "kubectl")
    started: list[float] = []
    with running_server() as database, tempfile.TemporaryDirectory(prefix="dbaas-bench-") as folder:
        for number in range(STARTS):
            with running_control_plane(assets, Path(folder) / f"kube-{number}") as state:
                async with _at_work(state, database, started) as cluster:
                    if number == STARTS - 1:
                        await _edit(cluster, database)
    return started


@contextlib.asynccontextmanager
async def _at_work(state: Path, database: TestServer, started: list[float]) -> AsyncIterator[Installed]:
    """The objects are there before the operator is; the time runs from the start of its process."""
    async with installed(state) as cluster, replicas() as made:
        login = {"username": database.address.username, "password": database.address.password.reveal()}
        await _make(cluster, SECRET, "admin", {"stringData": login})
        connection = {"host": "127.0.0.1", "port": database.port, "secretRef": {"name": "admin"}}
        spec = {"engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"}}
        await _make(cluster, DATABASE_INSTANCE, "main", {"spec": spec})
        await _make(cluster, DATABASE_USER, "app", {"spec": {"instanceRef": {"name": "main"}}})
        with timed() as seconds:
            home = cluster.asked.namespace
            await made.start(cluster.kubeconfig, "--namespaces", cluster.work, "--lease-namespace", home)
            await _until(cluster, DATABASE_INSTANCE, lambda found: bool(found.status.get("conditions")), "main")
        started.extend(seconds)
        await _until(cluster, DATABASE_USER, is_ready, "app")
        yield cluster


async def _edit(cluster: Installed, database: TestServer) -> None:
    """In turns, so that all meet the same machine; who looks whether the server has it takes a little of it too."""
    key = Key(cluster.work, "app")
    ours, applied, bare = list[float](), list[float](), list[float]()
    async with await log_in(database.address) as connection, _following(cluster) as seen:
        for number in range(0, 2 * EDITS, 2):
            with timed() as seconds:
                edited = await cluster.user.patch(DATABASE_USER, key, _limit(number))
                while await seen() != edited.metadata.generation:
                    pass
            ours += seconds
            with timed() as seconds:
                edited = await cluster.user.patch(DATABASE_USER, key, _limit(number + 1))
                while await _find_limit(connection) != _most(number + 1):
                    await CLOCK.sleep(0.001)
            applied += seconds
            while await seen() != edited.metadata.generation:
                pass
            with timed() as seconds:
                await _edit_by_hand(cluster, connection, number)
            bare += seconds
    median, least = statistics.median(ours) * 1000, statistics.median(bare) * 1000
    report("an edit until its status says so, p50", median, least, "ms", "< 30 ms")
    late = sorted(ours)[int(EDITS * 0.99) - 1] * 1000
    report("p99 against that p50", late, median, "ms", "–")
    report("an edit until the server has it, p50", statistics.median(applied) * 1000, least, "ms", "< 30 ms")


async def _edit_by_hand(cluster: Installed, connection: AsyncConnection, number: int) -> None:
    """The same three writes: an object that nobody watches stands for the user."""
    key = Key(cluster.work, "by-hand")
    note = {"metadata": {"annotations": {"edit": str(number)}}}
    if not number:
        await _make(cluster, SECRET, key.name, {})
        await connection.execute("CREATE ROLE by_hand")
    await cluster.user.patch(SECRET, key, note)
    await connection.execute(sql.SQL("ALTER ROLE by_hand CONNECTION LIMIT {}").format(_most(number)))
    await cluster.user.patch(SECRET, key, {"metadata": {"labels": {"edit": str(number)}}})


def _most(number: int) -> int:
    """Connections; no two edits ask for the same."""
    return 5 + number


def _limit(number: int) -> dict[str, Any]:
    return {"spec": {"postgres": {"connectionLimit": _most(number)}}}


async def _find_limit(connection: AsyncConnection) -> int:
    cursor = await connection.execute("SELECT rolconnlimit FROM pg_roles WHERE rolname = 'app'")
    row = await cursor.fetchone()
    assert row is not None
    return int(row[0])


async def _make(cluster: Installed, kind: Kind, name: str, rest: dict[str, Any]) -> None:
    metadata = {"name": name, "namespace": cluster.work}
    await cluster.user.create(kind, {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **rest})


async def _until(cluster: Installed, kind: Kind, holds: Callable[[Resource], bool], name: str) -> None:
    async with asyncio.timeout(120):
        while not holds(await cluster.user.get(kind, Key(cluster.work, name))):
            await CLOCK.sleep(0.02)


@contextlib.asynccontextmanager
async def _following(cluster: Installed) -> AsyncIterator[Callable[[], Awaitable[int]]]:
    """The generation that the user's status speaks of, at each change of it."""
    selection = Selection(cluster.work)
    page = await cluster.user.list_page(DATABASE_USER, selection)
    events = cluster.user.watch(DATABASE_USER, selection, version=page.version, timeout_seconds=600)

    async def seen() -> int:
        event = await anext(events)
        return int(event.resource.status.get("observedGeneration", 0)) if event.resource is not None else 0

    async with contextlib.aclosing(events):
        yield seen


if __name__ == "__main__":
    main()
