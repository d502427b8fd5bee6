"""The SQLite file: what it keeps, and what it refuses."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from pathlib import Path

import pytest
from msgspec.structs import replace

from dbaas.apiserver.store.collection import Change, Entry
from dbaas.apiserver.store.database import LEAP, LOG_BYTES, MOST_ROWS, PAGE_BYTES, SLICE_PAGES, Database
from dbaas.apiserver.store.errors import StorageError, StorageFull


def change(key: str, version: int, *, deleted: bool = False, filler: int = 0) -> Change:
    body = f'"metadata":{{"name":"{key}","uid":"u","resourceVersion":"{version}"}},"x":"{"x" * filler}"}}'.encode()
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


def test_any_number_of_changes_is_written_at_once(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    count = 2 * MOST_ROWS + 21
    database.write([change(f"k-{number}", number + 2) for number in range(count)])
    database.write([change(f"k-{number}", number + count + 2, deleted=number % 3 == 0) for number in range(count)])
    database.close()
    kept = {f"k-{number}": number + count + 2 for number in range(count) if number % 3}
    assert stored(tmp_path / "store") == (2 * count + 1, kept)


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
    before = path.read_bytes()
    with pytest.raises(StorageError, match="another program's file"):
        Database(path).open()
    assert path.read_bytes() == before
    text = tmp_path / "text"
    text.write_text("no database at all, only words" * 100)
    with pytest.raises(StorageError, match="not a database"):
        Database(text).open()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"cannot open the store '.*/nowhere/store'"):
        Database(tmp_path / "nowhere" / "store").open()


def test_a_closed_store_takes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is not open"):
        Database(tmp_path / "store").write([change("a", 2)])


def test_versions_leap_after_a_crash_so_that_none_is_given_twice(tmp_path: Path) -> None:
    path = tmp_path / "store"
    database = Database(path)
    database.open()
    database.write([change("a", 7)])
    left = tmp_path / "left"
    left.mkdir()
    for file in tmp_path.glob("store*"):
        shutil.copy(file, left)
    database.close()
    assert stored(path)[0] == 7
    assert stored(left / "store") == (7 + LEAP, {"a": 7})
    assert stored(left / "store")[0] == 7 + LEAP  # it was closed in between


def test_an_open_that_changes_nothing_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "store"
    stored(path)
    stored(path)
    before = path.read_bytes()
    stored(path)
    assert path.read_bytes() == before


def test_free_space_is_given_back_in_slices(tmp_path: Path) -> None:
    path = tmp_path / "store"
    database = Database(path)
    database.open()
    database.write([change(f"k{number}", 2 + number, filler=PAGE_BYTES) for number in range(2000)])
    assert not database.has_slack
    grown = path.stat().st_size
    database.write([change(f"k{number}", 3000 + number, deleted=True) for number in range(1990)])
    slices = 0
    while database.has_slack:
        database.compact()
        slices += 1
    assert slices > 2000 // SLICE_PAGES
    assert path.stat().st_size < (10 + 2 * SLICE_PAGES) * PAGE_BYTES < grown / 5
    assert (tmp_path / "store-wal").stat().st_size == 0
    database.close()
    assert len(stored(path)[1]) == 10


def test_the_log_is_short_again_after_a_large_commit(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    database.write([change(f"k{number}", 2 + number, filler=PAGE_BYTES) for number in range(3000)])
    log = tmp_path / "store-wal"
    assert log.stat().st_size > 2 * LOG_BYTES
    database.write([change("a", 4000)])
    assert log.stat().st_size <= LOG_BYTES
    database.close()


def test_a_failed_write_leaves_the_store_as_it_was_and_open(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    database.write([change("a", 2)])
    connection = database._opened()
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StorageFull, match="its disk is full"):
        database.write([change("b", 3, filler=100 * PAGE_BYTES)])
    connection.execute("PRAGMA max_page_count = 1000000")
    database.write([change("c", 4)])
    database.close()
    assert stored(tmp_path / "store") == (4, {"a": 2, "c": 4})


def test_a_write_that_breaks_off_in_the_middle_is_taken_back(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    broken = Change("things", None, replace(change("b", 3).after, key="\ud800"))
    with pytest.raises(UnicodeEncodeError):
        database.write([change("a", 2), broken])
    database.write([change("c", 4)])
    database.close()
    assert stored(tmp_path / "store") == (4, {"c": 4})


def test_every_commit_is_synced(tmp_path: Path) -> None:
    database = Database(tmp_path / "store")
    database.open()
    connection = database._opened()
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
