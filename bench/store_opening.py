"""Opening a store of 50,000 objects: verified and ready to be read, against a bare SQLite that only reads the rows."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import orjson

from _laptop import report, timed
from dbaas.apiserver.store import Change, Database, Entry, Store
from dbaas.core.offload import InlineOffload

OBJECTS = 50_000
KINDS = 5
TIMES = 3
GROUP = 5_000
BODY_BYTES = 2_000


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="dbaas-bench-") as folder:
        path = Path(folder) / "state.db"
        _fill(path)
        ours, bare = [], []
        for _ in range(TIMES):  # in turn, so that what disturbs the machine disturbs both
            with timed() as seconds:
                asyncio.run(_open(path))
            ours += seconds
            with timed() as seconds:
                _read(path)
            bare += seconds
    report(f"opening {OBJECTS} objects", min(ours), min(bare), "s", "< 1 s")


def _fill(path: Path) -> None:
    database = Database(path)
    database.open()
    for start in range(0, OBJECTS, GROUP):
        database.write([_change(number) for number in range(start, start + GROUP)])
    database.close()


def _change(number: int) -> Change:
    name = f"object-{number * 7919 % OBJECTS}"  # not in the order of their keys
    metadata = {"name": name, "namespace": "default", "uid": f"uid-{number}", "labels": {"app": "bench"}}
    body = orjson.dumps({"metadata": metadata, "spec": {"filler": "x" * BODY_BYTES}})[1:]
    return Change(f"kind-{number % KINDS}", None, Entry.read(f"default/{name}", number + 2, body))


async def _open(path: Path) -> None:
    store = Store(Database(path), InlineOffload())
    await store.open()
    assert sum(len(collection) for _, collection in store.collections()) == OBJECTS
    await store.close()


def _read(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT collection, key, version, body FROM objects").fetchall()
    assert len(rows) == OBJECTS


if __name__ == "__main__":
    main()
