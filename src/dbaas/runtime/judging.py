"""What follows from the end of a reconcile: what the status says, and when the object comes again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dbaas.api.resource import Resource
from dbaas.contracts.client import AlreadyExists, Forbidden, Invalid, WriteConflict
from dbaas.contracts.reconcile import PATIENCE_SECONDS, Condition, Conflict, Outcome, Refused, Waiting
from dbaas.contracts.transport import TransportError
from dbaas.core.clock import parse_time
from dbaas.core.errors import DbaasError
from dbaas.runtime.queue import Backoff
from dbaas.runtime.status import READY, Verdict, find_condition, with_progress

ERROR_BACKOFF = Backoff(0.5, 300.0)
SLOW_BACKOFF = Backoff(30.0, 300.0)  # the API has refused what we send: nothing changes soon
WAITING_BACKOFF = Backoff(1.0, 30.0)
CONFLICT_BACKOFF = Backoff(0.02, 5.0, shared=False)  # nobody is sick

Result = Literal["success", "requeue_after", "waiting", "refused", "conflict", "error"]


@dataclass(frozen=True)
class Step:
    """`verdict` None leaves the status alone. At most one of `backoff` and `after_seconds`.

    `patience`: a new object that waits need not say so before it is so many seconds old.
    """

    result: Result
    verdict: Verdict | None = None
    backoff: Backoff | None = None
    after_seconds: float | None = None
    patience: float = PATIENCE_SECONDS

    @property
    def is_trouble(self) -> bool:
        """Worth an event."""
        return self.result in ("refused", "error")


class TimedOut(DbaasError):
    """The reconciler did not come to an end in its time."""

    reason = "ReconcileTimeout"


def judge_outcome(resource: Resource, outcome: Outcome) -> Step:
    """Raises ValueError where the controller broke its contract."""
    if outcome.gone:
        return Step("success")
    ready = find_condition(outcome.conditions, READY)
    if ready is None:
        raise ValueError(f"the controller of {resource.kind} gave an outcome without the condition Ready")
    phase = outcome.phase or _phase_of(resource, "Ready" if ready.status == "True" else "Pending")
    message = outcome.message or ("" if ready.status == "True" else ready.message)
    verdict = Verdict(with_progress(outcome.conditions), phase, message, outcome.status)
    result: Result = "success" if outcome.requeue_after is None else "requeue_after"
    return Step(result, verdict, after_seconds=outcome.requeue_after)


def judge_error(resource: Resource, error: Exception) -> Step:
    """Every way in which a reconcile can fail to give an outcome."""
    match error:
        case Waiting():
            verdict = _failing(resource, error.reason, error.message, "Pending")
            verdict = Verdict(verdict.conditions, error.phase or verdict.phase, verdict.message, error.status)
            backoff = WAITING_BACKOFF if error.requeue_after is None else None
            return Step("waiting", verdict, backoff, error.requeue_after, error.patience)
        case Refused():
            ready = Condition(READY, "False", error.reason, error.message)
            phase = _phase_of(resource, "Failed")
            verdict = Verdict(with_progress([ready], stalled=True), phase, error.message, error.status)
            return Step("refused", verdict, after_seconds=error.requeue_after)
        case Conflict() | WriteConflict():
            return Step("conflict", backoff=CONFLICT_BACKOFF)
        case TransportError():
            return Step("error", backoff=ERROR_BACKOFF)  # nothing can be written either
        case DbaasError():
            slow = isinstance(error, AlreadyExists | Forbidden | Invalid)
            verdict = _failing(resource, error.reason, error.message, "Failed")
            return Step("error", verdict, SLOW_BACKOFF if slow else ERROR_BACKOFF)
        case _:
            # its text may hold anything, so people get its name and the log the rest
            message = f"unexpected error: {type(error).__name__}"
            return Step("error", _failing(resource, "InternalError", message, "Failed"), ERROR_BACKOFF)


def _failing(resource: Resource, reason: str, message: str, phase: str) -> Verdict:
    ready = Condition(READY, "False", reason, message)
    return Verdict(with_progress([ready]), _phase_of(resource, phase), message)


def _phase_of(resource: Resource, phase: str) -> str:
    return "Deleting" if resource.metadata.is_deleting else phase


def is_settling_in(resource: Resource, step: Step, now: datetime) -> bool:
    """Whether it is only waiting for what was made together with it.

    Of a hundred objects in one file most wait for each other for a moment; a status that says so would be overwritten
    before anybody has read it.
    """
    meta = resource.metadata
    if step.result != "waiting" or meta.is_deleting or not meta.creationTimestamp or resource.status.get("conditions"):
        return False
    return (now - parse_time(meta.creationTimestamp)).total_seconds() < step.patience
