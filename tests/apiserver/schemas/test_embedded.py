"""Resources inside a field."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.schemas import Schema

INNER = {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True}
SCHEMA = Schema.compile({"type": "object", "properties": {"one": INNER, "many": {"type": "array", "items": INNER}}})


def causes(**fields: Any) -> list[str]:
    return [str(each) for each in SCHEMA.validate(fields)]


def test_a_resource_needs_a_version_and_a_kind() -> None:
    assert causes(one={}) == ["one.apiVersion: Required value", "one.kind: Required value"]
    assert causes(one={"apiVersion": "v1", "kind": "Pod", "spec": {"x": 1}}) == []


def test_version_and_kind_must_be_possible_ones() -> None:
    found = causes(many=[{"apiVersion": "a/b/c", "kind": "P od"}, {"apiVersion": "", "kind": 1}])
    assert found[0] == 'many[0].apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'
    assert found[1].startswith('many[0].kind: Invalid value: "P od": may have mixed case')
    assert found[2:] == [
        'many[1].apiVersion: Invalid value: "": must not be empty',
        "many[1].kind: Invalid value: 1: must be a string",
    ]
