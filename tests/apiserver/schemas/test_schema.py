"""What the parts do together: order, refusals, the linter."""

from __future__ import annotations

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


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"type": "string", "pattern": "(?=x)"}, "RE2 does not have"),
        ({"$ref": "#/nowhere"}, "not defined"),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "self ="}]}, "cannot be compiled"),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "isURL(self)"}]}, "not supported: isURL"),
        ({"type": "string", "x-kubernetes-validations": [{"rule": "math.abs(1) == 1"}]}, "not supported: abs, math"),
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
