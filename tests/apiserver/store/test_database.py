"""The SQLite file: what it keeps, and what it refuses."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from dbaas.apiserver.store.collection import Change, Entry
from dbaas.apiserver.store.database import MIGRATIONS, Database, StorageError


def change(key: str, version: int, *, deleted: bool = False) -> Change:
    body = f'"metadata":{{"name":"{key}","uid":"u","resourceVersion":"{version}"}}}}'.encode()
    return Change("things", None, Entry.read(key, version, body), deleted)


def stored(path: Path) -> tuple[int, dict[str, int]]:
    database = Database(path)
    database.open()
    version, rows = database.load()
    found = {key: each for _, key, each, _ in rows}
    database.close()
    return version, found


def test_a_new_file_is_empty_and_private(tmp_path: Path) -> None:
    path = tmp_path / "store"
    assert stored(path) == (1, {})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    database.write([change("a", 2), change("b", 3), change("a", 4)])
    database.write([change("b", 5, deleted=True), change("c", 6)])
    database.close()
    assert stored(tmp_path / "store") == (6, {"a": 4, "c": 6})


def test_what_is_made_and_deleted_in_one_go_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    database.write([change("a", 2), change("a", 3, deleted=True)])
    database.close()
    assert stored(tmp_path / "store") == (3, {})


def test_a_file_is_opened_only_once(tmp_path: Path) -> None:
    first, second = Database(tmp_path / "store"), Database(tmp_path / "store")
    first.open()
    with pytest.raises(StorageError, match="another process has it open"):
        second.open()
    first.close()
    second.open()
    second.close()


def test_a_file_of_another_program_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    with pytest.raises(StorageError, match="another program's file"):
        Database(path).open()
    text = tmp_path / "text"
    text.write_text("no database at all, only words" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Database(text).open()


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "store"
    stored(path)
    with sqlite3.connect(path) as later:
        later.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    later.close()
    with pytest.raises(StorageError, match="written by a newer version"):
        Database(path).open()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot open the store '.*/nowhere/store'"):
        Database(tmp_path / "nowhere" / "store").open()


def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not open"):
        Database(tmp_path / "store").write([change("a", 2)])


def test_every_commit_is_synced(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    connection = database._opened()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
