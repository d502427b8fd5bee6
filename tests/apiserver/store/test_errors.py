"""What is said when the file cannot be used: which one, why, and what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest

from dbaas.apiserver.store.errors import StorageError, StorageFull, StoreDamaged, damaged, translate

PATH = Path("/home-of-it/state.db")


def failure(name: str) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("as SQLite words it")
    error.sqlite_errorname = name
    return error


@pytest.mark.parametrize(
    "error", [failure("SQLITE_FULL"), OSError(errno.ENOSPC, "No space"), OSError(errno.EDQUOT, "Quota exceeded")]
)
def test_a_full_disk_is_told_as_such_with_what_to_do(error: sqlite3.Error | OSError) -> None:
    told = translate("write to", PATH, error)
    assert isinstance(told, StorageFull)
    assert told.message.startswith(f"cannot write to the store '{PATH}': its disk is full")
    assert "make room" in told.message


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("SQLITE_BUSY", "another process has it open"),
        ("SQLITE_NOTADB", "it is not a database; move it away"),
        ("SQLITE_IOERR_FSYNC", r"its disk reports an error \(SQLITE_IOERR_FSYNC\)"),
        ("SQLITE_READONLY", "as SQLite words it"),
    ],
)
def test_each_failure_of_the_file_has_its_words(name: str, words: str) -> None:
    told = translate("open", PATH, failure(name))
    assert type(told) is StorageError
    with pytest.raises(StorageError, match=words):
        raise told


def test_damage_names_the_file_its_log_and_the_way_out() -> None:
    told = translate("open", PATH, failure("SQLITE_CORRUPT_VTAB"))
    assert isinstance(told, StoreDamaged)
    for part in (f"'{PATH}'", f"'{PATH}-wal'", "as SQLite words it", "apply your manifests again"):
        assert part in told.message
    assert "2 of its objects" in damaged(PATH, "2 of its objects are gone").message


def test_an_error_of_the_system_keeps_its_words() -> None:
    assert translate("open", PATH, PermissionError(errno.EACCES, "Permission denied")).message.endswith(
        ": Permission denied"
    )
