"""The quick walk never vouches for what validation refuses."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver.schemas.test_validation import FIELDS
from dbaas.apiserver.schemas.conformity import conforms
from dbaas.apiserver.schemas.nodes import Node, compile_node
from dbaas.apiserver.schemas.validation import check

SCALARS = st.sampled_from([None, True, 0, 1, 2, 4, 11, 0.5, 1.0, 3.0, "", "a", "ab", "bad", "abcdef", "AB"])
INNER = st.dictionaries(st.sampled_from(["a", "b", "x", "y"]), SCALARS, max_size=3)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=3), INNER, st.just("2026-01-01T00:00:00Z"))
RIGHT: dict[str, list[Any]] = {
    "s": ["ab", "abcde"],
    "e": ["a"],
    "i": [2, 10],
    "x": [2],
    "n": [0.5, 1.5],
    "b": [True],
    "a": [["x"]],
    "o": [{"x": "", "y": 1}],
    "m": [{"p": 3}],
    "v": [1, "1"],
    "nul": [None, ""],
    "one": [{"a": ""}],
    "any": [{"b": 5}],
    "all": [{"a": "", "b": 5}],
    "not": ["good"],
    "t": ["2026-01-01T00:00:00Z"],
}


def compiled(spec: dict[str, Any]) -> Node:
    return compile_node(spec, {})


ROOT = compiled({"type": "object", "properties": FIELDS, "minProperties": 1, "maxProperties": 12})


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), VALUES, max_size=4))
def test_what_it_vouches_for_is_not_refused(value: dict[str, Any]) -> None:
    assert not (conforms(value, ROOT) and check(value, ROOT, "").causes)


@given(
    st.dictionaries(st.sampled_from(sorted(FIELDS)), VALUES, max_size=4),
    st.dictionaries(st.sampled_from(sorted(FIELDS)), VALUES, max_size=2),
)
def test_it_looks_over_only_what_nobody_has_changed(stored: dict[str, Any], changes: dict[str, Any]) -> None:
    value = {**stored, **changes}
    assert not (conforms(value, ROOT, stored) and check(value, ROOT, "", stored).causes)


def test_what_is_wrong_already_does_not_keep_it_from_vouching() -> None:
    stored = {"s": "far too long", "o": {"x": 1}}
    assert conforms({**stored, "i": 2}, ROOT, stored)
    assert not conforms({**stored, "i": 3}, ROOT, stored)


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in RIGHT.items() for value in values])
def test_it_vouches_for_what_is_right(name: str, value: Any) -> None:
    assert conforms({name: value}, ROOT)


@pytest.mark.parametrize("value", [{}, dict.fromkeys("abcdefghijklm")])
def test_it_counts_the_fields_of_an_object(value: dict[str, Any]) -> None:
    assert not conforms(value, ROOT)


@pytest.mark.parametrize("value", [[], ["a", "b", "c"], [""], "a", {}])
def test_it_looks_into_lists(value: Any) -> None:
    assert not conforms({"a": value}, ROOT)


def test_a_truth_value_is_no_number() -> None:
    assert not conforms(True, compiled({"type": "integer"}))
    assert not conforms(1, compiled({"type": "boolean"}))
    assert not conforms(True, compiled({"enum": [1]}))
