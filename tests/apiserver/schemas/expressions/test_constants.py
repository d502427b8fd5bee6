"""Constants that a call cannot take."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.constants import invalid_constant
from dbaas.apiserver.schemas.expressions.syntax import Call, parse


def is_refused(source: str) -> bool:
    call = parse(source)
    assert isinstance(call, Call)
    return invalid_constant(call) is not None


@pytest.mark.parametrize(
    "source",
    [
        "a.matches('[')", "matches(a, '(?=x)')", "a.find('[')", "a.findAll('[', 1)", "duration('1x')", "duration('')",
        "duration(1)", "timestamp('2024')", "timestamp('2024-13-01T00:00:00Z')", "timestamp('2024-01-01T00:00:00')",
    ],
)  # fmt: skip
def test_what_can_never_be_is_refused(source: str) -> None:
    assert is_refused(source)


@pytest.mark.parametrize(
    "source",
    [
        "a.matches('[a]')", "matches('[', a)", "a.matches(b)", "a.matches('\\\\[')", "duration('1h30m')",
        "duration('-1.5s')", "duration('0')", "duration(a)", "timestamp('2024-01-01T00:00:00.5+02:00')", "timestamp(1)",
        "a.duration()", "f('[')",
    ],
)  # fmt: skip
def test_the_rest_is_not(source: str) -> None:
    assert not is_refused(source)
