"""Rules that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.problems import rule_problems

SHAPE = {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": {"type": "string"}}}}


def problems(*, uncorrelatable: str = "", **rule: Any) -> list[str]:
    spec = {**SHAPE, "x-kubernetes-validations": [{"rule": "true", **rule}]}
    return [
        str(each).removeprefix("@.x-kubernetes-validations[0]") for each in rule_problems(spec, "@", uncorrelatable)
    ]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"rule": " "}, ".rule: Required value: rule is not specified"),
        ({"rule": "self ="}, '.rule: Invalid value: "self =": compilation failed: rule'),
        ({"rule": "self.a.isIP()"}, "calls what is not supported: isIP"),
        ({"message": "  "}, '.message: Invalid value: "  ": message must be non-empty if specified'),
        ({"message": "a\nb"}, '.message: Invalid value: "a\\nb": must not contain line breaks'),
        ({"reason": "x"}, '.reason: Unsupported value: "x": supported values: "FieldValueDuplicate"'),
        ({"fieldPath": ".b"}, '.fieldPath: Invalid value: ".b": must be a valid path'),
        ({"messageExpression": "("}, ".rule: Invalid value"),
    ],
)
def test_a_rule_that_cannot_be_is_told_why(rule: dict[str, Any], found: str) -> None:
    (told,) = problems(**rule)
    assert found in told


def test_a_rule_that_can_be_has_no_problems() -> None:
    assert problems(rule="has(self.a)", message=" ok ", reason="FieldValueForbidden", fieldPath=".a['x']") == []


def test_elements_without_an_old_self_cannot_be_compared_with_it() -> None:
    assert problems(rule="self == oldSelf") == []
    (told,) = problems(rule="self == oldSelf", uncorrelatable="@.list")
    assert told.endswith("oldSelf cannot be used on the uncorrelatable portion of the schema within @.list")
