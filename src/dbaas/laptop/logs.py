"""Logs of programs: each writes to one file that is begun anew when it is large; some old ones are kept beside it.

A program holds its file open and appends to it, so the file cannot be taken away from under it: its content is copied
and the file is emptied. What is written between the last look and the cut, a few microseconds, may be lost.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

from dbaas.core.clock import Clock
from dbaas.core.offload import Offload

LOG_BYTES = 16 * 1024 * 1024
OLD_LOGS = 3
LOOK_SECONDS = 30.0


async def keep_small(log: Path, clock: Clock, offload: Offload) -> None:
    """Looks at its size again and again; never ends. Raises OSError, as on a full disk."""
    while True:
        await clock.sleep(LOOK_SECONDS)
        await offload.run(rotate, log)


def rotate(log: Path) -> bool:
    """True where it was too large: it is `.1` now, and the older ones have moved on. Where it raises OSError nothing
    is lost.
    """
    try:
        if log.stat().st_size < LOG_BYTES:
            return False
    except FileNotFoundError:
        return False
    fresh = log.with_name(f".{log.name}.new")
    try:
        with _open_privately(fresh) as copy, log.open("r+b") as source:
            shutil.copyfileobj(source, copy)
            _move_on(log)
            shutil.copyfileobj(source, copy)
            source.truncate(0)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    fresh.replace(_old(log, 1))
    return True


def _move_on(log: Path) -> None:
    for number in range(OLD_LOGS - 1, 0, -1):
        if _old(log, number).exists():
            _old(log, number).replace(_old(log, number + 1))


def _old(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def _open_privately(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb")
