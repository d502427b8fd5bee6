"""Structural schemas."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas import schema_problems

TEXT = {"type": "string"}
INNER = {"type": "object", "properties": {"a": TEXT}}
LIST = {"type": "array", "items": INNER, "x-kubernetes-list-type": "map"}


def problems(field: dict[str, Any]) -> list[str]:
    """Of a schema with one field, each without the path of that field."""
    found = schema_problems({"type": "object", "properties": {"f": field}}, "@")
    return [str(each).replace("@.properties[f]", "") for each in found]


@pytest.mark.parametrize(
    "field",
    [
        TEXT,
        {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"type": "object", "additionalProperties": False},
        {**INNER, "required": ["zz"], "anyOf": [{"properties": {"b": {"minLength": 1}}}]},
        {**TEXT, "format": "bogus", "nullable": True, "default": None},
        {**LIST, "x-kubernetes-list-map-keys": ["a"], "items": {**INNER, "required": ["a"]}},
        {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
        {"type": "object", "default": {}, "properties": {"metadata": {**TEXT, "default": "x"}}},
    ],
)
def test_a_structural_schema_has_no_problems(field: dict[str, Any]) -> None:
    assert problems(field) == []


@pytest.mark.parametrize(
    ("field", "found"),
    [
        ({}, [".type: Required value: must not be empty for specified object fields"]),
        ({"type": "array"}, [".items: Required value: must be specified"]),
        ({"type": "array", "items": [TEXT]}, [".items: Forbidden: items must be a schema object and not an array"]),
        ({"type": "object", "x-kubernetes-map-type": "x"}, ['"x": supported values: "atomic", "granular"']),
        ({**LIST, "x-kubernetes-list-type": "x"}, ['"x": supported values: "atomic", "set", "map"']),
        ({**LIST}, ["must not be empty if x-kubernetes-list-type is map"]),
        ({**LIST, "x-kubernetes-list-map-keys": ["b"]}, ["entries must all be names of item properties"]),
        ({**LIST, "x-kubernetes-list-map-keys": ["a"]}, ["it must have a default or be a required property"]),
        ({**TEXT, "pattern": "("}, ["must be a valid regular expression, but isn't"]),
        ({**TEXT, "minLength": 3, "default": "a"}, ['.default: Invalid value: "a":  in body should be at least 3']),
        ({**INNER, "default": {"a": 1}}, ['.default.a: Invalid value: "integer": a in body must be of type string']),
        ({**TEXT, "allOf": [{"items": {"nullable": True}}]}, [".allOf[0].items.nullable: Forbidden"]),
        ({**TEXT, "oneOf": [{"properties": {"metadata": {}}}]}, ["must not be specified in a nested context"]),
        ({**TEXT, "x-kubernetes-preserve-unknown-fields": False}, ["must be true or undefined"]),
        (
            {**TEXT, "x-kubernetes-embedded-resource": True},
            ["must be object if x-kubernetes-embedded-resource is true"],
        ),
        ({**INNER, "patternProperties": {"a": TEXT}}, [".patternProperties: Forbidden"]),
    ],
)
def test_a_problem_is_told_with_its_place(field: dict[str, Any], found: list[str]) -> None:
    told = problems(field)
    assert len(told) == len(found)
    assert all(part in text for part, text in zip(found, told, strict=True)), told


@pytest.mark.parametrize(
    ("root", "found"),
    [
        ({}, "@.type: Required value: must not be empty at the root"),
        ({"type": "array", "items": TEXT}, '@.type: Invalid value: "array": must be object at the root'),
        (
            {"type": "object", "additionalProperties": TEXT},
            "@.additionalProperties: Forbidden: must not be used at the",
        ),
        (
            {"type": "object", "properties": {"metadata": {"type": "object", "properties": {"labels": {}}}}},
            "@.properties[metadata]: Forbidden: must not specify anything other than name and generateName",
        ),
    ],
)
def test_the_root_is_an_object_with_the_usual_metadata(root: dict[str, Any], found: str) -> None:
    (told,) = schema_problems(root, "@")
    assert str(told).startswith(found)
    restricted = {"type": "object", "properties": {"name": {**TEXT, "pattern": "a"}}}
    assert schema_problems({"type": "object", "properties": {"metadata": restricted}}, "@") == []
