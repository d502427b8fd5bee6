"""Drift passes over one server with 10,000 objects in 100 databases, or as many as the arguments say.

The objects are a mix: databases, schemas, roles, users, and grants inside databases. What they stand for is there
before them (`_stock`), so that all that their first reconcile changes is the passwords of users. The server's data is
in memory. A full pass may take several turns; its figures are their sums. Processor time is that of this process,
control plane and API server, in which nothing else runs meanwhile; the server's own is not in it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from _laptop import report, timed
from _plane import CONNECTIONS, MAIN, NAME, Plane, build_manifest, is_ready, open_plane, running_server, serving
from _stock import create_role, create_schema, create_user, grant_on_schema, stock
from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.api.user import DATABASE_USER
from dbaas.controllers.drift_pass import DriftPass
from dbaas.controllers.servers import read_server
from fixtures.postgres import TestServer, log_in

OBJECTS = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
DATABASES = int(sys.argv[2]) if len(sys.argv) > 2 else 100
SCHEMAS = (OBJECTS - DATABASES) // 10
USERS = (OBJECTS - DATABASES) // 20
ROLES = (OBJECTS - DATABASES - SCHEMAS - USERS) // 2
COUNTS = {
    DATABASE: DATABASES,
    DATABASE_SCHEMA: SCHEMAS,
    DATABASE_USER: USERS,
    DATABASE_ROLE: ROLES,
    DATABASE_GRANT: OBJECTS - DATABASES - SCHEMAS - USERS - ROLES,
}
HERE = {"instanceRef": {"name": MAIN.name}}
MAKERS = 16
EDITS = 100
READING = ("SELECT", "WITH", "SET", "RESET", "BEGIN", "COMMIT")


def main() -> None:
    with running_server() as server:
        asyncio.run(_measure(server))


async def _measure(server: TestServer) -> None:
    async with open_plane(server) as plane:
        with timed() as seconds:
            await _stock(server)
        report(f"as much made in {DATABASES} databases by plain SQL", seconds[0], 0, "s", "–")
        with timed() as seconds:
            await _make(plane)
        report(f"{OBJECTS} objects that stand for it, until all Ready", seconds[0], 0, "s", "stated")
        await _full_pass(plane)
        await _apply_again(plane)
        await _edit(plane, "idle", "p50 < 15 ms")
        await _edit_in_passes(plane)
        await _notice(plane)
        await _look_again(plane)


async def _stock(server: TestServer) -> None:
    inside = {f"db-{number}": list[sql.Composed]() for number in range(DATABASES)}
    for number in range(SCHEMAS):
        inside[_database(number)["name"]].append(create_schema(f"schema-{number}"))
    for number in range(COUNTS[DATABASE_GRANT]):
        schema, role = number % SCHEMAS, number % ROLES
        inside[_database(schema)["name"]].append(grant_on_schema(f"schema-{schema}", f"role-{role}"))
    roles = [create_role(f"role-{number}") for number in range(ROLES)]
    await stock(server.address, [*roles, *(create_user(f"user-{number}") for number in range(USERS))], inside)


async def _make(plane: Plane) -> None:
    bodies = iter(list(_specs()))

    async def work() -> None:
        for kind, name, spec in bodies:
            await plane.make(kind, name, spec)

    await asyncio.gather(*(work() for _ in range(MAKERS)))
    await plane.until_idle(COUNTS)


def _specs() -> Iterator[tuple[Kind, str, dict[str, Any]]]:
    for number in range(DATABASES):
        yield DATABASE, f"db-{number}", HERE
    for number in range(SCHEMAS):
        yield DATABASE_SCHEMA, f"schema-{number}", {"databaseRef": _database(number)}
    for number in range(USERS):
        yield DATABASE_USER, f"user-{number}", {**HERE, "databaseRef": _database(number)}
    for number in range(ROLES):
        yield DATABASE_ROLE, f"role-{number}", HERE
    for number in range(COUNTS[DATABASE_GRANT]):
        on = {"on": "schema", "schema": f"schema-{number % SCHEMAS}", "privileges": ["USAGE", "CREATE"]}
        role = {"name": f"role-{number % ROLES}"}
        yield (
            DATABASE_GRANT, f"grant-{number}",
            {"roleRef": role, "databaseRef": _database(number % SCHEMAS), "privileges": [on]},
        )  # fmt: skip


def _database(number: int) -> dict[str, str]:
    return {"name": f"db-{number % DATABASES}"}


@dataclass
class Cost:
    """What some work took; `did` are the lane's works, `statements` what the server's log has of them."""

    seconds: float = 0.0
    processor: float = 0.0
    writes: int = 0
    connections: int = 0
    did: Counter[str] = field(default_factory=Counter)
    statements: list[str] = field(default_factory=list)


@asynccontextmanager
async def costing(plane: Plane) -> AsyncIterator[Cost]:
    """What the block costs."""
    cost, writes, before, done = Cost(), plane.transport.writes, Counter(plane.did), asyncio.Event()
    said = plane.log_size()
    watch = asyncio.create_task(_watch_connections(plane, cost, done))
    began, used = time.perf_counter(), time.process_time()
    try:
        yield cost
    finally:
        cost.seconds, cost.processor = time.perf_counter() - began, time.process_time() - used
        done.set()
        await watch
    cost.writes, cost.did = plane.transport.writes - writes, plane.did - before
    cost.statements = plane.statements(said)


async def _watch_connections(plane: Plane, cost: Cost, done: asyncio.Event) -> None:
    query = b"SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s'" % NAME.encode()
    async with await log_in(plane.database.address) as connection:
        while not done.is_set():
            row = await (await connection.execute(query)).fetchone()
            cost.connections = max(cost.connections, row[0] if row else 0)
            await plane.sources.clock.sleep(0.05)


def _passes(plane: Plane, woken: list[Key]) -> Callable[[], Any]:
    """Each call is one turn of a pass beside those of the control plane itself; it answers whether the pass is full."""
    looking = DriftPass(
        plane.manager.client, plane.registry, lambda kind, key, **_: woken.append(key), plane.sources.clock
    )

    async def turn() -> bool:
        instance = await plane.manager.client.get(DATABASE_INSTANCE, MAIN)
        assert instance is not None
        server = read_server(instance, plane.registry)
        lane = await plane.servers.reach(server)
        return (await looking.run(server, lane, await lane.facts())).ends_round

    return turn


async def _full_pass(plane: Plane) -> None:
    """The first reads all objects, as the first after a start does; the next is as all others are."""
    woken: list[Key] = []
    turn = _passes(plane, woken)
    for which in ("the first", "the next"):
        await plane.until_passed()
        turns = 1
        async with costing(plane) as cost:
            while not await turn():
                turns += 1
        report(f"a full pass in {turns} turns, {which}", cost.seconds, 10.0, "s", "≤ 10 s")
        report("the same, of this processor", cost.processor, 10.0, "s", "≤ 10 s")
        report("the same, for each database", cost.seconds / DATABASES * 1000, 20.0, "ms", "stated")
    report("connections at most", cost.connections, CONNECTIONS, "", f"≤ {CONNECTIONS}")
    report("catalogue queries, for each database", len(cost.statements), DATABASES, "", "stated")
    report("new connections", cost.did["connect"], DATABASES, "", "stated")
    report("API writes in a pass", cost.writes, 0, "", "0")
    report("objects taken for different", len(woken), 0, "", "0")


async def _apply_again(plane: Plane) -> None:
    """The very manifests that are applied already, by the command, which tries all of them before it sends any."""
    with tempfile.TemporaryDirectory(prefix="dbaas-bench-") as folder:
        manifests = Path(folder) / "all.yaml"
        manifests.write_text("\n---\n".join(json.dumps(build_manifest(*each)) for each in _specs()))
        before = await _versions(plane)
        async with serving(plane, Path(folder)) as dbaas, costing(plane) as cost:
            said = await dbaas("apply", "-f", str(manifests))
        changed = len(set((await _versions(plane)).items()) - set(before.items()))
    others = [text for text in cost.statements if not text.startswith(READING)]
    report(f"the same {OBJECTS} manifests applied again", cost.seconds, 0, "s", "stated")
    report("objects that the command calls unchanged", said.count(" unchanged\n"), OBJECTS, "", "1 ×")
    report("objects written by that", changed, 0, "", "0")
    report("queries of that: drift passes meanwhile", len(cost.statements), 0, "", "stated")
    report("statements of that but reading", len(others), 0, "", "0")


async def _versions(plane: Plane) -> dict[str, str]:
    """Of all objects, by uid: whatever is written gets a new one."""
    metadata = [each.metadata for kind in COUNTS for each in await plane.user.list(kind)]
    return {each.uid: each.resourceVersion for each in metadata}


async def _edit(plane: Plane, when: str, limit: str) -> None:
    taken = sorted([await _edit_once(plane, number) for number in range(EDITS)])
    median, late = statistics.median(taken), taken[int(len(taken) * 0.99) - 1]
    report(f"an edit until its status says so, {when}: p99 against p50", late * 1000, median * 1000, "ms", limit)


async def _edit_once(plane: Plane, number: int) -> float:
    key = Key("default", f"role-{number * 37 % ROLES}")
    role = await plane.user.get(DATABASE_ROLE, key)
    before = role.spec.get("postgres", {}).get("createDB", False)
    began = time.perf_counter()
    edited = await plane.user.patch(DATABASE_ROLE, key, {"spec": {"postgres": {"createDB": not before}}})
    while True:
        found = await plane.manager.client.get(DATABASE_ROLE, key)
        if found is not None and found.status.get("observedGeneration") == edited.metadata.generation:
            return time.perf_counter() - began
        await plane.sources.clock.sleep(0.001)


async def _edit_in_passes(plane: Plane) -> None:
    turn = _passes(plane, [])

    async def repeat() -> None:
        while True:
            await turn()

    passing = asyncio.create_task(repeat())
    try:
        await _edit(plane, "while passes run", "p99 < 1 s")
    finally:
        passing.cancel()
        await asyncio.gather(passing, return_exceptions=True)


async def _notice(plane: Plane) -> None:
    """By the control plane's own passes."""
    key = Key("default", f"grant-{COUNTS[DATABASE_GRANT] // 2}")
    grant = await plane.manager.client.get(DATABASE_GRANT, key)
    assert grant is not None
    database, role = grant.spec["databaseRef"]["name"], grant.spec["roleRef"]["name"]
    revoke = f'REVOKE CREATE ON SCHEMA "{grant.spec["privileges"][0]["schema"]}" FROM "{role}"'
    async with await log_in(plane.database.address, database) as connection:
        await connection.execute(revoke.encode())
    began = time.perf_counter()
    while (found := await plane.manager.client.get(DATABASE_GRANT, key)) is not None and is_ready(found):
        await plane.sources.clock.sleep(0.05)
    report("a change behind our back until Ready is False", time.perf_counter() - began, 60.0, "s", "< 60 s")


async def _look_again(plane: Plane) -> None:
    """All objects are looked at by a new control plane, as after a start: the fewest statements of a no-op apply."""
    await plane.stop()
    async with costing(plane) as cost:
        plane.start()
        while not plane.manager.is_idle:
            await plane.sources.clock.sleep(0.05)
    others = [text for text in cost.statements if not text.startswith(READING)]
    report("all objects looked at after a start", cost.seconds, 10.0, "s", "< 10 s")
    report("queries of that for each object", len(cost.statements), OBJECTS, "", "stated")
    report("statements of that but reading", len(others), 0, "", "0")


if __name__ == "__main__":
    main()
