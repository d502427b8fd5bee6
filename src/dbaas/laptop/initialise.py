"""Init steps: a command fills a fresh folder, which gets its name only when everything in it is on the disk."""

from __future__ import annotations

from pathlib import Path

from dbaas.api.process import ProcessInit
from dbaas.contracts.provider import DATA_MISSING, DATA_OF_OTHER_VERSION
from dbaas.contracts.reconcile import Refused
from dbaas.core.errors import DbaasError
from dbaas.laptop.attempts import begin_attempt, end_attempts, finish_attempt, is_there, remove_attempts
from dbaas.laptop.files import read_text
from dbaas.laptop.last_words import find_last_words
from dbaas.laptop.machine import Machine
from dbaas.laptop.surroundings import Surroundings

LIMIT_SECONDS = 240.0
SHOWN_CHARACTERS = 1000
LOOK_AGAIN_SECONDS = 10.0  # at folders, of which nobody tells


class InitFailed(DbaasError):
    """An init step has failed; what it made is thrown away, and the next attempt begins anew."""

    reason = "InitFailed"


async def initialise(step: ProcessInit, surroundings: Surroundings, machine: Machine) -> bool:
    """True where it had to be done. Interrupted at any point, it leaves nothing under the final name.

    Raises InitFailed, Refused where the folder is there and another version made it, and what running a command raises.
    """
    final = surroundings.directory / step.creates
    await end_attempts(final, machine.processes)
    await machine.offload.run(remove_attempts, final)
    if is_there(final):
        _require_version(step, surroundings)
        return False
    fresh = begin_attempt(final, machine.randomness, surroundings.user)
    command = surroundings.knowing(CREATES=str(fresh)).command(step.command)
    done = await machine.processes.run(command, LIMIT_SECONDS)
    if not done.succeeded:
        said = find_last_words(done.output)[:SHOWN_CHARACTERS]
        raise InitFailed(f"cannot make {step.creates!r}: {Path(command.argv[0]).name} {done.exit}: {said}")
    await machine.offload.run(finish_attempt, fresh, final)
    return True


def require_data(step: ProcessInit, surroundings: Surroundings, name: str) -> None:
    """That what a program has served is still there. Raises Refused: an empty server in its place would look well."""
    final = surroundings.directory / step.creates
    if step.once and not is_there(final):
        raise Refused(
            DATA_MISSING,
            f"{final} is gone, and with it the data that was served: put a copy of it there; or, to begin with nothing "
            f"in it, delete the Process {name}",
            requeue_after=LOOK_AGAIN_SECONDS,
        )


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
            requeue_after=LOOK_AGAIN_SECONDS,
        )
