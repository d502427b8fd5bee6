"""The linter of our definitions."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS, Definition
from dbaas.api.schema import build_crd
from dbaas.api.schema_checks import find_flaws


def crd_with(field: dict[str, Any], part: str = "spec") -> dict[str, Any]:
    schema = {"type": "object", "description": "d", "properties": {"f": field}}
    root = {"type": "object", "description": "d", "properties": {part: schema}}
    return {"metadata": {"name": "x"}, "spec": {"versions": [{"schema": {"openAPIV3Schema": root}}]}}


def flaws_of(field: dict[str, Any], part: str = "spec") -> list[str]:
    return [flaw.removeprefix(f"x: {part}.f ") for flaw in find_flaws(crd_with({"description": "d", **field}, part))]


@pytest.mark.parametrize("definition", [*DEFINITIONS, *LAPTOP_DEFINITIONS], ids=lambda d: str(d.kind))
def test_our_own_kinds_have_no_flaw(definition: Definition) -> None:
    assert find_flaws(build_crd(definition, {})) == []


@pytest.mark.parametrize(
    ("field", "flaw"),
    [
        ({"type": "string"}, "has no maxLength"),
        ({"type": "integer"}, "has no minimum and maximum"),
        ({"type": "integer", "minimum": 1}, "has no minimum and maximum"),
        ({"x-kubernetes-preserve-unknown-fields": True}, "takes anything"),
        ({"type": "string", "maxLength": 9, "pattern": "^(?!a)"}, "has a pattern that RE2 cannot read"),
    ],
)
def test_what_has_no_bound_is_found(field: dict[str, Any], flaw: str) -> None:
    assert flaws_of(field) == [flaw]


def test_lists_and_maps_need_bounds_and_so_do_their_items() -> None:
    assert flaws_of({"type": "array", "items": {"type": "string"}}) == [
        "has no maxItems", "has no list type", "x: spec.f[] has no maxLength",
    ]  # fmt: skip
    assert flaws_of({"type": "object", "additionalProperties": {"type": "string"}}) == [
        "has no maxProperties", "x: spec.f.* has no maxLength",
    ]  # fmt: skip


def test_a_missing_description_is_found() -> None:
    assert find_flaws(crd_with({"type": "boolean"})) == ["x: spec.f has no description"]


def test_numbers_of_a_status_need_no_bounds() -> None:
    assert flaws_of({"type": "integer"}, "status") == []


def test_texts_with_a_format_or_an_enumeration_are_bounded() -> None:
    assert flaws_of({"type": "string", "format": "date-time"}) == []
    assert flaws_of({"type": "string", "enum": ["a"]}) == []


def rule(expression: str, message: str = "m") -> dict[str, Any]:
    return {"type": "boolean", "x-kubernetes-validations": [{"rule": expression, "message": message}]}


def test_rules_may_call_only_proven_functions() -> None:
    assert flaws_of(rule("self.all(x, has(x.y)) && ('a' in self || size(self) > 1)")) == []
    assert flaws_of(rule("isURL(self)")) == [
        "has a rule that calls isURL(), which is not on the list of proven functions"
    ]


def test_parentheses_in_texts_are_no_calls() -> None:
    assert flaws_of(rule("self == 'isURL(x)' || self == \"f(\"")) == []


def test_a_rule_without_a_message_is_found() -> None:
    assert flaws_of(rule("true", "")) == ["has a rule without a message: true"]
