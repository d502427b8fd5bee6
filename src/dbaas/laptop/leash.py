"""What a command has started in a session of its own, and what must not outlive it: found by its pid file, killed."""

from __future__ import annotations

from pathlib import Path

from dbaas.core.process import Processes
from dbaas.laptop.files import read_text


async def cut(leash: str, data: Path, processes: Processes) -> bool:
    """Kills the program whose pid stands first in that file of the folder `data`, and all its children.

    True where there was one; then all of them have ended. Nothing happens where the file is missing or stale.
    """
    first, *_ = [*(read_text(data, leash) or "").split(), ""] if leash else [""]
    if not first.isdecimal():
        return False
    family = processes.kill_family(int(first), data)
    for each in family:
        await processes.wait(each)
    return bool(family)
