"""What the parts do together: order, refusals, the linter."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from dbaas.apiserver.schemas import Schema, SchemaRefused, unsupported_rules

RULE = {"rule": "self.size() < 3", "message": "too large"}


def schema(**properties: Any) -> Schema:
    return Schema.compile({"type": "object", "properties": properties})


def test_rules_are_not_checked_while_something_basic_is_wrong() -> None:
    made = schema(a={"type": "string", "x-kubernetes-validations": [RULE]}, b={"type": "string", "enum": ["x"]})
    assert [str(each) for each in made.validate({"a": "abcd", "b": "y"})] == [
        'b: Unsupported value: "y": supported values: "x"',
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
        "correct the existing errors to complete validation",
    ]


def test_rules_are_checked_beside_errors_of_bounds() -> None:
    made = schema(a={"type": "string", "x-kubernetes-validations": [RULE]}, b={"type": "string", "minLength": 2})
    assert [each.field for each in made.validate({"a": "abcd", "b": "y"})] == ["b", "a"]


FIXED = {"x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "fixed"}]}
FRESH = {"x-kubernetes-validations": [{"rule": "!oldSelf.hasValue()", "message": "new", "optionalOldSelf": True}]}
OTHER = {"x-kubernetes-validations": [{"rule": "self != oldSelf", "message": "other"}]}
LARGE = {"x-kubernetes-validations": [{"rule": "self.size() < 2", "message": "large"}]}
RULED = schema(
    fixed={"type": "string", **FIXED},
    fresh={"type": "object", "properties": {"in": {"type": "string", **FRESH}}},
    other={"type": "array", "items": {"type": "object", "properties": {"in": {"type": "string"}}, **OTHER}},
    pairs={
        "type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
        "items": {"type": "object", "properties": {"name": {"type": "string"}, "in": {"type": "string", **OTHER}}},
    },
    large={"type": "object", "additionalProperties": {"type": "string", "maxLength": 3, **LARGE}},
    names={"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "string"}},
)  # fmt: skip
STORED = {
    "fixed": "a",
    "fresh": {"in": "a"},
    "other": [{"in": "a"}],
    "pairs": [{"name": "a", "in": "b"}],
    "large": {"a": "abcd", "b": "ab"},
    "names": ["a", "a"],
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"fixed": "b"},
        {"fresh": {"in": "b"}},
        {"other": [{"in": "b"}]},
        {"pairs": [{"name": "a", "in": "b"}, {"name": "b", "in": "b"}]},
        {"large": {"a": "abcd", "b": "abc"}},
        {"names": ["b", "b"]},
    ],
)
def test_what_is_shared_with_the_stored_object_is_judged_as_a_copy_of_it_is(change: dict[str, Any]) -> None:
    shared = {**STORED, **change}
    assert RULED.validate(shared, STORED) == RULED.validate(copy.deepcopy(shared), STORED)


def test_a_rule_that_can_fail_without_a_change_is_checked_without_one() -> None:
    assert {each.field for each in RULED.validate(dict(STORED), STORED)} == {"fresh.in", "pairs[0].in"}


def test_an_object_is_complete_when_nothing_would_be_removed_or_filled_in() -> None:
    made = schema(a={"type": "string", "default": "x"}, b={"type": "object", "properties": {"c": {"type": "string"}}})
    assert made.is_complete({"a": "y", "b": {"c": ""}})
    assert not made.is_complete({"b": {"c": ""}})
    assert not made.is_complete({"a": "y", "b": {"c": None}})
    assert not made.is_complete({"a": "y", "b": {"d": 1}})


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"type": "string", "pattern": "(?=x)"}, "RE2 does not have"),
        ({"$ref": "#/nowhere"}, "not defined"),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "self ="}]}, "token recognition error"),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": "isHost(self)"}]},
            "undeclared reference to 'isHost'",
        ),
        (
            {"type": "string", "x-kubernetes-validations": [{"rule": "math.abs(1) == 1"}]},
            "undeclared reference to 'abs'",
        ),
    ],
)
def test_a_schema_that_we_cannot_honour_is_refused(spec: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchemaRefused, match=reason.replace("(", r"\(")):
        schema(a=spec)


def test_the_linter_names_every_rule_that_would_be_refused_with_its_place() -> None:
    bad = {"type": "string", "maxLength": 9, "x-kubernetes-validations": [{"rule": "isHost(self)"}, RULE]}
    array, mapping = {"type": "array", "maxItems": 9}, {"type": "object", "maxProperties": 9}
    properties = {"a": {**array, "items": bad}, "b": {**mapping, "additionalProperties": bad}, "c": {}}
    found = unsupported_rules({"type": "object", "properties": properties})
    assert [each.partition(":")[0] for each in found] == [
        ".properties[a].items.x-kubernetes-validations[0].rule",
        ".properties[b].additionalProperties.x-kubernetes-validations[0].rule",
    ]
