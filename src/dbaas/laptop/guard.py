"""Watches one running process: waits for its end, asks its probes, keeps its log small, says when something changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dbaas.api.process import Probe, Probes
from dbaas.core.duration import parse_duration
from dbaas.core.process import Exit, ProcessIdentity
from dbaas.core.supervise import supervise
from dbaas.laptop.logs import OwnLog, keep_small
from dbaas.laptop.machine import Machine
from dbaas.laptop.probing import ask
from dbaas.laptop.room import FULL, explain_full_disk
from dbaas.laptop.stopping import stop_process
from dbaas.laptop.surroundings import Surroundings

EAGER_SECONDS = 0.05  # until it is ready for the first time we ask more often, and ever more slowly
EAGER_GROWTH = 1.3


@dataclass
class Answer:
    """What a probe has said lately. `why` is why not, `reason` that in a word if there is one; `failures` in a row."""

    holds: bool = False
    why: str = "it has only just been started"
    failures: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Probing:
    """What to ask, and where."""

    probes: Probes
    surroundings: Surroundings


class Guard:
    """Facts about one process, kept up to date by tasks of its own until `close`.

    `changed` is called when it ends, when an answer turns, and when the reason for a no is another one. Nothing is
    asked before `watch` has told what. `ended` is awaited first of all when it has ended, and only then `exit` is set.
    `is_adopted`: it was started by an earlier run of ours. `own_logs` tells what it writes besides what it prints.
    """

    def __init__(
        self, process: ProcessIdentity, machine: Machine, log: Path, changed: Callable[[], None],
        ended: Callable[[], Awaitable[object]], *, is_adopted: bool = False,
    ) -> None:  # fmt: skip
        self.process = process
        self.is_adopted = is_adopted
        self.began = machine.clock.monotonic()
        self.exit: Exit | None = None
        self.ready = Answer()
        self.alive = Answer(holds=True)
        self.has_been_ready = False
        self.reloaded_at = float("-inf")  # monotonic: when it was last told to read its files again
        self._probing: Probing | None = None
        self._is_told = asyncio.Event()
        self._has_answered = asyncio.Event()
        self._machine = machine
        self._log = log
        self.own_logs: Callable[[], Sequence[OwnLog]] = tuple
        self._changed = changed
        self._ended = ended
        self._stopping: asyncio.Task[Exit] | None = None
        loops = {"end": self._await_end, "ready": self._ask_ready, "alive": self._ask_alive, "log": self._tend_log}
        self._tasks = [
            asyncio.create_task(supervise(f"{name} of process {process.pid}", loop, machine.clock))
            for name, loop in loops.items()
        ]

    @property
    def is_ready(self) -> bool:
        if self._probing is None or self.exit is not None:
            return False
        return self._probing.probes.ready is None or self.ready.holds

    @property
    def is_stopping(self) -> bool:
        return self._stopping is not None

    def watch(self, probing: Probing) -> None:
        """What to ask from now on."""
        self._probing = probing
        self._is_told.set()

    async def answered(self) -> None:
        """Until it has been asked once whether it is ready, or has ended."""
        await self._has_answered.wait()

    def stop(self, signal: str, timeout_seconds: float) -> None:
        """Asks it to end, and kills it after the time; returns at once, `changed` tells the end."""
        if self._stopping is None:
            ending = stop_process(self._machine.processes, self.process, signal, timeout_seconds)
            self._stopping = asyncio.create_task(ending)

    async def wait(self) -> Exit:
        """Until the end has been seen, so that `exit` is set."""
        await asyncio.wait(self._tasks[:1])
        return self.exit or Exit()

    async def close(self) -> None:
        """Stops watching; the process goes on."""
        tasks = [*self._tasks, *([self._stopping] if self._stopping else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _await_end(self) -> None:
        how = await self._machine.processes.wait(self.process)
        await self._ended()
        self.exit = how
        self._has_answered.set()
        self._changed()

    async def _ask_ready(self) -> None:
        pause = EAGER_SECONDS
        await self._is_told.wait()
        while self.exit is None and self._probing is not None:
            probe = self._probing.probes.ready
            if probe is not None:
                await self._ask(probe, self._probing.surroundings, self.ready)
            self.has_been_ready = self.has_been_ready or self.is_ready
            self._has_answered.set()
            period = _period(probe)
            await self._machine.clock.sleep(period if self.has_been_ready else min(pause, period))
            pause *= EAGER_GROWTH

    async def _ask_alive(self) -> None:
        """A program that is still starting is not declared dead."""
        await self._is_told.wait()
        while self.exit is None and self._probing is not None:
            probe = self._probing.probes.alive
            if probe is not None and self.has_been_ready:
                await self._ask(probe, self._probing.surroundings, self.alive)
            await self._machine.clock.sleep(_period(probe))

    async def _tend_log(self) -> None:
        await keep_small(self._log, self._machine.clock, self._machine.offload, self.own_logs)

    async def _ask(self, probe: Probe, surroundings: Surroundings, answer: Answer) -> None:
        why = await ask(probe, surroundings, self._machine.processes)
        if self.exit is not None:
            return
        full = explain_full_disk(surroundings.directory) if answer is self.ready else ""
        why, reason = full or why, FULL if full else ""
        before = (answer.holds, answer.holds or answer.why)
        answer.failures = answer.failures + 1 if why else 0
        if not why or answer.failures >= probe.failures or not answer.holds:
            answer.holds, answer.why, answer.reason = not why, why, reason
        if before != (answer.holds, answer.holds or answer.why):
            self._changed()


def _period(probe: Probe | None) -> float:
    return parse_duration(probe.period).total_seconds() if probe else 1.0
