"""CEL rules: functions, transitions, messages, and when rules are checked."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.kubernetes_api.specimens import Specimens, definition, listed
from fixtures.control_plane import Answer, Api

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
TEXT: dict[str, Any] = {"type": "string", "maxLength": 20}
NUMBER: dict[str, Any] = {"type": "integer"}
SHAPE: dict[str, Any] = {
    "s": TEXT,
    "i": NUMBER,
    "j": NUMBER,
    "n": {"type": "number"},
    "b": {"type": "boolean"},
    "l": {"type": "array", "maxItems": 5, "items": TEXT},
    "li": {"type": "array", "maxItems": 5, "items": NUMBER},
    "m": {"type": "object", "maxProperties": 5, "additionalProperties": TEXT},
    "o": {"type": "object", "properties": {"x": TEXT, "y": NUMBER, "z": {**TEXT, "nullable": True}}},
    "d": {"type": "string", "format": "duration"},
    "t": {"type": "string", "format": "date-time"},
    "by": {"type": "string", "format": "byte", "maxLength": 20},
    "v": {"x-kubernetes-int-or-string": True, "maxLength": 20},
    "namespace": TEXT,
    "dash-ed": TEXT,
}
VALUES: dict[str, Any] = {
    "s": "aéb",
    "i": 1,
    "j": 2,
    "n": 100000000,
    "b": True,
    "l": ["a", "b", "a"],
    "li": [1, 2],
    "m": {"a": "1", "c-d": "2"},
    "o": {"x": "q", "z": None},
    "d": "1h30m",
    "t": "2024-01-01T10:00:00+02:00",
    "by": "YWJj",
    "v": "5%",
    "namespace": "x",
    "dash-ed": "y",
}
TRUE = [
    "size(self.s) == 3 && self.s.size() == 3 && self.l.size() == 3 && self.m.size() == 2",
    "self.s.startsWith('a') && self.s.endsWith('b') && self.s.contains('é')",
    r"self.s.matches('^a\\W+b$') && !self.s.matches('^b') && self.s.matches('(?i)^A') && 'a1'.matches(r'\d$')",
    "self.s.lowerAscii() == 'aéb' && self.s.upperAscii() == 'AéB'",
    "self.s.charAt(1) == 'é' && self.s.charAt(3) == ''",
    "self.s.indexOf('b') == 2 && self.s.indexOf('b', 9) == -1 && self.s.lastIndexOf('a') == 0",
    "self.s.substring(1) == 'éb' && self.s.substring(0, 1) == 'a'",
    "self.s.replace('é', 'e') == 'aeb' && self.s.replace('', '-', 1) == '-aéb'",
    "self.s.replace('a', 'b', 0) == self.s && self.s.replace('a', 'b', -1) == 'béb'",
    "' a '.trim() == 'a' && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a,b'.split(',') == ['a', 'b']",
    "self.l.join('-') == 'a-b-a' && self.l.join() == 'aba'",
    "self.li.isSorted() && !self.l.isSorted() && self.li.sum() == 3 && self.li.min() == 1 && self.li.max() == 2",
    "self.l.indexOf('a') == 0 && self.l.lastIndexOf('a') == 2 && self.l.indexOf('z') == -1",
    "self.s.find('[é]') == 'é' && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1b2'.findAll('[0-9]', 1) == ['1']",
    "string(self.i) == '1' && string(self.n) == '1e+08' && string(self.b) == 'true' && string(self.by) == 'abc'",
    "self.d == duration('90m') && string(self.d) == '5400s' && self.t > timestamp('2024-01-01T00:00:00Z')",
    "string(self.t) == '2024-01-01T10:00:00+02:00' && self.t.getHours() == 8 && self.t.getHours('Europe/Berlin') == 9",
    "self.t.getFullYear() == 2024 && self.t.getMonth() == 0 && self.t.getDate() == 1 && self.t.getDayOfWeek() == 1",
    "self.t.getDayOfMonth() == 0 && self.t.getDayOfYear() == 0 && self.t.getMinutes() == 0 && self.t.getSeconds() == 0",
    "self.d.getHours() == 1 && self.d.getMinutes() == 90 && self.d.getSeconds() == 5400",
    "type(self.v) == string ? self.v.endsWith('%') : self.v < 5",
    "self.by == b'abc' && self.by.size() == 3",
    "self.l.exists_one(x, x == 'b') && self.l.filter(x, x == 'a').size() == 2 && self.li.map(x, x * 2) == [2, 4]",
    "self.l.all(x, x in ['a', 'b']) && self.l.exists(x, x == 'b') && self.m.all(k, self.m[k].size() == 1)",
    "'a' in self.m && 'a' in self.l && 1 in self.li && has(self.m.a) && self.m['c-d'] == '2'",
    "has(self.o.x) && !has(self.o.y) && !has(self.o.z)",
    "self.__namespace__ == 'x' && self.dash__dash__ed == 'y'",
    "self.i + self.j == 3 && self.i - self.j == -1 && self.j / 2 == 1 && self.j % 2 == 0 && -self.i < 0",
    "self.n > 0.5 && double(self.i) == 1.0 && int(self.n) == 100000000",
    "(self.i == 2 ? false : self.b) && !(self.i > 1 || self.j < 1)",
    "self.l + ['c'] == ['a', 'b', 'a', 'c'] && self.l[1] == 'b' && self.s + 'c' == 'aébc'",
    "self.o.y == 1 || self.i == 1",
]
ERRORS = {
    "self.o.y == 1": "no such key: y",
    "self.l[5] == ''": "index out of bounds: 5",
    "self.s.substring(1, 9) == ''": "index out of range: 9",
    "self.s.substring(2, 1) == ''": "invalid substring range. start: 2, end: 1",
    "self.s.charAt(-1) == ''": "index out of range: -1",
    "self.li.filter(x, x > 5).min() == 1": "min called on empty list",
    "int(self.s) == 1": "type conversion error from 'string' to 'int'",
    "timestamp(self.s) == self.t": "type conversion error from 'string' to 'google.protobuf.Timestamp'",
    "self.i / (self.j - 2) == 1": "division by zero",
    "self.i % (self.j - 2) == 1": "modulus by zero",
    "self.i + 9223372036854775807 > 0": "integer overflow",
}


async def ruled(api: Api, name: str, spec: dict[str, Any]) -> Specimens:
    """A kind of its own for one test, since a definition is shared by all who use one server."""
    plural = f"{name}{api.suffix}"
    await api.define(definition(plural, plural.title(), spec))
    return Specimens(api, plural, plural.title())


def rule(text: str, **more: Any) -> dict[str, Any]:
    return {"x-kubernetes-validations": [{"rule": text, **more}]}


async def changed(made: Specimens, spec: dict[str, Any]) -> list[str]:
    return listed(await patched(made, spec))


async def patched(made: Specimens, spec: dict[str, Any]) -> Answer:
    return await made.api.patch(made.at(), {"spec": spec}, dryRun="All")


async def test_every_proven_function_says_the_same(api: Api) -> None:
    rules = [{"rule": text, "message": f"rule {number}"} for number, text in enumerate(TRUE)]
    rules += [{"rule": f"!({text})", "message": f"not {number}"} for number, text in enumerate(TRUE)]
    spec = {"type": "object", "properties": SHAPE, "x-kubernetes-validations": rules}
    made = await ruled(api, "functions", spec)
    assert await made.causes(VALUES) == sorted(f"spec: Invalid value: not {number}" for number in range(len(TRUE)))


async def test_errors_of_an_evaluation_are_causes(api: Api) -> None:
    rules = [{"rule": text, "message": f"m{number}"} for number, text in enumerate(ERRORS)]
    made = await ruled(api, "errors", {"type": "object", "properties": SHAPE, "x-kubernetes-validations": rules})
    assert await made.causes(VALUES) == sorted(
        f'spec: Invalid value: "object": {error} evaluating rule: m{number}'
        for number, error in enumerate(ERRORS.values())
    )


@pytest.mark.parametrize(
    ("more", "cause"),
    [
        ({}, "spec.s: Invalid value: \"b\": failed rule: self == 'a'"),
        ({"message": " say a "}, 'spec.s: Invalid value: "b": say a'),
        ({"messageExpression": "'not ' + self"}, 'spec.s: Invalid value: "b": not b'),
        ({"messageExpression": "'two\\nlines'", "message": "say a"}, 'spec.s: Invalid value: "b": say a'),
        ({"reason": "FieldValueForbidden", "message": "say a"}, "spec.s: Forbidden: say a"),
        ({"reason": "FieldValueRequired", "message": "say a"}, "spec.s: Required value: say a"),
        ({"reason": "FieldValueDuplicate", "message": "say a"}, 'spec.s: Duplicate value: "b"'),
    ],
)
async def test_a_cause_reads_as_the_rule_wants(api: Api, more: dict[str, Any], cause: str) -> None:
    spec = {"type": "object", "properties": {"s": {**TEXT, **rule("self == 'a'", **more)}}}
    made = await ruled(api, "messages", spec)
    assert await made.causes({"s": "b"}) == [cause]
    assert await made.causes({"s": "a"}) == []


async def test_a_cause_may_point_below_and_leaves_objects_out(api: Api) -> None:
    inner = {"type": "object", "properties": {"x": TEXT}, **rule("has(self.x)", message="give x", fieldPath=".x")}
    made = await ruled(
        api, "paths", {"type": "object", "properties": {"o": inner}, **rule("has(self.o)", message="give o")}
    )
    assert await made.causes({"o": {}}) == ["spec.o.x: Invalid value: give x"]
    assert await made.causes({}) == ["spec: Invalid value: give o"]


async def test_rules_wait_until_the_basics_are_right(api: Api) -> None:
    properties = {"s": {**TEXT, "enum": ["a", "b"]}, "t": {**TEXT, "minLength": 2}}
    made = await ruled(
        api, "basics", {"type": "object", "properties": properties, **rule("self.s == 'a'", message="say a")}
    )
    assert await made.causes({"s": "b", "t": "x"}) == [
        'spec.t: Invalid value: "x": spec.t in body should be at least 2 chars long',
        "spec: Invalid value: say a",
    ]
    assert await made.causes({"s": "c"}) == [
        "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
        "correct the existing errors to complete validation",
        'spec.s: Unsupported value: "c": supported values: "a", "b"',
    ]


async def test_transition_rules_compare_with_what_is_stored(api: Api) -> None:
    element = {"type": "object", "required": ["k"], "properties": {"k": TEXT, "v": NUMBER}}
    properties = {
        "fixed": {**TEXT, **rule("self == oldSelf", message="fixed")},
        "list": {
            "type": "array",
            "maxItems": 5,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {**element, **rule("self.v >= oldSelf.v", message="grow")},
        },
        "map": {"type": "object", "maxProperties": 5, "additionalProperties": {**NUMBER, **rule("self >= oldSelf")}},
        "set": {
            "type": "array",
            "maxItems": 5,
            "x-kubernetes-list-type": "set",
            "items": TEXT,
            **rule("self == oldSelf", message="the same"),
        },
        "once": {
            **TEXT,
            **rule("!oldSelf.hasValue() || oldSelf.value() == self", message="once", optionalOldSelf=True),
        },
        "first": {**TEXT, **rule("oldSelf.hasValue() || self == 'new'", message="be new", optionalOldSelf=True)},
    }
    made = await ruled(api, "transitions", {"type": "object", "properties": properties})
    assert await made.causes({"fixed": "a", "first": "old"}) == ['spec.first: Invalid value: "old": be new']
    spec = {
        "fixed": "a",
        "list": [{"k": "a", "v": 1}, {"k": "b", "v": 2}],
        "map": {"a": 2},
        "set": ["a", "b"],
        "once": "x",
    }
    await made.create({**spec, "first": "new"})
    assert await changed(made, {"fixed": "b"}) == ['spec.fixed: Invalid value: "b": fixed']
    assert await changed(made, {"list": [{"k": "b", "v": 2}, {"k": "a", "v": 0}, {"k": "c", "v": 0}]}) == [
        "spec.list[1]: Invalid value: grow"
    ]
    assert await changed(made, {"map": {"a": 1, "b": 0}}) == [
        "spec.map[a]: Invalid value: 1: failed rule: self >= oldSelf"
    ]
    assert await changed(made, {"set": ["b", "a"], "first": "any", "fixed": None}) == []
    assert await changed(made, {"set": ["b"], "once": "y"}) == [
        'spec.once: Invalid value: "y": once',
        "spec.set: Invalid value: the same",
    ]


async def test_rules_of_the_root_see_the_name_and_the_status(api: Api) -> None:
    plural = f"roots{api.suffix}"
    made = definition(plural, plural.title(), {"type": "object", "properties": {"s": TEXT}})
    schema = made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema |= rule(
        "self.metadata.name != 'one' || !has(self.status) || self.status.phase == self.spec.s", message="root"
    )
    await api.define(made)
    roots = Specimens(api, plural, plural.title())
    await roots.create({"s": "a"})
    assert (await api.patch(roots.at("one", "status"), {"status": {"phase": "a"}})).status == 200
    refused = await api.patch(roots.at("one", "status"), {"status": {"phase": "b"}})
    assert listed(refused) == ["<nil>: Invalid value: root"]


@pytest.mark.parametrize(
    ("field", "place", "reason"),
    [
        (rule("self =") | TEXT, ".x-kubernetes-validations[0].rule", "FieldValueInvalid"),
        (rule("") | TEXT, ".x-kubernetes-validations[0].rule", "FieldValueRequired"),
        (rule("true", message="a\nb") | TEXT, ".x-kubernetes-validations[0].message", "FieldValueInvalid"),
        (rule("true", reason="x") | TEXT, ".x-kubernetes-validations[0].reason", "FieldValueNotSupported"),
        (rule("true", fieldPath=".x") | TEXT, ".x-kubernetes-validations[0].fieldPath", "FieldValueInvalid"),
        ({**TEXT, "allOf": [rule("true")]}, ".allOf[0].x-kubernetes-validations", "FieldValueForbidden"),
    ],
)
async def test_a_definition_with_a_broken_rule_is_refused(api: Api, field: Any, place: str, reason: str) -> None:
    plural = f"broken{api.suffix}"
    spec = {"type": "object", "properties": {"s": field}}
    answer = await api.post(DEFINITIONS, definition(plural, plural.title(), spec))
    assert answer.status == 422
    root = "spec.validation.openAPIV3Schema.properties[spec].properties[s]"
    assert [(each["field"], each["reason"]) for each in answer.body["details"]["causes"]] == [(root + place, reason)]
