"""Sets of fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dbaas.apiserver.fields.elements import ElementRefused
from dbaas.apiserver.fields.sets import FieldSet, from_json, of_paths

STEPS = st.sampled_from(["f:a", "f:b", 'k:{"n":"x"}', 'v:"y"'])
SETS = st.lists(st.lists(STEPS, min_size=1, max_size=3).map(tuple), max_size=6).map(of_paths)


def paths(found: FieldSet) -> set[tuple[str, ...]]:
    return set(found.paths())


def test_a_parent_that_is_a_member_has_a_dot() -> None:
    written = {"f:a": {".": {}, "f:b": {}}, "f:c": {"f:d": {}}, "f:e": {}}
    found = from_json(written)
    assert paths(found) == {("f:a",), ("f:a", "f:b"), ("f:c", "f:d"), ("f:e",)}
    assert found.to_json() == written


@given(SETS)
def test_writing_and_reading_gives_the_same_set(found: FieldSet) -> None:
    assert from_json(found.to_json()) == found


@given(SETS, SETS)
def test_set_operations_are_those_of_sets_of_paths(one: FieldSet, other: FieldSet) -> None:
    assert paths(one.union(other)) == paths(one) | paths(other)
    assert paths(one.intersection(other)) == paths(one) & paths(other)
    assert paths(one.difference(other)) == paths(one) - paths(other)
    assert bool(one) == bool(paths(one))


@given(SETS, SETS)
def test_removal_with_all_below_leaves_nothing_below_a_member(one: FieldSet, other: FieldSet) -> None:
    removed = paths(other)
    kept = {path for path in paths(one) if not any(path[: len(each)] == each for each in removed)}
    assert paths(one.without(other)) == kept


def test_the_empty_path_is_nobodys() -> None:
    assert not of_paths([()])


@pytest.mark.parametrize("written", [[], {"x": {}}, {"f:a": 1}, {"f:a": {"k:1": {}}}])
def test_broken_fields_are_refused(written: object) -> None:
    with pytest.raises(ElementRefused):
        from_json(written)


def test_what_an_operation_leaves_alone_is_the_very_same_set() -> None:
    one, other = from_json({"f:a": {"f:b": {}}}), from_json({"f:c": {"f:d": {}}})
    assert one.difference(other) is one
    assert one.without(other) is one
    assert one.union(FieldSet()) is one
    assert one.union(other).children["f:a"] is one.children["f:a"]


def test_a_set_that_was_written_before_it_grew_is_written_anew() -> None:
    grown = of_paths([("f:a", "f:b")])
    assert grown.to_json() == {"f:a": {"f:b": {}}}
    grown.insert(("f:a", "f:c"))
    assert grown.to_json() == {"f:a": {"f:b": {}, "f:c": {}}}
