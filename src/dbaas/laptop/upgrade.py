"""One folder of another version: which way it has to go, and the steps on that way, each of which may be cut short."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from dbaas.api.process import ProcessInit, ProcessUpgrade, ProcessUpgradeSource
from dbaas.core.errors import DbaasError
from dbaas.laptop.attempts import begin_attempt, end_attempts, finish_attempt, name_attempt, remove_attempts, rename
from dbaas.laptop.last_words import find_last_words
from dbaas.laptop.machine import Machine
from dbaas.laptop.surroundings import Surroundings
from dbaas.laptop.versions import Versions

CHECK_SECONDS = 240.0
UNDO_SECONDS = 60.0
LIMIT_SECONDS = 6 * 3600.0  # a hundred thousand tables take hours, whatever is in them
SHOWN_CHARACTERS = 1500

Way = Literal["forward", "back", "restore", ""]
"""To the version that is wanted; to the one before; only to make the old folder usable again; or nothing to do."""


class UpgradeFailed(DbaasError):
    """A folder of an older version cannot be upgraded as it is; it stays as it was."""

    reason = "UpgradeFailed"


@dataclass(frozen=True)
class Upgrade:
    """To `version`. No two steps at a time, and all but `check` and `finish` only while the program is ended.

    Each raises UpgradeFailed, and then the folder that is used is as it was.
    """

    version: str
    commands: ProcessUpgrade
    folders: Versions
    surroundings: Surroundings
    machine: Machine

    @property
    def source(self) -> ProcessUpgradeSource | None:
        """Where the folder is of a version that may be upgraded."""
        found = self.folders.used
        return next((source for source in self.commands.sources if source.version == found), None)

    @property
    def is_unfinished(self) -> bool:
        """It is upgraded, and what it was made from is still there."""
        return self.folders.kept is not None and self.folders.used == self.version

    def find_way(self) -> Way:
        """After whatever was cut short is at its end."""
        self.folders.settle()
        if self.source is not None:
            return "forward"
        if self.folders.used == self.version:
            return "restore" if self.folders.has_begun else ""
        return "back" if self.folders.kept == self.version else ""

    async def check(self, programs: Path) -> None:
        """Changes nothing; `programs` are those that have made the folder."""
        await self._clear_attempts()
        fresh = begin_attempt(self.folders.final, self.machine.randomness, self.surroundings.user)
        try:
            await self._run(self.commands.check, CHECK_SECONDS, self._places(fresh, programs))
        finally:
            await self._clear_attempts()

    async def go_forward(self, programs: Path) -> None:
        await self._end_workers()
        await self._clear_attempts()
        await self.machine.offload.run(_remove, self.folders.before)
        self.folders.note_beginning(self.surroundings.user)
        fresh = begin_attempt(self.folders.final, self.machine.randomness, self.surroundings.user)
        try:
            await self._run(self.commands.command, LIMIT_SECONDS, self._places(fresh, programs))
        finally:
            await self._end_workers()
        await self.machine.offload.run(finish_attempt, fresh, self.folders.next)
        self.folders.settle()
        self.folders.forget_beginning()

    async def go_back(self) -> None:
        """Not where the program has come up on what was made."""
        await self._undo(self.folders.before, self.folders.final)
        rename(self.folders.final, name_attempt(self.folders.final, self.machine.randomness))
        self.folders.settle()
        self.folders.forget_beginning()

    async def restore(self) -> None:
        await self._end_workers()
        await self._undo(self.folders.final, self.folders.next)
        self.folders.forget_beginning()

    async def finish(self) -> str:
        """When the program serves; returns what people should know. What it was made from is gone then in any case."""
        try:
            told = await self._run(self.commands.after, LIMIT_SECONDS, {})
        except DbaasError:
            await self.machine.offload.run(_remove, self.folders.before)
            raise
        await self.machine.offload.run(_remove, self.folders.before)
        return told

    async def _undo(self, old: Path, new: Path) -> None:
        await self._run(self.commands.undo, UNDO_SECONDS, {"OLD": str(old), "NEW": str(new)})

    async def _end_workers(self) -> None:
        for each in self.machine.processes.kill_workers(self.surroundings.directory):
            await self.machine.processes.wait(each)

    async def _clear_attempts(self) -> None:
        await end_attempts(self.folders.final, self.machine.processes)
        await self.machine.offload.run(remove_attempts, self.folders.final)

    def _places(self, fresh: Path, programs: Path) -> dict[str, str]:
        return {"OLD": str(self.folders.final), "CREATES": str(fresh), "OLD_PROGRAMS": str(programs)}

    async def _run(self, argv: Sequence[str], limit_seconds: float, names: dict[str, str]) -> str:
        command = self.surroundings.knowing(**names).command(argv)
        done = await self.machine.processes.run(command, limit_seconds)
        if done.succeeded:
            return done.output.strip()
        said = find_last_words(done.output) or str(done.exit)
        raise UpgradeFailed((said.partition(": error: ")[2] or said)[:SHOWN_CHARACTERS])


def find_upgrade(steps: Sequence[ProcessInit], surroundings: Surroundings, machine: Machine) -> Upgrade | None:
    """Of the first step that has one."""
    for step in steps:
        if step.mark is not None and step.upgrade is not None:
            folders = Versions(surroundings.directory, step.creates, step.mark.path)
            return Upgrade(step.mark.version, step.upgrade, folders, surroundings, machine)
    return None


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
