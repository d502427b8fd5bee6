"""Tests of `runtime.status`: property 21 of the runtime."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import dbaas
from dbaas.api.conditions import CONDITION_TYPES
from dbaas.apiserver.patches import merge_patch
from dbaas.contracts.reconcile import Condition
from dbaas.runtime.status import Verdict, compose_paused, compose_status, merge_difference, with_progress

READY = Condition("Ready", "True", "Fine")
NOT_READY = Condition("Ready", "False", "Broken", "it does not turn")
THEN, NOW = "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"


def test_the_same_verdict_again_changes_nothing_whatever_the_time() -> None:
    verdict = Verdict([READY], "Ready", "", {"size": 3})
    first = compose_status({}, verdict, 1, THEN)
    assert compose_status(first, verdict, 1, NOW) == first


def test_the_transition_time_moves_only_with_the_status() -> None:
    first = compose_status({}, Verdict([NOT_READY], "Pending", ""), 1, THEN)
    other_reason = Condition("Ready", "False", "Slow", "it turns slowly")
    second = compose_status(first, Verdict([other_reason], "Pending", ""), 1, NOW)
    assert second["conditions"][0]["reason"] == "Slow"
    assert second["conditions"][0]["lastTransitionTime"] == THEN
    third = compose_status(second, Verdict([READY], "Ready", ""), 1, NOW)
    assert third["conditions"][0]["lastTransitionTime"] == NOW


def test_the_generation_that_was_looked_at_is_stated() -> None:
    status = compose_status({}, Verdict([READY], "Ready", ""), 4, NOW)
    assert status["observedGeneration"] == status["conditions"][0]["observedGeneration"] == 4
    assert "observedGeneration" not in compose_status({}, Verdict([READY], "Ready", ""), 0, NOW)


def test_fields_that_are_left_out_go_away() -> None:
    old = compose_status({}, Verdict([READY], "Ready", "", {"size": 3, "more": {"a": 1, "b": None}}), 1, THEN)
    assert old["more"] == {"a": 1}
    new = compose_status(old, Verdict([READY], "", "", {"size": 3}), 1, NOW)
    assert merge_difference(old, new) == {"more": None, "phase": None}


def test_a_verdict_without_fields_keeps_them_and_the_other_conditions() -> None:
    old = compose_status({}, Verdict([READY, Condition("Synced", "True", "Fine")], "Ready", "", {"size": 3}), 1, THEN)
    new = compose_status(old, Verdict(with_progress([NOT_READY]), "Failed", "broken"), 1, NOW)
    assert new["size"] == 3
    assert [c["type"] for c in new["conditions"]] == ["Ready", "Reconciling", "Synced"]
    again = compose_status(new, Verdict([READY], "Ready", ""), 1, NOW)
    assert [c["type"] for c in again["conditions"]] == ["Ready", "Synced"]


def test_a_condition_of_ours_that_is_left_out_goes_and_that_of_somebody_else_stays() -> None:
    verdict = Verdict([READY, Condition("Synced", "True", "Fine")], "Ready", "", {"size": 3})
    old = compose_status({}, verdict, 1, THEN)
    foreign = {"type": "Approved", "status": "True", "reason": "Checked", "message": "", "lastTransitionTime": THEN}
    old["conditions"].insert(0, foreign)
    new = compose_status(old, Verdict([READY], "Ready", "", {"size": 3}), 1, NOW)
    assert [c["type"] for c in new["conditions"]] == ["Ready", "Approved"]
    assert new["conditions"][1] == foreign
    assert compose_status(new, Verdict([READY], "Ready", "", {"size": 3}), 1, NOW) == new


def test_every_type_of_condition_that_our_code_names_counts_as_ours() -> None:
    named = re.compile(r'\bCondition\(\s*"(\w+)"|^(?:READY|CONNECTED|HEALTHY|STALLED|\w+_VERIFIED) = "(\w+)"', re.M)
    texts = [file.read_text() for file in Path(dbaas.__file__).parent.rglob("*.py")]
    found = {name for text in texts for pair in named.findall(text) for name in pair if name}
    assert {"Ready", "Connected", "PasswordVerified", "Alive"} <= found
    assert found <= CONDITION_TYPES


def test_progress_is_said_while_not_ready_unless_the_controller_says_it() -> None:
    assert with_progress([READY]) == (READY,)
    assert with_progress([NOT_READY])[1] == Condition("Reconciling", "True", "Broken", "it does not turn")
    assert with_progress([NOT_READY], stalled=True)[1].type == "Stalled"
    own = (NOT_READY, Condition("Stalled", "True", "Broken"))
    assert with_progress(own) == own


def test_a_pause_changes_only_the_words_for_people() -> None:
    old = compose_status({}, Verdict([READY], "Ready", "", {"size": 3}), 1, THEN)
    assert merge_difference(old, compose_paused(old)).keys() == {"phase", "message"}


def test_long_messages_and_empty_reasons_are_made_to_fit() -> None:
    status = compose_status({}, Verdict([Condition("Ready", "False", "", "x" * 99_999)], "", "y" * 99_999), 1, NOW)
    assert status["conditions"][0]["reason"] == "Unknown"
    assert len(status["message"]) == len(status["conditions"][0]["message"]) == 32_768


LEAVES = st.sampled_from([False, True, 0, 1, "", "x", [], ["x"], [{"a": 1}]])
INNER = st.dictionaries(st.sampled_from("ab"), LEAVES, max_size=2)
JSON = LEAVES | st.dictionaries(st.sampled_from("ab"), LEAVES | INNER, max_size=2)
OBJECTS = st.dictionaries(st.sampled_from("abc"), JSON, max_size=3)


@given(OBJECTS, OBJECTS)
def test_the_difference_merged_into_the_old_is_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = merge_difference(old, new)
    assert merge_patch(old, patch) == new
    assert (patch == {}) == (old == new)
