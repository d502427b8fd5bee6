"""Values made of others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.conversions import CONVERSIONS, is_zero
from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.things import Maybe, TypeName, UInt


@pytest.mark.parametrize(
    ("wanted", "value", "found"),
    [
        ("int", 1.9, 1),
        ("int", "+7", 7),
        ("uint", 5.7, UInt(5)),
        ("double", "1e3", 1000.0),
        ("bool", "F", False),
        ("bytes", "é", "é".encode()),
        ("string", 1e21, "1e+21"),
        ("string", timedelta(seconds=1.5), "1.5s"),
        ("duration", "-1h1.5s", timedelta(seconds=-3601.5)),
        ("dyn", 1, 1),
        ("type", b"", TypeName("bytes")),
    ],
)
def test_a_value_becomes_another(wanted: str, value: Any, found: Any) -> None:
    made = CONVERSIONS[wanted](value)
    assert made == found
    assert type(made) is type(found)


def test_a_moment_keeps_its_zone_and_no_zeros_at_the_end() -> None:
    text = "2024-01-01T10:00:00.120+02:00"
    assert CONVERSIONS["string"](CONVERSIONS["timestamp"](text)) == "2024-01-01T10:00:00.12+02:00"
    assert CONVERSIONS["string"](CONVERSIONS["timestamp"](0)) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("wanted", "value", "reason"),
    [
        ("int", "x", "type conversion error from 'string' to 'int'"),
        ("int", 1e30, "integer overflow"),
        ("uint", -1, "unsigned integer overflow"),
        ("bool", "yes", "type conversion error"),
        ("string", b"\xff", "invalid UTF-8 in bytes"),
        ("timestamp", "x", "to 'google.protobuf.Timestamp'"),
    ],
)
def test_what_cannot_become_another_fails(wanted: str, value: Any, reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        CONVERSIONS[wanted](value)


def test_zero_is_what_nothing_was_said_of() -> None:
    assert all(map(is_zero, ["", 0, 0.0, False, [], {}, None, b"", Maybe(), timedelta()]))
    assert not any(map(is_zero, ["a", 1, True, [0], Maybe(0, is_present=True)]))
