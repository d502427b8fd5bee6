"""Errors of an evaluation."""

from __future__ import annotations

import cel
import pytest

from dbaas.apiserver.schemas.expressions.failures import EVALUATION_ERRORS, describe_error


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("{'a': 1}.b", "no such key: b"),
        ("[1][4]", "index out of bounds: 4"),
        ("1 / 0", "division by zero"),
        ("double('x')", "type conversion error from 'string' to 'double'"),
        ("duration('x')", "type conversion error from 'string' to 'google.protobuf.Duration'"),
    ],
)
def test_an_error_reads_as_that_of_kubernetes(expression: str, reason: str) -> None:
    with pytest.raises(EVALUATION_ERRORS) as caught:
        cel.evaluate(expression)
    assert describe_error(caught.value, "r") == f"{reason} evaluating rule: r"


def test_wrong_types_are_explained_at_length() -> None:
    with pytest.raises(TypeError) as caught:
        cel.evaluate("'a' < 1")
    assert describe_error(caught.value, "r").startswith("'no such overload': call arguments did not match")
