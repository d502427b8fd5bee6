"""Logs of programs: each file is begun anew when it is large; some old ones are kept.

A program holds its file open and appends to it, so the file cannot be taken away from under it: its content is copied
and the file is emptied. What is written between the last look and the cut, a few microseconds, may be lost.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from dbaas.api.resource import Key
from dbaas.core.clock import Clock
from dbaas.core.offload import Offload
from dbaas.laptop.files import open_file
from dbaas.laptop.layout import Layout

LOG_BYTES = 16 * 1024 * 1024
OLD_LOGS = 3
LOOK_SECONDS = 30.0
TAIL_BYTES = 4096


@dataclass(frozen=True)
class OwnLog:
    """A file that a program writes itself: `path` in `folder`, which is its user's. Old ones are called after `kept`,
    and ours: nothing that we write may be led elsewhere.
    """

    folder: Path
    path: str
    kept: Path

    @property
    def place(self) -> Path:
        return self.folder / self.path


def find_own_logs(layout: Layout, key: Key, paths: Sequence[str]) -> tuple[OwnLog, ...]:
    log, data = layout.log(key), layout.data(key)
    return tuple(OwnLog(data, path, log.with_name(f"{log.name}.{PurePosixPath(path).name}")) for path in paths)


async def keep_small(log: Path, clock: Clock, offload: Offload, own: Callable[[], Sequence[OwnLog]] = tuple) -> None:
    """Looks at what it prints and at its own logs again and again; never ends. Raises OSError, as on a full disk."""
    while True:
        await clock.sleep(LOOK_SECONDS)
        await offload.run(rotate, log)
        for each in own():
            await offload.run(rotate_own, each)


def rotate(log: Path) -> bool:
    """True where it was too large: it is `.1` now, and the older ones have moved on. Where it raises OSError nothing
    is lost.
    """
    try:
        with log.open("r+b") as source:
            return _cut(source, log)
    except FileNotFoundError:
        return False


def rotate_own(log: OwnLog) -> bool:
    """The same. What is no plain file of its own is left alone."""
    source = open_file(log.folder, log.path, writable=True)
    if source is None:
        return False
    with source:
        return _cut(source, log.kept)


def read_tail(log: OwnLog, begin: int) -> str:
    """The end of what was written behind the first `begin` bytes."""
    source = open_file(log.folder, log.path)
    if source is None:
        return ""
    with source:
        size = source.seek(0, os.SEEK_END)
        source.seek(max(begin if begin <= size else 0, size - TAIL_BYTES))
        return source.read(TAIL_BYTES).decode(errors="replace")


def size_of(log: OwnLog) -> int:
    """In bytes; 0 where there is none yet."""
    source = open_file(log.folder, log.path)
    if source is None:
        return 0
    with source:
        return os.fstat(source.fileno()).st_size


def remove_logs(log: Path, own: Sequence[OwnLog]) -> None:
    """With the old ones; its own are in its folder."""
    log.unlink(missing_ok=True)
    for kept in (log, *(each.kept for each in own)):
        for number in range(1, OLD_LOGS + 1):
            _old(kept, number).unlink(missing_ok=True)


def _cut(source: IO[bytes], kept: Path) -> bool:
    if os.fstat(source.fileno()).st_size < LOG_BYTES:
        return False
    fresh = kept.with_name(f".{kept.name}.new")
    try:
        with _open_privately(fresh) as copy:
            shutil.copyfileobj(source, copy)
            _move_on(kept)
            shutil.copyfileobj(source, copy)
            source.truncate(0)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    fresh.replace(_old(kept, 1))
    return True


def _move_on(log: Path) -> None:
    for number in range(OLD_LOGS - 1, 0, -1):
        if _old(log, number).exists():
            _old(log, number).replace(_old(log, number + 1))


def _old(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _open_privately(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")
