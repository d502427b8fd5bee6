"""How an object is follows from its conditions, of the generation that is there now."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.core import SECRET
from dbaas.api.database import DATABASE
from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.cli.kinds import ServedKind
from dbaas.cli.states import State, read_state

OURS = ServedKind(DATABASE, "database", has_status=True)


def build(kind: Kind = DATABASE, deleted: bool = False, **status: Any) -> Resource:
    metadata = {"name": "shop", "generation": 2, **({"deletionTimestamp": "2026-01-01T00:00:00Z"} if deleted else {})}
    return build_resource(kind, {"metadata": metadata, "status": status})


def conditions(ready: str = "True", stalled: str = "False") -> list[dict[str, str]]:
    return [
        {"type": "Ready", "status": ready, "reason": "Because", "message": "of this"},
        {"type": "Stalled", "status": stalled},
    ]


def test_it_is_ready_when_its_condition_says_so() -> None:
    state = read_state(build(observedGeneration=2, phase="Ready", conditions=conditions()), OURS)
    assert state == State(True, phase="Ready", reason="Because", message="of this", was_ready=True)


@pytest.mark.parametrize("ready", ["False", "Unknown"])
def test_anything_but_true_is_not_ready(ready: str) -> None:
    assert not read_state(build(observedGeneration=2, conditions=conditions(ready)), OURS).is_ready


def test_what_is_known_of_an_older_generation_does_not_count() -> None:
    state = read_state(build(observedGeneration=1, conditions=conditions(stalled="True")), OURS)
    assert (state.is_ready, state.is_stuck) == (False, False)


def test_the_generation_may_be_that_of_the_condition() -> None:
    ready = {**conditions()[0], "observedGeneration": 1}
    assert not read_state(build(conditions=[ready]), OURS).is_ready
    assert read_state(build(conditions=[{**ready, "observedGeneration": 2}]), OURS).is_ready


def test_what_is_stalled_is_stuck() -> None:
    assert read_state(build(observedGeneration=2, conditions=conditions("False", "True")), OURS).is_stuck


def test_what_is_being_deleted_is_not_ready() -> None:
    assert not read_state(build(deleted=True, observedGeneration=2, conditions=conditions()), OURS).is_ready


def test_an_object_of_ours_that_nobody_has_looked_at_is_not_ready() -> None:
    assert read_state(build(), OURS) == State(False, phase="Pending", message="nothing has looked at it yet")


def test_kinds_without_such_a_condition_are_ready() -> None:
    assert read_state(build(SECRET), ServedKind(SECRET, "secret")).is_ready
    theirs = ServedKind(Kind("example.org", "v1", "Thing", "things"), "thing", has_status=True)
    assert read_state(build(theirs.kind, phase="Bound"), theirs) == State(True, phase="Bound")


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State(False, phase="Pending", reason="Waiting", message="for a"), "Waiting: for a"),
        (State(False, phase="Pending", reason="Pending", message="for a"), "for a"),
        (State(False, phase="Failed", reason="Refused"), "Refused"),
        (State(True), ""),
    ],
)
def test_the_text_says_nothing_twice(state: State, text: str) -> None:
    assert state.text == text


def test_a_message_of_several_lines_is_told_in_one() -> None:
    assert State(False, reason="InitFailed", message="one\ntwo").text == "InitFailed: one two"
