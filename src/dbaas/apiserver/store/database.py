"""The SQLite file: blocking, one writer, durable before it answers.

Why these settings: WAL with synchronous=FULL syncs the log at every commit, so an answered write survives the loss of
power; exclusive locking keeps a second process out and needs no shared memory beside the file.
Source: https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dbaas.apiserver.store.collection import Change
from dbaas.core.errors import DbaasError

APPLICATION_ID = 0x64626161  # "dbaa"
MEMORY = ":memory:"
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
    INSERT INTO revision VALUES (1, 1);
    """,
)


class StorageError(DbaasError):
    """The store cannot be opened, or a write was not kept."""

    reason = "StorageError"


class Database:
    """Opened by `open`; every method blocks, so the store calls them through an `Offload`."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Makes the file if there is none. Raises StorageError if another process has it open, or it is not ours."""
        try:
            if self._path != MEMORY:
                os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            self._prepare(self._connection)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StorageError(f"cannot open the store '{self._path}': {_explain(error)}") from error
        except StorageError:
            self.close()
            raise

    def close(self) -> None:
        """Closing an open file also writes its log back into it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(self) -> tuple[int, Iterator[tuple[str, str, int, bytes]]]:
        """The last version given out, and (collection, key, version, body) of every object, in order."""
        connection = self._opened()
        (version,) = connection.execute("SELECT version FROM revision").fetchone()
        rows = connection.execute("SELECT collection, key, version, body FROM objects ORDER BY collection, key")
        return version, rows

    def write(self, changes: Sequence[Change]) -> None:
        """All of them or none. Raises StorageError."""
        connection = self._opened()
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                self._apply(connection, changes)
            except sqlite3.Error:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.rollback()
            raise StorageError(f"cannot write to the store '{self._path}': {_explain(error)}") from error

    def _apply(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        last: dict[tuple[str, str], Change] = {(c.collection, c.key): c for c in changes}
        kept: Iterable[Change] = (c for c in last.values() if not c.deleted)
        connection.executemany(
            "INSERT INTO objects VALUES (?, ?, ?, ?) ON CONFLICT (collection, key) "
            "DO UPDATE SET version = excluded.version, body = excluded.body",
            ((c.collection, c.key, c.version, c.after.body) for c in kept),
        )
        connection.executemany(
            "DELETE FROM objects WHERE collection = ? AND key = ?",
            ((c.collection, c.key) for c in last.values() if c.deleted),
        )
        connection.execute("UPDATE revision SET version = ?", (changes[-1].version,))

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StorageError(f"the store '{self._path}' is not open")
        return self._connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN EXCLUSIVE")
        (identity,) = connection.execute("PRAGMA application_id").fetchone()
        (step,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if identity != APPLICATION_ID and (identity or tables):
            raise StorageError(f"cannot open the store '{self._path}': it is another program's file")
        if step > len(MIGRATIONS):
            raise StorageError(f"cannot open the store '{self._path}': it was written by a newer version (step {step})")
        for migration in MIGRATIONS[step:]:
            for statement in migration.split(";"):
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")


def _explain(error: Exception) -> str:
    if "locked" in str(error):
        return "another process has it open"
    return str(error)
