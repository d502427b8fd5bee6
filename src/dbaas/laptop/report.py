"""What the status of a Process says. Pure: from the record and the guard's answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbaas.contracts.reconcile import Condition, Outcome
from dbaas.laptop.guard import Guard
from dbaas.laptop.ports import HOST
from dbaas.laptop.record import Record


@dataclass(frozen=True)
class Report:
    """Builds outcomes; the status is always whole."""

    record: Record
    log: Path
    own_logs: Sequence[Path] = ()

    def running(self, guard: Guard, *, requeue_after: float | None = None) -> Outcome:
        """The program runs and is what it should be."""
        alive = Condition("Alive", "True", "Running", f"runs as process {self.record.pid}")
        if guard.is_ready:
            ready = Condition("Ready", "True", "Serving", "the program runs and serves")
            return self._outcome("Running", ready, alive, requeue_after)
        reason = guard.ready.reason or ("NotReady" if guard.has_been_ready else "Starting")
        ready = Condition("Ready", "False", reason, f"the program runs and does not serve yet: {guard.ready.why}")
        return self._outcome(reason, ready, alive, requeue_after)

    def held(self, phase: str, reason: str, message: str, *, requeue_after: float | None = None) -> Outcome:
        """The program does not run, or is about to end."""
        ready = Condition("Ready", "False", reason, message)
        alive = Condition("Alive", "False", reason, message)
        if self.record.pid:
            alive = Condition("Alive", "True", "Running", f"runs as process {self.record.pid}")
        return self._outcome(phase, ready, alive, requeue_after)

    def _outcome(self, phase: str, ready: Condition, alive: Condition, requeue_after: float | None) -> Outcome:
        return Outcome((ready, alive), self._fields(), phase, ready.message, requeue_after)

    def _fields(self) -> Mapping[str, Any]:
        record = self.record
        fields: dict[str, Any] = {"restarts": record.restarts, "log": str(self.log)}
        if self.own_logs:
            fields["logs"] = [str(each) for each in self.own_logs]
        if record.ports:
            fields |= {"host": HOST, "ports": dict(record.ports)}
        if record.pid:
            fields |= {"pid": record.pid, "startedAt": record.started_at}
        if record.last_exit:
            ended = record.last_exit
            how = {"code": ended.code, "signal": ended.signal or None, "at": ended.at, "message": ended.message}
            fields["lastExit"] = {name: value for name, value in how.items() if value is not None}
        return fields
