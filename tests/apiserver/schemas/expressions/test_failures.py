"""Errors of an evaluation."""

from __future__ import annotations

from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload, TooDear, describe_cost, describe_error


def test_an_error_reads_as_that_of_kubernetes() -> None:
    assert describe_error(Failure("no such key: b"), "r") == "no such key: b evaluating rule: r"


def test_wrong_types_are_explained_at_length() -> None:
    words = "call arguments did not match a supported operator, function or macro signature for rule: r"
    assert describe_error(NoOverload(), "r") == f"'no such overload': {words}"
    assert describe_error(NoOverload("size"), "r") == f"'no such overload: size': {words}"


def test_a_rule_that_cost_too_much_is_told_in_words_of_its_own() -> None:
    assert not isinstance(TooDear(), Failure)
    assert describe_cost("r").endswith("due to call cost exceeds limit for rule: r")
