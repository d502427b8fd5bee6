"""Databases, users and grants on a real kube-apiserver with etcd, from the first create to all Ready, against a script.

The script sends the same SQL over as many connections to the same server, and makes the fewest API writes that are
possible, to the same API: create, one finalizer and one status for each object, one Secret for each user. Its objects
are of the same schemas, in a group that nobody watches. The number of units is the first argument; the server's data is
in memory for both.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any

from _laptop import report, timed
from _plane import is_ready, running_server
from _units import (
    BARE,
    CONNECTIONS,
    DONE,
    HOLD,
    KINDS,
    SHARED,
    VERSION,
    WRITERS,
    copy_definition,
    make_objects,
    make_unit,
)
from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION, SECRET
from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import GROUP, Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Selection
from fixtures.control_plane import require_assets, running_control_plane
from fixtures.postgres import TestServer, log_in
from fixtures.replicas import CLOCK, Installed, installed, replicas

UNITS = int(sys.argv[1]) if len(sys.argv) > 1 else 200
WATCHED = (DATABASE, DATABASE_USER, DATABASE_GRANT)
Step = Callable[[], Awaitable[object]]
Way = Callable[[Installed, TestServer], Awaitable[float]]


def main() -> None:
    bare, ours = (_measure(way) for way in (_script, _declare))
    report(f"{UNITS} databases, users and grants on kube-apiserver, against a bare script", ours, bare, "s", "≤ 1.25 ×")


def _measure(way: Way) -> float:
    """Each in a cluster and on a server of its own: the later of two would have in its way what the earlier made."""
    assets = require_assets("etcd", "kube-apiserver", "kubectl")
    with (
        running_server() as database,
        tempfile.TemporaryDirectory(prefix="dbaas-bench-") as folder,
        running_control_plane(assets, Path(folder) / "kube") as state,
    ):
        return asyncio.run(_run(way, state, database))


async def _run(way: Way, state: Path, database: TestServer) -> float:
    async with _at_work(state, database) as cluster:
        return await way(cluster, database)


async def _script(cluster: Installed, database: TestServer) -> float:
    await _define(cluster)
    with timed() as seconds:
        await _by_hand(cluster, database)
    return seconds[0]


async def _declare(cluster: Installed, _: TestServer) -> float:
    with timed() as seconds:
        waiting = [asyncio.create_task(_until_all_ready(cluster, kind)) for kind in WATCHED]
        await _all([step for _, _, step in _creates(cluster, GROUP)], WRITERS)
        await asyncio.gather(*waiting)
    return seconds[0]


@contextlib.asynccontextmanager
async def _at_work(state: Path, database: TestServer) -> AsyncIterator[Installed]:
    async with installed(state, webhooks="off") as cluster, replicas() as made:
        login = {"username": database.address.username, "password": database.address.password.reveal()}
        await _make(cluster, SECRET, "admin", {"stringData": login})
        connection = {"host": "127.0.0.1", "port": database.port, "secretRef": {"name": "admin"}}
        spec = {"engine": "postgres", "connection": connection, "maxConnections": CONNECTIONS}
        await _make(cluster, DATABASE_INSTANCE, "main", {"spec": {**spec, "postgres": {"sslMode": "disable"}}})
        await made.start(cluster.kubeconfig, "--namespaces", cluster.work, "--lease-namespace", cluster.asked.namespace)
        async with asyncio.timeout(120):
            while not is_ready(await cluster.user.get(DATABASE_INSTANCE, Key(cluster.work, "main"))):
                await CLOCK.sleep(0.02)
        yield cluster


def _creates(cluster: Installed, group: str) -> list[tuple[Kind, Key, Step]]:
    """What is made, and how, in the order of its making."""
    made = []
    for number in range(UNITS):
        for plural, body in make_objects(group, number, {"name": "main"}):
            kind, key = Kind(group, VERSION, KINDS[plural], plural), Key(cluster.work, body["metadata"]["name"])
            body["metadata"]["namespace"] = cluster.work
            made.append((kind, key, _later(cluster.user.create, kind, body)))
    return made


async def _until_all_ready(cluster: Installed, kind: Kind) -> None:
    """Told by a watch from before the first create, and by another where the server ends one.

    Without a version it begins with all that is there.
    """
    ready = set[Key]()
    while len(ready) < UNITS:
        events = cluster.user.watch(kind, Selection(cluster.work), version="", timeout_seconds=3600)
        async with contextlib.aclosing(events):
            async for event in events:
                if event.resource is not None and is_ready(event.resource):
                    ready.add(event.resource.key)
                if len(ready) == UNITS:
                    return


async def _by_hand(cluster: Installed, database: TestServer) -> None:
    """The API writes go beside the SQL, as the fastest script would do it."""
    numbers = iter(range(UNITS))

    async def work() -> None:
        async with await log_in(database.address) as connection:
            for number in numbers:
                await make_unit(connection, f"bare-{number}", f"bare-user-{number}")

    await asyncio.gather(_writes(cluster), *(work() for _ in range(CONNECTIONS)))


async def _writes(cluster: Installed) -> None:
    secrets = [_later(_make, cluster, SECRET, f"bare-{number}", {"stringData": SHARED}) for number in range(UNITS)]
    creates, patch = _creates(cluster, BARE), cluster.user.patch
    await _all([*secrets, *(step for _, _, step in creates)], WRITERS)
    await _all([_later(patch, kind, key, HOLD) for kind, key, _ in creates], WRITERS)
    await _all([_later(patch, kind, key, DONE, subresource="status") for kind, key, _ in creates], WRITERS)


async def _define(cluster: Installed) -> None:
    for plural in KINDS:
        found = await cluster.user.get(CUSTOM_RESOURCE_DEFINITION, Key("", f"{plural}.dbaas.io"))
        await cluster.user.create(CUSTOM_RESOURCE_DEFINITION, copy_definition(found.body()))
    async with asyncio.timeout(120):
        for plural, kind in KINDS.items():
            while not await _is_served(cluster, Kind(BARE, VERSION, kind, plural)):
                await CLOCK.sleep(0.1)


async def _make(cluster: Installed, kind: Kind, name: str, rest: dict[str, Any]) -> Resource:
    metadata = {"name": name, "namespace": cluster.work}
    body = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **rest}
    return await cluster.user.create(kind, body)


async def _is_served(cluster: Installed, kind: Kind) -> bool:
    try:
        await cluster.user.list(kind, Selection(cluster.work))
    except NotFound:
        return False
    return True


def _later(work: Callable[..., Coroutine[Any, Any, object]], *arguments: object, **named: object) -> Step:
    return lambda: work(*arguments, **named)


async def _all(steps: Iterable[Step], writers: int) -> None:
    """So many at a time, in order of their beginning."""
    waiting = iter(list(steps))

    async def work() -> None:
        for step in waiting:
            await step()

    await asyncio.gather(*(work() for _ in range(writers)))


if __name__ == "__main__":
    main()
