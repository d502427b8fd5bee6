"""The tables of the file by version, and the sums that show what was altered."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from dbaas.apiserver.store.errors import StorageError, StoreDamaged
from dbaas.apiserver.store.format import (
    APPLICATION_ID,
    MIGRATIONS,
    checksum,
    create,
    identify,
    make_file,
    upgrade,
    verify,
)
from soak.tearing import read

ROWS = [("kind", "a", 2, b"first"), ("kind", "b", 3, b"second")]
FIRST_FORMAT = """
    CREATE TABLE objects (collection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, body BLOB NOT NULL,
                          UNIQUE (collection, key));
    CREATE TABLE revision (only INTEGER PRIMARY KEY CHECK (only = 1), version INTEGER NOT NULL);
    INSERT INTO revision VALUES (1, 7);
    INSERT INTO objects VALUES ('kind', 'a', 2, CAST('first' AS BLOB)), ('kind', 'b', 3, CAST('second' AS BLOB));
    PRAGMA application_id = 1684169057;
    PRAGMA user_version = 1;
"""


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A file of the first format, as it was written then."""
    path = tmp_path / "state.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(FIRST_FORMAT)
    return path


def schema(connection: sqlite3.Connection) -> list[tuple[str, list[tuple[object, ...]]]]:
    return [
        (name, [row[1:] for row in connection.execute(f"PRAGMA table_info({name})")])
        for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    ]


def test_a_file_of_the_first_format_opens_with_all_that_is_in_it(first: Path) -> None:
    assert read(first) == {"a": (2, b"first"), "b": (3, b"second")}
    assert read(first) == {"a": (2, b"first"), "b": (3, b"second")}  # and again, with nothing to do


def test_an_upgraded_file_is_like_a_new_one(first: Path, tmp_path: Path) -> None:
    read(first)
    make_file(tmp_path / "new.db")
    with closing(sqlite3.connect(first)) as old, closing(sqlite3.connect(tmp_path / "new.db")) as new:
        assert schema(old) == schema(new)
        for pragma in ("application_id", "user_version", "auto_vacuum"):
            assert old.execute(f"PRAGMA {pragma}").fetchone() == new.execute(f"PRAGMA {pragma}").fetchone()


def test_an_upgrade_that_fails_changes_nothing(first: Path) -> None:
    with closing(sqlite3.connect(first, isolation_level=None)) as connection:
        connection.execute("ALTER TABLE revision ADD COLUMN seal INTEGER")  # so that the third statement fails
        before = list(connection.iterdump())
    with pytest.raises(StorageError, match="duplicate column"):
        read(first)
    with closing(sqlite3.connect(first)) as connection:
        assert list(connection.iterdump()) == before
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.mark.parametrize(
    ("identity", "step", "words"),
    [
        (0, len(MIGRATIONS), "another program's file"),
        (APPLICATION_ID, len(MIGRATIONS) + 1, r"written by a newer version of dbaas \(format 3, this one knows 2\)"),
        (APPLICATION_ID, 0, r"damaged \(its format is 0\)"),
        (APPLICATION_ID, -5, r"damaged \(its format is -5\)"),
    ],
)
def test_a_file_that_must_not_be_touched_is_refused(identity: int, step: int, words: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(f"PRAGMA application_id = {identity}")
        connection.execute(f"PRAGMA user_version = {step}")
        with pytest.raises(StorageError, match=words):
            identify(connection, "the file")


def test_a_current_file_is_not_written_to() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection)
        before = connection.total_changes
        upgrade(connection, len(MIGRATIONS))
        assert connection.total_changes == before


def test_a_new_file_takes_its_place_whole_private_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    (tmp_path / ".state.db.new").write_text("what a crash has left")
    make_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["state.db"]
    path.write_text("somebody else's")
    make_file(path)
    assert path.read_text() == "somebody else's"


def test_rows_that_are_altered_lost_or_stale_are_noticed() -> None:
    proven = [(*row, checksum(*row)) for row in ROWS]
    seal = sum(row[-1] for row in proven)
    stale = ("kind", "a", 1, b"zeroth")
    assert list(verify(proven, seal, "the file")) == ROWS
    assert list(verify([], 0, "the file")) == []
    wrong = {
        "1 of its objects are not as they were written": [("kind", "a", 2, b"First", proven[0][-1]), proven[1]],
        "2 of its objects": [("kind", "a", 2, None, 0), ("kind", "b", 2, "text", 0)],
        "not those of one moment": proven[1:],
        "are not those of one moment": [(*stale, checksum(*stale)), proven[1]],
    }
    for words, rows in wrong.items():
        with pytest.raises(StoreDamaged, match=words):
            list(verify(rows, seal, "the file"))
