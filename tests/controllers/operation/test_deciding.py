"""What is next for an operation that runs statements, for all that can be found."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dbaas.api.operation import OperationStep, OpsRequestStatus
from dbaas.controllers.operation.deciding import Next, decide
from dbaas.controllers.operation.runs import RunState

RUN = RunState("a", "mine")
OPEN = replace(RUN, is_open=True)
SENT = replace(OPEN, is_released=True)


def status(*phases: str, session: str | None = None) -> OpsRequestStatus:
    named = zip(("Note", "a", "b"), ("Succeeded", *phases), strict=True)
    steps = [OperationStep.model_validate({"name": name, "phase": phase}) for name, phase in named]
    return OpsRequestStatus(steps=steps, session=session)


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (None, "open"),
        (RunState("b", "old"), "open"),
        (RUN, "wait"),
        (OPEN, "note"),
        (replace(OPEN, has_ended=True), "try again"),
        (replace(RUN, has_ended=True), "try again"),
        (SENT, "open"),
    ],
    ids=str,
)
def test_of_one_that_is_to_be_sent(run: RunState | None, what: str) -> None:
    assert decide(status("Pending", "Pending"), run) == Next(what, "a")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (None, "find out"),
        (replace(SENT, session="another"), "find out"),
        (OPEN, "release"),
        (replace(OPEN, has_ended=True), "try again"),
        (SENT, "wait"),
        (replace(SENT, has_ended=True), "take"),
    ],
    ids=str,
)
def test_of_one_that_is_noted_as_running(run: RunState | None, what: str) -> None:
    assert decide(status("Running", "Pending", session="mine"), run) == Next(what, "a")  # type: ignore[arg-type]


def test_the_next_one_comes_when_one_is_done_and_after_the_last_one_the_end() -> None:
    assert decide(status("Succeeded", "Pending"), None) == Next("open", "b")
    assert decide(status("Succeeded", "Succeeded"), None) == Next("finish")
