"""CEL rules are checked for their types when a CustomResourceDefinition comes, not when the first object fails."""

from __future__ import annotations

import re
from typing import Any

import pytest

from conformance.kubernetes_api.specimens import definition
from conformance.kubernetes_api.test_rules import DEFINITIONS, SHAPE, TEXT, rule
from conformance.kubernetes_api.typed_rules import RIGHT, WRONG
from fixtures.control_plane import Api

_PLACE = re.compile(r"ERROR: <input>:1:(\d+: .*)")


async def refusals(api: Api, *rules: dict[str, Any], **properties: Any) -> list[tuple[str, str]]:
    """The causes that rules of a spec have, each with where it stands, as a definition with them is refused."""
    spec = {"type": "object", "properties": {**SHAPE, **properties}, "x-kubernetes-validations": list(rules)}
    answer = await api.post(DEFINITIONS, definition("typed", "Typed", spec), dryRun="All")
    assert answer.status in (201, 422), answer.body
    root = "spec.validation.openAPIV3Schema.properties[spec]."
    causes = answer.body["details"]["causes"] if answer.status == 422 else []
    return [(each["field"].removeprefix(root), re.sub(r"selfType\d+", "selfType", each["message"])) for each in causes]


async def test_rules_of_fitting_types_are_taken(api: Api) -> None:
    assert await refusals(api, *({"rule": each} for each in RIGHT)) == []


async def test_rules_of_other_types_are_refused_with_all_their_mistakes(api: Api) -> None:
    found = await refusals(api, *({"rule": each} for each in WRONG))
    told = {int(re.findall(r"\[(\d+)\]\.rule$", where)[0]): "\n".join(_PLACE.findall(why)) for where, why in found}
    assert told == dict(enumerate(WRONG.values()))


async def test_a_mistake_is_shown_in_its_line(api: Api) -> None:
    wrong = {"rule": "self.i > 0\n  && self.s < 'é' + 1", "message": "m", "reason": "FieldValueInvalid"}
    assert await refusals(api, wrong) == [
        (
            "x-kubernetes-validations[0].rule",
            r"""Invalid value: {"Rule":"self.i \u003e 0\n  \u0026\u0026 self.s \u003c 'é' + 1","Message":"m","""
            '"MessageExpression":"","Reason":"FieldValueInvalid","FieldPath":"","OptionalOldSelf":null}: '
            "compilation failed: ERROR: <input>:2:19: found no matching overload for '_+_' applied to '(string, int)'\n"
            " |   && self.s < 'é' + 1\n"
            " | ...............．..^",
        )
    ]


@pytest.mark.parametrize("wrong", ["self.", "self.s ==", "1 + ", "foo(,)", "'abc", "self.b & self.b", "in == 1", "@"])
async def test_what_is_no_expression_is_refused_where_it_ends_to_be_one(api: Api, wrong: str) -> None:
    ((_, why),) = await refusals(api, {"rule": wrong})
    assert "compilation failed: ERROR: <input>:1:" in why
    assert "Syntax error: " in why


@pytest.mark.parametrize("value", ["self.i", "self.v", "dyn(true)", "'a'", "null", "type(self.i)"])
async def test_a_rule_is_a_condition(api: Api, value: str) -> None:
    ((_, why),) = await refusals(api, {"rule": value})
    assert why.endswith(": cel expression must evaluate to a bool")


@pytest.mark.parametrize(
    ("more", "place", "why"),
    [
        ({"messageExpression": "self.i"}, "messageExpression", "messageExpression must evaluate to a string"),
        ({"messageExpression": "self.v"}, "messageExpression", "messageExpression must evaluate to a string"),
        ({"messageExpression": "self.nope"}, "messageExpression", "messageExpression compilation failed: ERROR: "),
        ({"messageExpression": "' ' +"}, "messageExpression", "messageExpression compilation failed: ERROR: "),
        ({"messageExpression": " "}, "messageExpression", "messageExpression must be non-empty if specified"),
        ({"optionalOldSelf": True}, "optionalOldSelf", "may not be set if oldSelf is not used in rule"),
        ({"rule": "true ||\nself.b"}, "message", "message must be specified if rule contains line breaks"),
    ],
)
async def test_the_rest_of_a_rule_is_checked_too(api: Api, more: dict[str, Any], place: str, why: str) -> None:
    ((where, told),) = await refusals(api, {"rule": "self.b", **more})
    assert where == f"x-kubernetes-validations[0].{place}"
    assert why in told


async def test_a_message_may_be_made_of_old_and_new(api: Api) -> None:
    one = {"rule": "self.b", "messageExpression": "self.s + oldSelf.s"}
    assert await refusals(api, one) == []


