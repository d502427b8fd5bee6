"""When a process is upgraded: asked before its program is ended, done before it is started, finished when it serves.

What takes long goes on beside the reconciles, as a job that wakes them when it has ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbaas.api.resource import Resource
from dbaas.contracts.client import Client
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION
from dbaas.contracts.reconcile import Outcome, Refused
from dbaas.contracts.upgrade import explain_failure
from dbaas.core.errors import DbaasError
from dbaas.laptop.machine import Machine
from dbaas.laptop.programs import Programs
from dbaas.laptop.report import Report
from dbaas.laptop.upgrade import Upgrade, UpgradeFailed

UPGRADING = "Upgrading"
FINISHING = "finishing"
RETRY_SECONDS = 60.0  # what was in the way may be gone by then, and nobody tells

Work = Callable[[], Coroutine[Any, Any, None]]


class Job:
    """One thing that is done beside all else; `changed` is called when it has ended. Must be ended by `cancel`."""

    def __init__(self, what: str, work: Coroutine[Any, Any, None], changed: Callable[[], None]) -> None:
        self.what = what
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(lambda _: changed())

    @property
    def goes_on(self) -> bool:
        return not self._task.done()

    def failure(self) -> str:
        """Of one that has ended: why it has failed, else nothing. Raises what is no failure but a defect."""
        try:
            self._task.result()
        except DbaasError as error:
            return error.message
        except OSError as error:
            return str(error)
        return ""

    async def cancel(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


@dataclass(frozen=True)
class Subject:
    """What a reconcile knows of the process. `programs` finds what its user can run."""

    resource: Resource
    upgrade: Upgrade
    programs: Programs
    report: Report
    client: Client

    async def find_programs(self, folder: str) -> Path:
        return await self.programs.usable(Path(folder))


class Upgrading:
    """Of one process. Whoever ends that must call `end`."""

    def __init__(self, machine: Machine, changed: Callable[[], None]) -> None:
        self._machine = machine
        self._changed = changed
        self._job: Job | None = None
        self._ended_at = 0.0
        self._refusal = ""  # why the last attempt has failed, until another one has succeeded
        self._may_restart = ""

    async def end(self) -> None:
        """Whatever goes on is given up; all is as it was then."""
        job, self._job = self._job, None
        self._refusal = ""
        if job is not None:
            await job.cancel()

    async def before_restart(self, subject: Subject, runs: str) -> Outcome | None:
        """None where the program may be ended: its data can be upgraded, or need not. `runs` is what it becomes.

        Raises Refused where it cannot. The program serves on meanwhile.
        """
        if self._job is not None and self._job.goes_on and self._job.what == FINISHING:
            return subject.report.held(UPGRADING, UPGRADING, "the upgrade comes to its end before it is restarted")
        upgrade = subject.upgrade
        source = upgrade.source
        if source is None or self._may_restart == runs:
            return None

        async def check() -> None:
            await upgrade.check(await subject.find_programs(source.programs))

        told = f"whether its data of version {source.version} can become that of version {upgrade.version}"
        message = f"the program serves on, while it is found out {told}"
        held = await self._pursue(f"check for {runs}", check, subject.report.held(UPGRADING, UPGRADING, message))
        if held is None:
            self._may_restart = runs
        return held

    async def before_start(self, subject: Subject) -> Outcome | None:
        """None where the data is of the version that is wanted, or no upgrade can make it so. Raises Refused."""
        self._may_restart, upgrade = "", subject.upgrade
        if self._job is not None and self._job.goes_on and self._job.what.startswith(UPGRADING):
            return self._hold(subject.report.held(UPGRADING, UPGRADING, self._job.what))
        way, source = upgrade.find_way(), upgrade.source
        if source is None:
            await self.end()
            await self._return(subject, way)
            return None

        async def go() -> None:
            await upgrade.go_forward(await subject.find_programs(source.programs))
            note = f"the data of version {source.version} has become that of {upgrade.version}"
            subject.client.event(subject.resource, "Normal", "Upgraded", note)

        what = f"{UPGRADING} from version {source.version} to {upgrade.version}: its data is being taken over"
        return await self._pursue(what, go, subject.report.held(UPGRADING, UPGRADING, what))

    async def after_ready(self, subject: Subject) -> None:
        """Finishes in the background what needs a program that serves."""
        if not subject.upgrade.is_unfinished or (self._job is not None and self._job.what == FINISHING):
            return

        async def finish() -> None:
            try:
                told = await subject.upgrade.finish()
            except DbaasError as error:
                fault = f"it serves, but statistics may be missing: {error.message}"
                subject.client.event(subject.resource, "Warning", "UpgradeUnfinished", fault)
            else:
                end = f"there is no way back any more{''.join(f'; {line}' for line in told.splitlines())}"
                subject.client.event(subject.resource, "Normal", "UpgradeFinished", end)

        await self.end()
        self._job = Job(FINISHING, finish(), self._changed)

    async def _return(self, subject: Subject, way: str) -> None:
        """As long as no program has come up on what was made, the old folder is as good as ever."""
        upgrade = subject.upgrade
        try:
            if way == "back":
                await upgrade.go_back()
                note = f"the data is that of version {upgrade.version} again"
                subject.client.event(subject.resource, "Normal", "UpgradeUndone", note)
            elif way == "restore":
                await upgrade.restore()
        except UpgradeFailed as error:
            found = upgrade.folders.used
            raise Refused(
                DATA_OF_OTHER_VERSION,
                f"the data in {upgrade.folders.final} is that of version {found}, and there is no way back to "
                f"{upgrade.version}: {error.message}; ask for version {found}",
            ) from error

    async def _pursue(self, what: str, work: Work, held: Outcome) -> Outcome | None:
        """None when it is done. Raises Refused as long as the last attempt has failed, and tries again now and then."""
        if self._job is None or self._job.what != what:
            await self.end()
            self._job = Job(what, work(), self._note_end)
        elif not self._job.goes_on:
            failure = self._job.failure()
            if not failure:
                await self.end()
                return None
            self._refusal = explain_failure(failure)
            if self._machine.clock.monotonic() - self._ended_at >= RETRY_SECONDS:
                self._job = Job(what, work(), self._note_end)
        return self._hold(held)

    def _hold(self, held: Outcome) -> Outcome:
        if self._refusal:
            raise Refused(UpgradeFailed.reason, self._refusal, status=held.status, requeue_after=RETRY_SECONDS)
        return held

    def _note_end(self) -> None:
        self._ended_at = self._machine.clock.monotonic()
        self._changed()
