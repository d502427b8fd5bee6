"""Equality of JSON values."""

from __future__ import annotations

from dbaas.apiserver.schemas.equality import equal


def test_values_of_different_types_are_not_equal() -> None:
    assert not equal(True, 1)
    assert not equal(1, 1.0)
    assert not equal([{"a": 0}], [{"a": False}])


def test_objects_are_equal_in_any_order_and_lists_are_not() -> None:
    assert equal({"a": 1, "b": [1, None]}, {"b": [1, None], "a": 1})
    assert not equal([1, 2], [2, 1])
    assert not equal({"a": None}, {})


def test_texts_that_differ_only_in_their_order_are_looked_into() -> None:
    assert equal({"a": {"x": 1, "y": [True]}, "b": 2}, {"b": 2, "a": {"y": [True], "x": 1}})
    assert not equal({"a": {"x": 1, "y": [True]}, "b": 2}, {"b": 2, "a": {"y": [1], "x": 1}})
