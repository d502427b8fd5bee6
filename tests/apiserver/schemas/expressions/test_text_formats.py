"""Texts with clauses."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.text_formats import refusal, write_clauses


@pytest.mark.parametrize(
    ("clauses", "given", "written"),
    [
        ("%d %% %s", [1, "a"], "1 % a"),
        ("%.2f", [1234567.5], "1,234,567.50"),
        ("%e", [0.00012], "1.200000\u202f×\u202f10⁻⁰⁴"),
        ("%b %o %x %X", [-5, 8, "hé", 255], "-101 10 68c3a9 FF"),
        ("%s", [[1, 2.5, "a", b"b", None, True]], '[1, 2.500000, "a", b"b", null, true]'),
        ("%s", [{"b": 1, "a": 2}], '{"a":2, "b":1}'),
        ("%f", ["NaN"], "NaN"),
    ],
)
def test_clauses_stand_for_values(clauses: str, given: list[Any], written: str) -> None:
    assert write_clauses(clauses, given) == written


@pytest.mark.parametrize(
    ("clauses", "given", "reason"),
    [
        ("%d", [], "index 0 out of range"),
        ("%", [1], "unexpected end of string"),
        ("%q", [1], 'unrecognized formatting clause "q"'),
        ("%.2", [1.0], "could not find end of precision specifier"),
        ("%d", ["a"], "decimal clause can only be used on integers, was given string"),
    ],
)
def test_other_clauses_are_refused(clauses: str, given: list[Any], reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        write_clauses(clauses, given)


def test_types_are_refused_before_there_is_a_value() -> None:
    assert refusal("x", "double").endswith("was given double")
    assert refusal("s", "timestamp") == ""
