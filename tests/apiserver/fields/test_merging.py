"""Merging what is applied into what is there."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.fields.specimens import SCHEMA
from dbaas.apiserver.fields.merging import merge
from dbaas.apiserver.fields.places import type_of

ROOT = type_of(SCHEMA)


def merged(live: dict[str, Any], applied: dict[str, Any]) -> Any:
    return merge({"spec": live}, {"spec": applied}, ROOT)["spec"]


def test_what_is_not_mentioned_stays() -> None:
    assert merged({"size": 1, "map": {"a": "1"}}, {"name": "x", "map": {"b": "2"}}) == {
        "size": 1,
        "name": "x",
        "map": {"a": "1", "b": "2"},
    }


def test_atomic_values_are_replaced() -> None:
    assert merged({"atom": ["a"], "whole": {"a": "1"}}, {"atom": ["b"], "whole": {"b": "2"}}) == {
        "atom": ["b"],
        "whole": {"b": "2"},
    }


@pytest.mark.parametrize(
    ("live", "applied", "expected"),
    [
        ("ab", "bc", "abc"),
        ("abc", "ca", "bca"),
        ("abcd", "db", "acdb"),
        ("ab", "x", "abx"),
        ("", "ab", "ab"),
        ("ab", "", "ab"),
        ("abc", "xc", "abxc"),
        ("abc", "cxa", "bcxa"),
    ],
)
def test_applied_elements_have_the_applied_order(live: str, applied: str, expected: str) -> None:
    assert merged({"set": list(live)}, {"set": list(applied)})["set"] == list(expected)


def test_elements_are_merged_by_their_key() -> None:
    live = [{"name": "x", "v": "1"}, {"name": "y"}]
    assert merged({"list": live}, {"list": [{"name": "y", "v": "2"}]})["list"] == [live[0], {"name": "y", "v": "2"}]


def test_null_and_empty_are_applied_as_they_are() -> None:
    assert merged({"none": "x", "map": {}}, {"none": None, "map": {}}) == {"none": None, "map": {}}
    assert merged({"map": {"a": "1"}}, {"map": {}}) == {"map": {"a": "1"}}
