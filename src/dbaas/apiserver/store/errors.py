"""What can go wrong with the file, in words that say which file it is and what to do."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from dbaas.core.errors import DbaasError


class StorageError(DbaasError):
    """The store cannot be opened, or a write was not kept."""

    reason = "StorageError"


class StorageFull(StorageError):
    """There is no room for the write. Nothing else is wrong: with room again, the next one is kept."""

    reason = "StorageFull"


class StoreDamaged(StorageError):
    """The file is not as it was left. Nothing is read from it."""

    reason = "StoreDamaged"


def damaged(path: Path | str, how: str) -> StoreDamaged:
    """`how` finishes "it is damaged"."""
    return StoreDamaged(
        f"cannot open the store '{path}': it is damaged ({how}); put back a copy of it, or move '{path}' and "
        f"'{path}-wal' away and apply your manifests again: the servers and what is in them are kept"
    )


def translate(attempted: str, path: Path | str, error: sqlite3.Error | OSError) -> StorageError:
    """Our error for one of SQLite or of the operating system; `attempted` reads after "cannot"."""
    name = getattr(error, "sqlite_errorname", "")
    subject = f"cannot {attempted} the store '{path}'"
    if name == "SQLITE_FULL" or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return StorageFull(f"{subject}: its disk is full; nothing that was answered is lost; make room and try again")
    if name in ("SQLITE_BUSY", "SQLITE_LOCKED"):
        return StorageError(f"{subject}: another process has it open")
    if name.startswith("SQLITE_CORRUPT"):
        return damaged(path, str(error))
    if name == "SQLITE_NOTADB":
        return StorageError(f"{subject}: it is not a database; move it away, or use another home")
    if name.startswith("SQLITE_IOERR"):
        return StorageError(f"{subject}: its disk reports an error ({name}); look after the disk, then start again")
    if isinstance(error, OSError):
        return StorageError(f"{subject}: {error.strerror}")
    return StorageError(f"{subject}: {error}")
