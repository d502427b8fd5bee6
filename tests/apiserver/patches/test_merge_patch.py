"""JSON merge patch."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.patches import PatchRefused, merge_patch


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"a": {"c": 2}}, {"a": {"b": 1, "c": 2}, "l": [1]}),
        ({"a": {"b": None}}, {"a": {}, "l": [1]}),
        ({"a": None, "l": [2]}, {"l": [2]}),
        ({"n": {"x": None, "y": 1}}, {"a": {"b": 1}, "l": [1], "n": {"y": 1}}),
        ({"l": {"x": 1}}, {"a": {"b": 1}, "l": {"x": 1}}),
        ({}, {"a": {"b": 1}, "l": [1]}),
    ],
)
def test_a_merge_patch_changes_what_it_names(patch: dict[str, Any], expected: dict[str, Any]) -> None:
    original = {"a": {"b": 1}, "l": [1]}
    assert merge_patch(original, patch) == expected
    assert original == {"a": {"b": 1}, "l": [1]}


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        (None, "Invalid JSON Patch"),
        ([], "cannot unmarshal array into Go value of type map"),
        ("x", "cannot unmarshal string"),
        (5, "cannot unmarshal number"),
    ],
)
def test_what_is_no_object_is_a_bad_request(patch: object, message: str) -> None:
    with pytest.raises(PatchRefused, match=message) as caught:
        merge_patch({}, patch)
    assert (caught.value.status, caught.value.reason) == (400, "BadRequest")
