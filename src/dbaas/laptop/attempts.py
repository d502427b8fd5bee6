"""Folders that a command fills: each attempt has one of its own, which gets its name when everything is on the disk.

Were we killed, the command of the last attempt may still be at work in its folder; it is not the next one's.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from dbaas.core.process import Processes, User
from dbaas.core.randomness import Randomness, name_suffix


def begin_attempt(final: Path, randomness: Randomness, user: User | None) -> Path:
    """An empty folder beside that one, its user's."""
    fresh = name_attempt(final, randomness)
    fresh.mkdir(mode=0o700)
    if user and os.geteuid() == 0:
        os.chown(fresh, user.uid, user.gid, follow_symlinks=False)
    return fresh


def name_attempt(final: Path, randomness: Randomness) -> Path:
    """What is called like that is worth nothing, and goes."""
    return final.with_name(f"{_prefix(final)}{name_suffix(randomness)}")


async def end_attempts(final: Path, processes: Processes) -> None:
    """Kills whoever still works in one. What is written there all the same is removed before the next start."""
    for attempt in _find(final):
        for each in processes.kill_workers(attempt):
            await processes.wait(each)


def remove_attempts(final: Path) -> None:
    for attempt in _find(final):
        shutil.rmtree(attempt, ignore_errors=True)


def finish_attempt(fresh: Path, final: Path) -> None:
    for folder, _, names in os.walk(fresh, topdown=False):
        for path in (*(os.path.join(folder, name) for name in names), folder):  # noqa: PTH118 - thousands of them
            _flush(path)
    rename(fresh, final)


def rename(before: Path, after: Path) -> None:
    """For good, even if the power fails."""
    before.rename(after)
    _flush(os.fspath(after.parent))


def is_there(path: Path) -> bool:
    """A link that leads nowhere is there."""
    return os.path.lexists(path)


def _prefix(final: Path) -> str:
    return f".{final.name}.new-"


def _find(final: Path) -> list[Path]:
    return sorted(final.parent.glob(f"{_prefix(final)}*"))


def _flush(path: str) -> None:
    """A link or a pipe has nothing of its own to flush."""
    if not os.path.isfile(path) and not os.path.isdir(path):  # noqa: PTH112, PTH113
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
