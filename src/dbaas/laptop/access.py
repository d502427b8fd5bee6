"""Whether the servers' user can reach a path. The user itself is asked, so that access lists and mounts count."""

from __future__ import annotations

from pathlib import Path

from dbaas.core.errors import DbaasError
from dbaas.core.process import Command
from dbaas.laptop.machine import Machine

_ENTER = 'for path do test -x "$path" || { echo "$path"; exit 1; }; done'
LIMIT_SECONDS = 10.0


class NotReachable(DbaasError):
    """A folder is closed to the user that servers run as."""

    reason = "FolderNotReachable"


async def find_closed(path: Path, machine: Machine) -> Path | None:
    """The first of the folders above `path`, or `path` itself, that the servers' user may not enter or execute."""
    if machine.user is None:
        return None
    steps = [str(step) for step in (*reversed(path.parents), path)]
    command = Command(("/bin/sh", "-c", _ENTER, "sh", *steps), Path("/"), {}, machine.user)
    done = await machine.processes.run(command, LIMIT_SECONDS)
    return None if done.succeeded else Path(done.output.strip() or path)


async def require_reachable(path: Path, machine: Machine) -> None:
    """Raises NotReachable, which says what to do."""
    closed = await find_closed(path, machine)
    if closed is not None and machine.user is not None:
        raise NotReachable(
            f"servers run as user {machine.user.name!r}, who cannot enter {closed} on the way to {path}: "
            f"use another home folder, or allow it with `chmod o+x {closed}`"
        )
