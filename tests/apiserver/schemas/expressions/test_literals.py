"""What can be told before anything is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.literals import constant_value, mentions, named_type, parts_of
from dbaas.apiserver.schemas.expressions.syntax import Constant, parse
from dbaas.apiserver.schemas.expressions.things import TypeName, UInt


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("-0x1F", -31), ("5u", UInt(5)), ("1e3", 1000.0), ("true", True), ("null", None),
        (r"'a\n\x41\u00e9\101'", "a\nAéA"), (r"r'a\n'", "a\\n"),
        ("b'é\\xff'", b"\xc3\xa9\xff"), ('\'\'\'a"\'\'\'', 'a"'),
    ],
)  # fmt: skip
def test_a_constant_has_its_value(source: str, value: Any) -> None:
    part = parse(source)
    assert isinstance(part, Constant)
    found = constant_value(part)
    assert found == value
    assert type(found) is type(value)


def test_names_of_types_stand_for_types() -> None:
    assert named_type("null_type") == TypeName("null")
    assert named_type("self") is None


def test_every_part_is_found() -> None:
    source = "[a, {b: c}].map(d, e.f ? g : h[i])"
    assert len(list(parts_of(parse(source)))) == 14
    assert all(mentions(parse(source), name) for name in "abcdeghi")
    assert not mentions(parse(source), "f")
