"""Tests of `contracts.admission`."""

from __future__ import annotations

from dbaas.contracts.admission import Violation, summarize


def test_one_violation_is_said_plainly_and_several_in_brackets_each_once() -> None:
    first, second = Violation("spec.a", "is wrong"), Violation("spec.b", "is missing")
    assert summarize([first]) == "spec.a: is wrong"
    assert summarize([first, second, first]) == "[spec.a: is wrong, spec.b: is missing]"
