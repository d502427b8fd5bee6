"""Ownership by shape is what a comparison with nothing gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apiserver.fields.specimens import SCHEMA, obj
from dbaas.apiserver.fields.ownership import ignored_fields, strip
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.sets import FieldSet
from dbaas.apiserver.fields.shapes import LONGEST_SHAPE, fields_of_new
from dbaas.apiserver.fields.walks import compare

ROOT = type_of(SCHEMA)
TEXTS = st.sampled_from(["", "a", "b", 'k:{"name":"a"}'])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 2), TEXTS)
ELEMENTS = st.fixed_dictionaries({"name": TEXTS}, optional={"v": TEXTS, "port": SCALARS})
FREE = st.recursive(SCALARS, lambda below: st.lists(below, max_size=2) | st.dictionaries(TEXTS, below, max_size=2))
SPECS = st.fixed_dictionaries(
    {},
    optional={
        "size": SCALARS,
        "list": st.one_of(SCALARS, st.lists(ELEMENTS, max_size=3)),
        "ports": st.lists(ELEMENTS, max_size=2),
        "set": st.lists(TEXTS, max_size=3),
        "atom": st.lists(TEXTS, max_size=2),
        "map": st.dictionaries(TEXTS, SCALARS, max_size=2),
        "whole": st.dictionaries(TEXTS, TEXTS, max_size=2),
        "free": FREE,
        "unknown": FREE,
    },
)
RESETS = st.sampled_from([(), (("status",),), (("spec",),), (("spec", "map"),)])


def compared(new: dict[str, Any], reset: tuple[tuple[str, ...], ...]) -> FieldSet:
    return strip(compare({}, new, ROOT).without(ignored_fields(reset)).changed)


@given(SPECS, RESETS)
def test_the_maker_owns_what_was_added_to_nothing(spec: dict[str, Any], reset: tuple[tuple[str, ...], ...]) -> None:
    new = obj(spec, status={"phase": "a"}, metadata={"labels": {"a": "b"}, "uid": "u"})
    assert fields_of_new(new, ROOT, reset) == compared(new, reset)


def test_the_same_names_with_other_contents_give_the_very_same_fields() -> None:
    one, other = obj({"size": 1, "list": [{"name": "a"}]}), obj({"size": 2, "list": [{"name": "a"}]})
    assert fields_of_new(one, ROOT, ()) is fields_of_new(other, ROOT, ())
    assert fields_of_new(obj({"size": 1, "list": [{"name": "b"}]}), ROOT, ()) != fields_of_new(one, ROOT, ())


@pytest.mark.parametrize("count", [LONGEST_SHAPE, 1])
def test_only_shapes_that_are_not_too_long_are_remembered(count: int) -> None:
    long = obj({"map": {f"key-{number}": "" for number in range(count)}})
    first, second = (fields_of_new(long, ROOT, ()) for _ in range(2))
    assert first == compared(long, ())
    assert (first is second) is (count == 1)
