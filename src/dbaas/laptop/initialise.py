"""Init steps: a command fills a fresh folder, which gets its name only when everything in it is on the disk."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

from dbaas.api.process import ProcessInit
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION
from dbaas.contracts.reconcile import Refused
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import name_suffix
from dbaas.laptop.files import read_text
from dbaas.laptop.last_words import find_last_words
from dbaas.laptop.machine import Machine
from dbaas.laptop.surroundings import Surroundings

LIMIT_SECONDS = 240.0
SHOWN_CHARACTERS = 1000


class InitFailed(DbaasError):
    """An init step has failed; what it made is thrown away, and the next attempt begins anew."""

    reason = "InitFailed"


async def initialise(step: ProcessInit, surroundings: Surroundings, machine: Machine) -> bool:
    """True where it had to be done. Interrupted at any point, it leaves nothing under the final name.

    Each attempt has a folder of its own: were we killed, the command of the last one may still be at work in its.
    Raises InitFailed, Refused where the folder is there and another version made it, and what running a command raises.
    """
    final = surroundings.directory / step.creates
    await machine.offload.run(_remove_attempts, final)
    if _is_there(final):
        _require_version(step, surroundings)
        return False
    fresh = final.with_name(f"{_attempt_prefix(final)}{name_suffix(machine.randomness)}")
    _make_folder(fresh, surroundings)
    command = replace(surroundings, more={"CREATES": str(fresh)}).command(step.command)
    done = await machine.processes.run(command, LIMIT_SECONDS)
    if not done.succeeded:
        said = find_last_words(done.output)[:SHOWN_CHARACTERS]
        raise InitFailed(f"cannot make {step.creates!r}: {Path(command.argv[0]).name} {done.exit}: {said}")
    await machine.offload.run(_finish, fresh, final)
    return True


def _is_there(path: Path) -> bool:
    return os.path.lexists(path)


def _require_version(step: ProcessInit, surroundings: Surroundings) -> None:
    """A folder without the mark is left to the program to judge."""
    if step.mark is None:
        return
    found = read_text(surroundings.directory, f"{step.creates}/{step.mark.path}")
    if found not in (None, step.mark.version):
        raise Refused(
            DATA_OF_OTHER_VERSION,
            f"the data in {surroundings.directory / step.creates} was made by version {found}, and version "
            f"{step.mark.version} cannot read it: ask for version {found}, or move that folder away",
        )


def _attempt_prefix(final: Path) -> str:
    return f".{final.name}.new-"


def _remove_attempts(final: Path) -> None:
    for attempt in final.parent.glob(f"{_attempt_prefix(final)}*"):
        shutil.rmtree(attempt, ignore_errors=True)  # what is still written there is removed before the next start


def _make_folder(fresh: Path, surroundings: Surroundings) -> None:
    fresh.mkdir(mode=0o700)
    user = surroundings.user
    if user and os.geteuid() == 0:
        os.chown(fresh, user.uid, user.gid, follow_symlinks=False)


def _finish(fresh: Path, final: Path) -> None:
    for folder, _, names in os.walk(fresh, topdown=False):
        for path in (*(os.path.join(folder, name) for name in names), folder):  # noqa: PTH118 - thousands of them
            _flush(path)
    fresh.rename(final)
    _flush(os.fspath(final.parent))


def _flush(path: str) -> None:
    """A link or a pipe has nothing of its own to flush."""
    if not os.path.isfile(path) and not os.path.isdir(path):  # noqa: PTH112, PTH113
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