OLD_IS_OPTIONAL = {
    "oldSelf.hasValue()": "",
    "oldSelf.i.orValue(2) == 1": "",
    "oldSelf.value().i == 1": "",
    "oldSelf.orValue(self).i == 1": "",
    "oldSelf.i == 1": "11: found no matching overload for '_==_' applied to '(optional_type(int), int)'",
    "oldSelf.nope.hasValue()": "8: undefined field 'nope'",
}


@pytest.mark.parametrize("text", OLD_IS_OPTIONAL)
async def test_an_optional_old_self_has_to_be_unwrapped(api: Api, text: str) -> None:
    found = dict(await refusals(api, {"rule": text, "optionalOldSelf": True}))
    told = _PLACE.findall(found.get("x-kubernetes-validations[0].rule", ""))
    assert told == ([OLD_IS_OPTIONAL[text]] if OLD_IS_OPTIONAL[text] else [])


LIST = {"type": "array", "maxItems": 3}
OBJECT = {"type": "object"}
KEPT = {"x-kubernetes-preserve-unknown-fields": True}
UNCORRELATABLE = "oldSelf cannot be used on the uncorrelatable portion of the schema within "
UNTYPED = (
    "Internal error: internal error: failed to construct type information for x-kubernetes-validations rules: "
    "unable to convert structural schema to CEL declarations"
)


@pytest.mark.parametrize(
    ("field", "why"),
    [
        ({**LIST, "items": {**TEXT, **rule("self == oldSelf")}}, UNCORRELATABLE),
        ({**LIST, "items": {**TEXT, **rule("self == 'a'", messageExpression="oldSelf")}}, ""),
        ({**LIST, "items": {**TEXT, **rule("oldSelf.hasValue()", optionalOldSelf=True)}}, UNCORRELATABLE),
        ({**OBJECT, **KEPT, **rule("self.x == 1")}, "undefined field 'x'"),
        ({**KEPT, **rule("self.x == 1")}, UNTYPED),
        ({**LIST, "items": KEPT, **rule("self[0] == 1")}, UNTYPED),
        ({"x-kubernetes-int-or-string": True, **rule("self.x == 1")}, ""),
        ({**OBJECT, **KEPT, "x-kubernetes-embedded-resource": True, **rule("self.metadata.name == 'a'")}, ""),
        (
            {**OBJECT, **KEPT, "x-kubernetes-embedded-resource": True, **rule("has(self.metadata.labels)")},
            "undefined field 'labels'",
        ),
        (
            {**OBJECT, "maxProperties": 3, "additionalProperties": {**OBJECT, "properties": {}}, **rule("self.a == 1")},
            "applied to '(selfType.@elem, int)'",
        ),
        ({**LIST, "items": {**OBJECT, "properties": {}}, **rule("self[0] == 1")}, "applied to '(selfType.@idx, int)'"),
        ({**OBJECT, "properties": {"if": TEXT, "in": TEXT}, **rule("self.if == self.__if__ + self.__in__")}, ""),
        ({**OBJECT, "properties": {"1x": TEXT, "a b": TEXT}, **rule("has(self.x)")}, "undefined field 'x'"),
        ({**TEXT, "format": "date", **rule("self == '2020-01-01'")}, "applied to '(timestamp, string)'"),
        ({**TEXT, "format": "datetime", **rule("self == 'a'")}, ""),
        ({**TEXT, **rule("type(self) in [int, string]")}, "expected type 'type(int)' but found 'type(string)'"),
        ({**TEXT, **rule("self.matches('[') || self == 'a'")}, "invalid matches argument"),
    ],
)
async def test_what_rules_see_follows_from_the_schema(api: Api, field: dict[str, Any], why: str) -> None:
    found = await refusals(api, here=field)
    assert len(found) == bool(why)
    assert all(why in told for _, told in found)


async def test_words_of_the_language_are_fields_under_two_names(api: Api) -> None:
    plural = f"words{api.suffix}"
    words = ("if", "for", "namespace", "package", "return")
    rules = [{"rule": f"self.{word} == self.__{word}__ && has(self.{word})"} for word in words]
    spec = {"type": "object", "properties": dict.fromkeys(words, TEXT), "x-kubernetes-validations": rules}
    made = definition(plural, plural.title(), spec)
    await api.define(made)
    body = {"apiVersion": f"{made['spec']['group']}/v1", "kind": plural.title(), "metadata": {"name": "one"}}
    path = api.collection(plural, made["spec"]["group"])
    assert (await api.post(path, {**body, "spec": dict.fromkeys(words, "a")})).status == 201
