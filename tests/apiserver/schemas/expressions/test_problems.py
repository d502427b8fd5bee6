"""Rules that cannot be."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.problems import Site, rule_problems

SHAPE = {"type": "object", "properties": {"a": {"type": "object", "additionalProperties": {"type": "string"}}}}


def problems(*, uncorrelatable: str = "", **rule: Any) -> list[str]:
    spec = {**SHAPE, "x-kubernetes-validations": [{"rule": "true", **rule}]}
    return [
        str(each).removeprefix("@.x-kubernetes-validations[0]")
        for each in rule_problems(spec, Site("@", uncorrelatable))
    ]


@pytest.mark.parametrize(
    ("rule", "found"),
    [
        ({"rule": " "}, ".rule: Required value: rule is not specified"),
        ({"rule": "self ="}, "compilation failed: ERROR: <input>:1:6: Syntax error: token recognition error at: '='"),
        ({"rule": "self.a.isHost()"}, ":1:14: undeclared reference to 'isHost'"),
        ({"rule": "int('x') == 1"}, ": program instantiation failed: type conversion error from 'string' to 'int'"),
        ({"messageExpression": "string(b'\\xff')"}, ": messageExpression instantiation failed: invalid UTF-8 in bytes"),
        ({"rule": "'%d'.format(['a']) == ''"}, ":1:14: error during formatting: decimal clause"),
        ({"rule": "has(self.?a)"}, ":1:9: invalid argument to has() macro"),
        (
            {"rule": "self.a.exists(x, self.a.exists(y, x == y))"},
            "estimated rule cost exceeds budget by factor of more than 100x",
        ),
        ({"rule": "self[?'a'].hasValue()"}, "found no matching overload for '_[?_]'"),
        ({"rule": "self.a"}, "cel expression must evaluate to a bool"),
        ({"message": "  "}, '.message: Invalid value: "  ": message must be non-empty if specified'),
        ({"message": "a\nb"}, '.message: Invalid value: "a\\nb": must not contain line breaks'),
        ({"reason": "x"}, '.reason: Unsupported value: "x": supported values: "FieldValueDuplicate"'),
        ({"fieldPath": ".b"}, '.fieldPath: Invalid value: ".b": must be a valid path'),
        ({"messageExpression": "("}, "messageExpression compilation failed: ERROR"),
        ({"messageExpression": "true"}, "messageExpression must evaluate to a string"),
        ({"messageExpression": " "}, ".messageExpression: Required value"),
        ({"rule": "true &&\ntrue"}, ".message: Required value: message must be specified if rule contains line breaks"),
        ({"optionalOldSelf": True}, "may not be set if oldSelf is not used in rule"),
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


def test_a_place_that_rules_cannot_see_has_no_rules() -> None:
    open_place = {"x-kubernetes-preserve-unknown-fields": True, "x-kubernetes-validations": [{"rule": "true"}]}
    (told,) = rule_problems(open_place, Site("@"))
    assert "unable to convert structural schema to CEL declarations" in told.message


def test_the_root_of_an_object_has_a_name() -> None:
    spec = {**SHAPE, "x-kubernetes-validations": [{"rule": "self.metadata.name == self.kind"}]}
    assert len(list(rule_problems(spec, Site("@")))) == 1
    assert list(rule_problems(spec, Site("@", is_resource=True))) == []
