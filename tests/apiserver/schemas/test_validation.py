"""Bounds of values: the causes of kube-apiserver, to the letter."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas import Schema

TEXT = {"type": "string"}
FIELDS: dict[str, Any] = {
    "s": {**TEXT, "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
    "e": {**TEXT, "enum": ["a", "b"]},
    "i": {"type": "integer", "minimum": 1, "maximum": 10, "multipleOf": 2},
    "x": {"type": "integer", "minimum": 1, "exclusiveMinimum": True, "maximum": 10, "exclusiveMaximum": True},
    "n": {"type": "number", "minimum": 0.5, "maximum": 2.5, "multipleOf": 0.5},
    "b": {"type": "boolean"},
    "a": {"type": "array", "minItems": 1, "maxItems": 2, "items": {**TEXT, "minLength": 1}},
    "o": {"type": "object", "required": ["x", "y"], "properties": {"x": TEXT, "y": {"type": "integer"}}},
    "m": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 2,
        "additionalProperties": {"type": "integer", "minimum": 3},
    },
    "v": {"x-kubernetes-int-or-string": True},
    "nul": {**TEXT, "nullable": True},
    "nule": {**TEXT, "nullable": True, "enum": ["a"]},
    "one": {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "any": {
        "type": "object",
        "properties": {"a": TEXT, "b": {"type": "integer"}},
        "anyOf": [{"required": ["a"]}, {"required": ["b"], "properties": {"b": {"minimum": 5}}}],
    },
    "all": {
        "type": "object",
        "properties": {"a": TEXT, "b": {"type": "integer"}},
        "allOf": [{"required": ["a"]}, {"properties": {"b": {"minimum": 5}}}],
    },
    "not": {**TEXT, "not": {"enum": ["bad"]}},
    "t": {**TEXT, "format": "date-time"},
}
SCHEMA = Schema.compile(
    {"type": "object", "properties": {"spec": {"type": "object", "properties": FIELDS}, "status": FIELDS["o"]}}
)


def causes(field: str, value: object, old: object = ...) -> list[str]:
    stored = None if old is ... else {"spec": {field: old}}
    return [str(each) for each in SCHEMA.validate({"spec": {field: value}}, stored)]


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("s", "a", ['spec.s: Invalid value: "a": spec.s in body should be at least 2 chars long']),
        ("s", "abcdef", ["spec.s: Too long: may not be more than 5 bytes"]),
        ("s", "AB", ["spec.s: Invalid value: \"AB\": spec.s in body should match '^[a-z]+$'"]),
        ("s", 1, ['spec.s: Invalid value: "integer": spec.s in body must be of type string: "integer"']),
        ("s", None, ['spec.s: Invalid value: "null": spec.s in body must be of type string: "null"']),
        ("e", "c", ['spec.e: Unsupported value: "c": supported values: "a", "b"']),
        ("i", 0, ["spec.i: Invalid value: 0: spec.i in body should be greater than or equal to 1"]),
        ("i", 3, ["spec.i: Invalid value: 3: spec.i in body should be a multiple of 2"]),
        ("i", 4.0, []),
        ("i", True, ['spec.i: Invalid value: "boolean": spec.i in body must be of type integer: "boolean"']),
        ("x", 1, ["spec.x: Invalid value: 1: spec.x in body should be greater than 1"]),
        ("x", 10, ["spec.x: Invalid value: 10: spec.x in body should be less than 10"]),
        ("n", 0.25, ["multiple of 0.5", "greater than or equal to 0.5"]),
        ("n", 1, ["spec.n: Invalid value: 0: factor MultipleOf declared for spec.n must be positive: 0"]),
        ("b", "true", ['spec.b: Invalid value: "string": spec.b in body must be of type boolean: "string"']),
        ("a", [], ["spec.a: Invalid value: 0: spec.a in body should have at least 1 items"]),
        ("a", ["a", "b", "c"], ["spec.a: Too many: 3: must have at most 2 items"]),
        ("a", ["", 1], ["spec.a[0]", 'spec.a[1]: Invalid value: "integer"']),
        ("o", {}, ["spec.o.x: Required value", "spec.o.y: Required value"]),
        ("m", {}, ["spec.m: Invalid value: 0: spec.m in body should have at least 1 properties"]),
        ("m", {"a": 3, "b": 3, "c": 3}, ["spec.m: Too many: 3: must have at most 2 items"]),
        ("m", {"a.b": 1}, ["spec.m.a.b: Invalid value: 1: spec.m.a.b in body should be greater than or equal to 3"]),
        ("v", 1.5, ['spec.v: Invalid value: "number": spec.v in body must be of type integer,string: "number"']),
        ("nul", None, []),
        ("nule", None, ['spec.nule: Unsupported value: null: supported values: "a"']),
        ("one", {"a": "1"}, []),
        ("one", {"a": "1", "b": "1"}, ['"spec.one" must validate one and only one schema (oneOf). Found 2 valid']),
        ("one", {}, ['"spec.one" must validate one and only one schema (oneOf). Found none', "spec.one.a: Required"]),
        ("any", {"b": 3}, ['"spec.any" must validate at least one schema (anyOf)', "spec.any.b: Invalid value: 3"]),
        ("all", {"b": 3}, ["spec.all.a: Required", "spec.all.b: Invalid value: 3", "(allOf). None validated"]),
        ("not", "bad", ['<nil>: Invalid value: "": "spec.not" must not validate the schema (not)']),
        ("t", "x", ['spec.t: Invalid value: "x": spec.t in body must be of type date-time: "x"']),
    ],
)
def test_a_bad_value_gets_the_causes_of_kubernetes(field: str, value: object, expected: list[str]) -> None:
    found = causes(field, value)
    assert len(found) == len(expected)
    assert all(part in text for part, text in zip(expected, found, strict=True)), found


def test_letters_are_counted_and_not_bytes() -> None:
    schema = Schema.compile({"type": "object", "properties": {"s": {**TEXT, "maxLength": 2}}})
    assert schema.validate({"s": "éé"}) == []


def test_causes_carry_the_reasons_that_clients_test_for() -> None:
    found = SCHEMA.validate({"spec": {"s": 1, "e": "c", "o": {}, "a": ["a", "b", "c"], "i": 0}})
    assert {each.reason for each in found} == {
        "FieldValueTypeInvalid",
        "FieldValueNotSupported",
        "FieldValueRequired",
        "FieldValueTooMany",
        "FieldValueInvalid",
    }


def test_an_update_may_leave_what_is_wrong_as_it_is() -> None:
    assert causes("s", "TOO LONG", "TOO LONG") == []
    assert causes("s", "TOO LONG", "other") != []
    assert causes("one", {}, {}) == []


def test_elements_of_an_unkeyed_list_are_all_checked_again() -> None:
    assert causes("a", [""], ["", "b"]) != []
    assert causes("a", ["", "b"], ["", "b"]) == []


def test_a_write_of_the_status_checks_the_status_and_names_it_relative_to_it() -> None:
    new = {"spec": {"s": 1}, "status": {"x": 1}}
    found = [str(each) for each in SCHEMA.validate(new, {}, subresource="status")]
    assert found == [
        'status.x: Invalid value: "integer": x in body must be of type string: "integer"',
        "status.y: Required value",
    ]
