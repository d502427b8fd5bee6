"""The SQLite file: blocking, one writer, durable before it answers.

Why these settings: WAL with synchronous=FULL syncs the log at every commit, so an answered write survives the loss of
power; exclusive locking keeps a second process out and needs no shared memory beside the file.
Source: https://www.sqlite.org/wal.html and https://www.sqlite.org/pragma.html.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from dbaas.apiserver.store.collection import Change
from dbaas.apiserver.store.errors import StorageError, damaged, translate
from dbaas.apiserver.store.format import Row, checksum, create, identify, log_of, make_file, upgrade, verify

MEMORY = ":memory:"
PAGE_BYTES = 4096
LOG_BYTES = 1000 * PAGE_BYTES  # SQLite writes the log back into the file at so many pages
SLICE_PAGES = 128  # given back at once: what a commit may have to wait for
FEWEST_FREE_PAGES = 256  # that are worth the work
MOST_ROWS = 128  # of one statement: their values are fewer than any SQLite takes
FREE_SHARE = 4  # begin when more than one page in so many is free
LEAP = 1 << 16
"""How far versions jump when the log was not written back, which a crash leaves behind: should the disk have lost the
log's end, then no version that somebody has seen is given to something else. More than a log holds."""


class Database:
    """Opened by `open`; every method blocks, so the store calls them through an `Offload`."""

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self.has_slack = False  # whether `compact` has something to do

    def open(self) -> None:
        """Makes the file if there is none.

        Raises StorageError if another process has it open, or it is not ours, newer than this program, or damaged.
        """
        try:
            crashed = isinstance(self._path, Path) and self._find_file(self._path)
            self._connection = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
            self._prepare(self._connection, crashed=crashed)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise translate("open", self._path, error) from error
        except StorageError:
            self.close()
            raise

    def close(self) -> None:
        """Closing an open file also writes its log back into it."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def load(self) -> tuple[int, Iterator[Row]]:
        """The last version given out, and every object in order of collection and key, to be read to the end.

        Raises StoreDamaged, for the objects after the last one.
        """
        connection = self._opened()
        try:
            version, seal = connection.execute("SELECT version, seal FROM revision").fetchone()
        except sqlite3.Error as error:
            raise translate("open", self._path, error) from error
        return version, self._rows(connection, seal)

    def _rows(self, connection: sqlite3.Connection, seal: int) -> Iterator[Row]:
        query = "SELECT collection, key, version, body, checksum FROM objects ORDER BY collection, key"
        try:
            yield from verify(connection.execute(query), seal, self._path)
        except sqlite3.Error as error:
            raise translate("open", self._path, error) from error

    def write(self, changes: Sequence[Change]) -> None:
        """All of them or none. Raises StorageError; what was written before is kept, and the next write may succeed."""
        connection = self._opened()
        try:
            connection.execute("BEGIN IMMEDIATE")
            self._apply(connection, changes)
            free, pages = self._free_pages(connection)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise translate("write to", self._path, error) from error
        finally:
            if connection.in_transaction:  # SQLite ends it by itself after some errors, but not after others
                connection.rollback()
        if self._path != MEMORY and free > max(FEWEST_FREE_PAGES, pages // FREE_SHARE):
            self.has_slack = True

    def compact(self) -> None:
        """Gives a slice of the free pages back to the file system; `has_slack` tells whether more are left."""
        connection = self._opened()
        try:
            # as a script, since `execute` would end after the first of its rows, which is one page
            connection.executescript(f"PRAGMA incremental_vacuum({SLICE_PAGES})")
            free, _ = self._free_pages(connection)
            self.has_slack = free > SLICE_PAGES
            if not self.has_slack:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()  # only this makes the file shorter
        except sqlite3.Error:
            self.has_slack = False  # no room to make room: the next write asks for it again

    @staticmethod
    def _free_pages(connection: sqlite3.Connection) -> tuple[int, int]:
        query = "SELECT freelist_count, page_count FROM pragma_freelist_count, pragma_page_count"
        free, pages = connection.execute(query).fetchone()
        return free, pages

    @staticmethod
    def _apply(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        """Many rows by each statement: this thread and the event loop's change places at every one."""
        last = {(change.collection, change.key): change for change in changes}
        kept, seal = [], 0
        for place, change in last.items():
            if not change.deleted:
                proof = checksum(*place, change.version, change.after.body)
                kept.append((*place, change.version, change.after.body, proof))
                seal += proof
        for parameters, rows in _in_portions(list(last), "(?, ?)"):
            asked = f"(VALUES {rows}) CROSS JOIN objects ON collection = column1 AND key = column2"  # by the index
            seal -= connection.execute(f"SELECT sum(checksum) FROM {asked}", parameters).fetchone()[0] or 0
        gone = [place for place, change in last.items() if change.deleted]
        connection.executemany("DELETE FROM objects WHERE collection = ? AND key = ?", gone)
        for parameters, rows in _in_portions(kept, "(?, ?, ?, ?, ?)"):
            connection.execute(
                f"INSERT INTO objects VALUES {rows} ON CONFLICT (collection, key) "
                "DO UPDATE SET version = excluded.version, body = excluded.body, checksum = excluded.checksum",
                parameters,
            )
        connection.execute("UPDATE revision SET version = ?, seal = seal + ?", (changes[-1].version, seal))

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            raise StorageError(f"the store '{self._path}' is not open")
        return self._connection

    @staticmethod
    def _find_file(path: Path) -> bool:
        """Whether it was not closed the last time. Never opens it: closing it again would drop SQLite's locks on it.

        SQLite would take an empty file for a new one and begin anew; ours is made with its tables in it.
        """
        log = log_of(path)
        crashed = log.exists() and log.stat().st_size > 0
        if not path.exists():
            if crashed:
                raise damaged(path, "the file is gone, and only its log is there")
            make_file(path)
        elif path.is_file() and not path.stat().st_size:
            raise damaged(path, "it is empty")
        return crashed

    def _prepare(self, connection: sqlite3.Connection, *, crashed: bool) -> None:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        if self._path == MEMORY:
            create(connection)
        step = identify(connection, self._path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {LOG_BYTES}")
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise damaged(self._path, verdict.replace("\n", " "))
        upgrade(connection, step)
        if crashed:
            self._leap(connection)

    @staticmethod
    def _leap(connection: sqlite3.Connection) -> None:
        try:
            connection.execute("UPDATE revision SET version = version + ?", (LEAP,))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_FULL":  # reading goes on without, and its log stays for the next time
                raise


def _in_portions(rows: Sequence[tuple[object, ...]], one: str) -> Iterator[tuple[list[object], str]]:
    """The values of some rows, and as many times `one`; by powers of two, so that few statements are compiled."""
    done = 0
    while left := len(rows) - done:
        size = min(MOST_ROWS, 1 << (left.bit_length() - 1))
        yield list(chain.from_iterable(rows[done : done + size])), ", ".join([one] * size)
        done += size
