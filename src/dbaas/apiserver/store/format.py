"""What is in the file: its tables by version, and the sums that prove that it is as the last commit left it.

SQLite notices a torn page only where it breaks the structure, not inside an object. So every row has a checksum, and
the sum of them all, the seal, is changed in the same transaction as the rows: a row that is altered, lost or older than
it should be is noticed when the file is opened.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from zlib import crc32

from dbaas.apiserver.store.errors import StorageError, damaged

APPLICATION_ID = 0x64626161  # "dbaa"
MIGRATIONS = (
    """
    CREATE TABLE objects (
        collection TEXT NOT NULL,
        key TEXT NOT NULL,
        version INTEGER NOT NULL,
        body BLOB NOT NULL,
        UNIQUE (collection, key)
    );
    CREATE TABLE revision (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL);
    INSERT INTO revision VALUES (1, 1)
    """,
    """
    ALTER TABLE objects ADD COLUMN checksum INTEGER NOT NULL DEFAULT 0;
    UPDATE objects SET checksum = checksum(collection, key, version, body);
    ALTER TABLE revision ADD COLUMN seal INTEGER NOT NULL DEFAULT 0;
    UPDATE revision SET seal = (SELECT coalesce(sum(checksum), 0) FROM objects)
    """,
)
"""One transaction takes a file through all that it lacks; how many it has had is its `user_version`."""

Row = tuple[str, str, int, bytes]
"""Collection, key, version and body of an object."""


def checksum(collection: str, key: str, version: int, body: bytes) -> int:
    return crc32(body, crc32(f"{collection}\0{key}\0{version}\0".encode()))


def make_file(path: Path) -> None:
    """An empty store, readable by nobody else; in its place only once it is whole, and never over another file."""
    new = path.with_name(f".{path.name}.new")
    for leftover in (new, log_of(new), new.with_name(f"{new.name}-journal")):
        leftover.unlink(missing_ok=True)
    os.close(os.open(new, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(new, isolation_level=None)) as connection:
        create(connection)
    with suppress(FileExistsError):  # another process was faster, and has it
        path.hardlink_to(new)
    new.unlink()
    _sync_folder(path.parent)


def log_of(path: Path) -> Path:
    """The write-ahead log beside the file."""
    return path.with_name(f"{path.name}-wal")


def create(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # counts only before there is a table
    upgrade(connection, 0)


def identify(connection: sqlite3.Connection, path: Path | str) -> int:
    """How many migrations the file has had; changes nothing. Raises StorageError for one that we must not touch."""
    (identity,) = connection.execute("PRAGMA application_id").fetchone()
    step: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if identity != APPLICATION_ID:
        raise StorageError(
            f"cannot open the store '{path}': it is another program's file, or its beginning was overwritten; "
            "move it away, or use another home"
        )
    if step > len(MIGRATIONS):
        raise StorageError(
            f"cannot open the store '{path}': it was written by a newer version of dbaas (format {step}, this one "
            f"knows {len(MIGRATIONS)}); install that version, or use another home"
        )
    if step < 1:
        raise damaged(path, f"its format is {step}")
    return step


def upgrade(connection: sqlite3.Connection, step: int) -> None:
    """To the newest format, or not at all; nothing is written where it has that."""
    if step == len(MIGRATIONS):
        return
    connection.create_function("checksum", 4, checksum, deterministic=True)
    connection.execute("BEGIN EXCLUSIVE")
    for migration in MIGRATIONS[step:]:
        for statement in migration.split(";"):
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    connection.execute("COMMIT")


def verify(rows: Iterable[tuple[str, str, int, object, int]], seal: int, path: Path | str) -> Iterator[Row]:
    """Passes them on. Raises StoreDamaged after the last one, unless they are what was committed last."""
    altered = total = 0
    for collection, key, version, body, recorded in rows:
        if not isinstance(body, bytes) or checksum(collection, key, version, body) != recorded:
            altered += 1
            continue
        total += recorded
        yield collection, key, version, body
    if altered:
        raise damaged(path, f"{altered} of its objects are not as they were written")
    if total != seal:
        raise damaged(path, "its objects are not those of one moment")


def _sync_folder(folder: Path) -> None:
    """The file's name survives the loss of power only with its folder."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
