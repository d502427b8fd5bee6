"""What is next for an operation that runs statements, by its status and the statement that is on its way. Pure.

Before a statement is sent, the status says that it runs, and in which session. So one that runs by its status, in a
session of which nothing is known here, may have been sent by an earlier life, and may have ended in any way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dbaas.api.operation import OpsRequestStatus
from dbaas.controllers.operation.runs import RunState

What = Literal["finish", "open", "try again", "wait", "note", "release", "take", "find out"]


@dataclass(frozen=True)
class Next:
    """`step` is what it is about; empty where all are done."""

    what: What
    step: str = ""


def decide(status: OpsRequestStatus, run: RunState | None) -> Next:
    """`run` is the statement of this operation that is on its way."""
    running = next((step.name for step in status.steps if step.phase == "Running"), None)
    if running is not None:
        return Next(_go_on(status.session, run), running)
    pending = next((step.name for step in status.steps if step.phase == "Pending"), None)
    return Next(_begin(pending, run), pending) if pending is not None else Next("finish")


def _go_on(session: str | None, run: RunState | None) -> What:
    if run is None or run.session != session:
        return "find out"
    if run.has_ended:
        return "take" if run.is_released else "try again"
    return "wait" if run.is_released else "release"


def _begin(step: str, run: RunState | None) -> What:
    if run is None or run.step != step or run.is_released:
        return "open"
    if run.has_ended:
        return "try again"
    return "note" if run.is_open else "wait"
