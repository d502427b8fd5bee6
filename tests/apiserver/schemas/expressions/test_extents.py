"""How large values can be by their schemas."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.extents import LARGEST_REQUEST, Extent, extent_of

TEXT = {"type": "string"}
ANY_TEXT = LARGEST_REQUEST - 2


@pytest.mark.parametrize(
    ("spec", "most"),
    [
        (TEXT, ANY_TEXT),
        ({**TEXT, "maxLength": 3}, 12),
        ({**TEXT, "enum": ["a", "é"]}, 2),
        ({**TEXT, "enum": ["a"], "maxLength": 3}, 12),
        ({**TEXT, "format": "byte", "maxLength": 3}, 3),
        ({**TEXT, "format": "byte", "enum": ["a"]}, ANY_TEXT),
        ({**TEXT, "format": "duration", "maxLength": 3}, 32),
        ({**TEXT, "format": "date"}, 12),
        ({"type": "integer"}, 0),
        ({"x-kubernetes-int-or-string": True}, ANY_TEXT),
        ({"x-kubernetes-int-or-string": True, "maxLength": 2}, 8),
        ({"type": "array", "items": TEXT, "maxItems": 4}, 4),
        ({"type": "array", "items": TEXT}, ANY_TEXT // 3),
        ({"type": "array", "items": {"type": "boolean"}}, ANY_TEXT // 5),
        ({"type": "object", "additionalProperties": TEXT}, ANY_TEXT // 8),
        ({"type": "object", "additionalProperties": TEXT, "maxProperties": 2}, 2),
        ({"type": "object", "properties": {"a": TEXT}}, 0),
    ],
)
def test_a_size_comes_from_a_bound_or_from_what_a_request_can_hold(spec: dict[str, Any], most: int) -> None:
    found = extent_of(spec)
    assert found is not None
    assert found.most == most


@pytest.mark.parametrize("spec", [{}, {"type": "array"}, {"type": "array", "items": {}}, {"type": "null"}])
def test_what_rules_cannot_see_has_no_extent(spec: dict[str, Any]) -> None:
    assert extent_of(spec) is None


def test_an_object_is_as_long_as_the_fields_that_it_must_have() -> None:
    fields = {"name": TEXT, "é": {"type": "boolean"}, "d": {"type": "integer", "default": 1}, "may": TEXT}
    found = extent_of({"type": "object", "properties": fields, "required": ["name", "é", "d"]})
    assert found is not None
    assert found.least_bytes == len('{"name":"","é":true,}'.encode())
    assert found.most_in_a_request == LARGEST_REQUEST // 23


def test_values_are_found_by_their_paths() -> None:
    inner = {"type": "object", "properties": {"a-b": {**TEXT, "maxLength": 1}, "if": TEXT}}
    found = extent_of({"type": "array", "items": {"type": "object", "additionalProperties": inner}})
    assert found is not None
    assert found.below(["@items", "@values", "a__dash__b"]) == Extent(4, 2)
    assert found.below(["@items", "@keys"]) == Extent(0, 2)
    for unknown in (["@keys"], ["@items", "@values", "if"], ["a"], ["a", "b"]):
        assert found.below(unknown) is None


@pytest.mark.parametrize(("kind", "most"), [("string", 12), ("integer", ANY_TEXT)])
def test_every_object_has_a_name_unless_the_schema_tells_of_all_that_every_object_has(kind: str, most: int) -> None:
    names = {"name": {**TEXT, "maxLength": 3}, "generateName": {"type": kind}}
    told = {"kind": TEXT, "apiVersion": TEXT, "metadata": {"type": "object", "properties": names}}
    found = extent_of({"type": "object", "properties": told}, is_resource=True)
    assert found is not None
    name = found.below(["metadata", "name"])
    assert name is not None
    assert name.most == most
