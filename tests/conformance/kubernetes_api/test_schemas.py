"""Schemas: causes of bad values, defaults, pruning, unknown fields, what updates may leave as it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conformance.kubernetes_api.specimens import GROUP, Specimens, definition, listed, specimens
from fixtures.control_plane import Api

__all__ = ["specimens"]

CASES: list[tuple[str, Any, list[str]]] = [
    ("short", "a", ['spec.short: Invalid value: "a": spec.short in body should be at least 2 chars long']),
    ("short", "éé", ["spec.short: Invalid value: \"éé\": spec.short in body should match '^[a-z]+$'"]),
    ("short", "abcdef", ["spec.short: Too long: may not be more than 5 bytes"]),
    ("short", "ab\n", ["spec.short: Invalid value: \"ab\\n\": spec.short in body should match '^[a-z]+$'"]),
    ("short", 1, ['spec.short: Invalid value: "integer": spec.short in body must be of type string: "integer"']),
    ("short", None, []),
    ("enum", "c", ['spec.enum: Unsupported value: "c": supported values: "a", "b"']),
    ("number", 0, ["spec.number: Invalid value: 0: spec.number in body should be greater than or equal to 1"]),
    ("number", 3, ["spec.number: Invalid value: 3: spec.number in body should be a multiple of 2"]),
    ("number", 4.0, []),
    ("number", 4.5, [
        'spec.number: Invalid value: "number": spec.number in body must be of type integer: "number"',
        "spec.number: Invalid value: 4.5: spec.number in body should be a multiple of 2",
    ]),
    ("open", 0.5, ["spec.open: Invalid value: 0.5: spec.open in body should be greater than 0.5"]),
    ("open", 1000000.5, ["spec.open: Invalid value: 1.0000005e+06: spec.open in body should be less than 2.5"]),
    ("flag", "true", ['spec.flag: Invalid value: "string": spec.flag in body must be of type boolean: "string"']),
    ("few", [], ["spec.few: Invalid value: 0: spec.few in body should have at least 1 items"]),
    ("few", ["a", "", "c"], [
        'spec.few[1]: Invalid value: "": spec.few[1] in body should be at least 1 chars long',
        "spec.few: Too many: 3: must have at most 2 items",
    ]),
    ("needs", {}, ["spec.needs.x: Required value", "spec.needs.y: Required value"]),
    ("limits", {}, ["spec.limits: Invalid value: 0: spec.limits in body should have at least 1 properties"]),
    ("limits", {"a.b": 1}, [
        "spec.limits.a.b: Invalid value: 1: spec.limits.a.b in body should be greater than or equal to 3"
    ]),
    ("either", 1.5, [
        'spec.either: Invalid value: "number": spec.either in body must be of type integer,string: "number"'
    ]),
    ("either", "5%", []),
    ("set", ["a", "b", "a", "a"], ['spec.set[2]: Duplicate value: "a"']),
    ("list", [{"name": "a"}, {"name": "a", "v": "1"}], ['spec.list[1]: Duplicate value: {"name":"a"}']),
    ("ports", [{"port": "a"}, {"port": "a", "protocol": "TCP"}], [
        'spec.ports[1]: Duplicate value: {"port":"a","protocol":"TCP"}'
    ]),
    ("inner", {}, ["spec.inner.apiVersion: Required value", "spec.inner.kind: Required value"]),
    ("inner", {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": {"x": 1}}, []),
    ("one", {}, [
        '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found none valid',
        "spec.one.a: Required value",
    ]),
    ("one", {"a": "1", "b": "1"}, [
        '<nil>: Invalid value: "": "spec.one" must validate one and only one schema (oneOf). Found 2 valid alternatives'
    ]),
    ("some", {"b": 3}, [
        '<nil>: Invalid value: "": "spec.some" must validate at least one schema (anyOf)',
        "spec.some.b: Invalid value: 3: spec.some.b in body should be greater than or equal to 5",
    ]),
    ("all", {"b": 3}, [
        '<nil>: Invalid value: "": "spec.all" must validate all the schemas (allOf). None validated',
        "spec.all.a: Required value",
        "spec.all.b: Invalid value: 3: spec.all.b in body should be greater than or equal to 5",
    ]),
    ("not", "bad", ['<nil>: Invalid value: "": "spec.not" must not validate the schema (not)']),
    ("date-time", "2024-13-01T00:00:00Z", [
        'spec.date-time: Invalid value: "2024-13-01T00:00:00Z": spec.date-time in body must be of type date-time: '
        '"2024-13-01T00:00:00Z"'
    ]),
    *(
        ("date-time", value, [
            f'spec.date-time: Invalid value: "{shown}": spec.date-time in body must be of type date-time: "{shown}"'
        ])
        for value, shown in ((True, ""), ({}, ""), (1.5, "float64"), (1, "int64"))
    ),
    ("date-time", [], []),
    ("date-time", ["a", 1], []),
    ("long", True, ['spec.long: Invalid value: "boolean": spec.long in body must be of type integer: "boolean"']),
    ("int32", 1, ['spec.int32: Invalid value: "integer": spec.int32 in body must be of type string: "integer"']),
    ("duration", "1h30m", []),
    ("duration", "5", ['spec.duration: Invalid value: "5": spec.duration in body must be of type duration: "5"']),
    ("uuid", "x", ['spec.uuid: Invalid value: "x": spec.uuid in body must be of type uuid: "x"']),
    ("byte", "!", ['spec.byte: Invalid value: "!": spec.byte in body must be of type byte: "!"']),
    ("ipv4", "::1", ['spec.ipv4: Invalid value: "::1": spec.ipv4 in body must be of type ipv4: "::1"']),
    ("cidr", "1.2.3.4", ['spec.cidr: Invalid value: "1.2.3.4": spec.cidr in body must be of type cidr: "1.2.3.4"']),
    ("int32", "not checked", []),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value", "expected"), CASES, ids=[f"{f}-{n}" for n, (f, _, _) in enumerate(CASES)])
async def test_a_bad_value_has_these_causes(
    specimens: Specimens, field: str, value: object, expected: list[str]
) -> None:
    assert await specimens.causes({field: value}) == sorted(expected)


async def test_all_that_is_wrong_is_told_at_once(specimens: Specimens) -> None:
    answer = await specimens.api.post(specimens.path, specimens.obj({"enum": "c", "number": 0, "needs": {"x": 1}}))
    assert listed(answer) == [
        'spec.enum: Unsupported value: "c": supported values: "a", "b"',
        'spec.needs.x: Invalid value: "integer": spec.needs.x in body must be of type string: "integer"',
        "spec.needs.y: Required value",
        "spec.number: Invalid value: 0: spec.number in body should be greater than or equal to 1",
    ]
    assert answer.body["reason"] == "Invalid"
    assert answer.body["message"].startswith(f'Specimen.{GROUP} "one" is invalid: [')


async def test_defaults_fill_what_is_absent_or_null(specimens: Specimens) -> None:
    assert (await specimens.create({}))["spec"] == {"colour": "grey", "deep": {"port": 5}}
    spec = {"colour": None, "deep": {"port": None, "name": None}, "ports": [{"port": "1"}], "none": None, "name": None}
    made = await specimens.create(spec, metadata={"name": "two"})
    assert made["spec"] == {
        "colour": "grey",
        "deep": {"port": 5},
        "ports": [{"port": "1", "protocol": "TCP"}],
        "none": None,
    }


async def test_unknown_fields_go_except_where_they_are_kept(specimens: Specimens) -> None:
    inner = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "bogus": 1}, "spec": {"y": 1}}
    spec = {"zzz": 1, "free": {"a": {"b": [1]}, "known": "k"}, "any": [{"x": None}], "inner": inner}
    answer = await specimens.api.post(specimens.path, specimens.obj(spec), fieldValidation="Warn")
    assert answer.status == 201
    assert (
        answer.headers["warning"]
        == '299 - "unknown field \\"spec.zzz\\"", 299 - "unknown field \\"spec.inner.metadata.bogus\\""'
    )
    stored = answer.body["spec"]
    assert (stored["free"], stored["any"]) == (spec["free"], spec["any"])
    assert stored["inner"] == {**inner, "metadata": {"name": "x"}}
    assert "zzz" not in stored


async def test_empty_metadata_is_not_stored(specimens: Specimens) -> None:
    made = await specimens.create({}, metadata={"labels": {}, "finalizers": [], "annotations": None})
    assert not {"labels", "finalizers", "annotations"} & made["metadata"].keys()


async def test_the_status_endpoint_checks_the_status(specimens: Specimens) -> None:
    await specimens.create({})
    status = {"count": 0, "conditions": [{"type": "a", "status": "X"}, {"type": "a"}]}
    answer = await specimens.api.patch(specimens.at("one", "status"), {"status": status})
    assert listed(answer) == [
        'status.conditions[0].status: Unsupported value: "X": supported values: "T", "F"',
        'status.conditions[1]: Duplicate value: {"type":"a"}',
        "status.count: Invalid value: 0: count in body should be greater than or equal to 1",
    ]


def strictness(*, strict: bool) -> dict[str, Any]:
    """A schema before and after it became stricter."""
    text = {"type": "string"}
    spec = {
        "name": {**text, **({"maxLength": 3} if strict else {})},
        "other": text,
        "list": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["k"],
            "items": {
                "type": "object",
                "required": ["k"],
                "properties": {"k": text, "v": {**text, **({"maxLength": 2} if strict else {})}},
            },
        },
        "plain": {"type": "array", "items": {**text, **({"maxLength": 2} if strict else {})}},
        "set": {"type": "array", "items": text, **({"x-kubernetes-list-type": "set"} if strict else {})},
        "needs": {"type": "object", "properties": {"p": text, "q": text}, **({"required": ["p"]} if strict else {})},
    }
    return {"type": "object", "properties": spec}


async def becomes_strict(kept: Specimens) -> None:
    """A changed schema is in force a moment after it was stored."""
    async with asyncio.timeout(10):
        while not await kept.causes({"name": "too long"}):
            pass


UPDATES: list[tuple[dict[str, Any], list[str]]] = [
    ({"other": "2"}, []),
    ({"name": "longer"}, ["spec.name"]),
    ({"list": [{"k": "2", "v": "bbb"}, {"k": "1", "v": "aaa"}]}, []),
    ({"list": [{"k": "2", "v": "ccc"}]}, ["spec.list[0].v"]),
    ({"list": [{"k": "3", "v": "aaa"}]}, ["spec.list[0].v"]),
    ({"plain": ["long", "a", "b"]}, ["spec.plain[0]"]),
    ({"set": ["a", "a", "b"]}, []),
    ({"needs": {"q": "2"}}, ["spec.needs.p"]),
]


async def test_an_update_may_leave_what_has_become_wrong_as_it_is(api: Api) -> None:
    plural = f"stricter{api.suffix}"
    loose = definition(plural, plural.title(), strictness(strict=False))
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.{GROUP}"
    await api.define(loose)
    kept = Specimens(api, plural, plural.title())
    spec = {"name": "long name", "list": [{"k": "1", "v": "aaa"}, {"k": "2", "v": "bbb"}], "plain": ["long", "a"]}
    live = await kept.create({**spec, "set": ["a", "a"], "needs": {"q": "1"}})
    strict = definition(plural, plural.title(), strictness(strict=True))["spec"]
    assert (await api.patch(path, {"spec": {"versions": strict["versions"]}})).status == 200
    await becomes_strict(kept)
    for change, fields in UPDATES:
        answer = await api.put(kept.at(), {**live, "spec": {**live["spec"], **change}}, dryRun="All")
        assert [each.partition(":")[0] for each in listed(answer)] == fields, change
    await api.delete(path)


TEXT = {"type": "string"}
INNER = {"type": "object", "properties": {"a": TEXT}}
BROKEN: list[tuple[dict[str, Any], list[str]]] = [
    ({}, [".type: Required value: must not be empty for specified object fields"]),
    ({"type": "array"}, [".items: Required value: must be specified"]),
    ({"type": "array", "items": {}}, [".items.type: Required value: must not be empty for specified array items"]),
    (
        {**INNER, "additionalProperties": TEXT},
        [".additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive"],
    ),
    (
        {"type": "text"},
        [
            '.type: Unsupported value: "text": supported values: "array", "boolean", "integer", "number", "object", '
            '"string"'
        ],
    ),
    ({**TEXT, "default": 1}, ['.default: Invalid value: "integer":  in body must be of type string: "integer"']),
    ({**INNER, "default": {"zz": 1}}, ['.default: Invalid value: {"zz":1}: must not have unknown fields']),
    (
        {"type": "array", "items": TEXT, "x-kubernetes-list-type": "map"},
        [
            '.items.type: Invalid value: "string": must be object if parent array\'s x-kubernetes-list-type is map',
            ".x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map",
        ],
    ),
    (
        {"type": "array", "items": INNER, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a"]},
        [
            ".items.properties[a].default: Required value: this property is in x-kubernetes-list-map-keys, so it must "
            "have a default or be a required property"
        ],
    ),
    (
        {"type": "array", "items": {"type": "object"}, "x-kubernetes-list-type": "set"},
        [
            ".items.x-kubernetes-map-type: Invalid value: null: must be atomic as item of a list with "
            "x-kubernetes-list-type=set"
        ],
    ),
    ({**TEXT, "anyOf": [{"type": "string"}]}, [".anyOf[0].type: Forbidden: must be empty to be structural"]),
    ({**TEXT, "not": {"default": "x"}}, [".not.default: Forbidden: must be undefined to be structural"]),
    ({"$ref": "#/x"}, [".$ref: Forbidden: $ref is not supported"]),
    (
        {**TEXT, "uniqueItems": True},
        [".uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic"],
    ),
    ({"type": "array", "items": [TEXT]}, [".items: Forbidden: items must be a schema object and not an array"]),
]


@pytest.mark.parametrize(("field", "causes"), BROKEN, ids=range(len(BROKEN)))
async def test_a_schema_that_is_not_structural_is_refused(api: Api, field: dict[str, Any], causes: list[str]) -> None:
    plural = f"broken{api.suffix}"
    made = definition(plural, plural.title(), {"type": "object", "properties": {"f": field}})
    answer = await api.post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", made)
    assert listed(answer) == [
        f"spec.validation.openAPIV3Schema.properties[spec].properties[f]{each}" for each in causes
    ]


async def test_a_status_begins_with_its_default_whatever_was_sent(api: Api) -> None:
    """Those who make an object cannot write it, and nobody owns what the schema says."""
    group = f"begins-{api.suffix}.test"
    status = {"type": "object", "properties": {"seen": {"type": "integer"}}, "default": {"seen": -1}}
    spec = {"type": "object", "properties": {"a": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"spec": spec, "status": status}}
    names = {"plural": "beginnings", "singular": "beginning", "kind": "Beginning", "listKind": "BeginningList"}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    version["subresources"] = {"status": {}}
    await api.define({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"beginnings.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [version]},
    })  # fmt: skip
    path = api.collection("beginnings", group)
    body = {"apiVersion": f"{group}/v1", "kind": "Beginning", "spec": {"a": 1}, "status": {"seen": 7}}
    made = (await api.post(path, {**body, "metadata": {"name": "made"}})).body
    applied = (await api.apply(f"{path}/applied", {**body, "metadata": {"name": "applied"}}, "somebody")).body
    assert (made["status"], applied["status"]) == ({"seen": -1}, {"seen": -1})
    owned = [entry["fieldsV1"] for each in (made, applied) for entry in each["metadata"]["managedFields"]]
    assert owned == [{"f:spec": {".": {}, "f:a": {}}}, {"f:spec": {"f:a": {}}}]
    changed = (await api.patch(f"{path}/made", {"spec": {"a": 2}})).body
    assert (changed["status"], changed["metadata"]["generation"]) == ({"seen": -1}, 2)
    seen = (await api.patch(f"{path}/made/status", {"status": {"seen": 2}})).body
    assert seen["status"] == {"seen": 2}
    assert [each["status"] for each in (await api.get(path)).body["items"]] == [{"seen": -1}, {"seen": 2}]
