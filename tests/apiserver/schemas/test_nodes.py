"""Compiling schemas."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.nodes import ABSENT, compile_node

TEXT = {"type": "string"}


def compiled(spec: dict[str, Any], **definitions: dict[str, Any]) -> Any:
    return compile_node(spec, {f"#/{name}": each for name, each in definitions.items()})


def test_a_reference_is_what_it_refers_to_with_what_stands_beside_it() -> None:
    node = compiled({"properties": {"a": {"allOf": [{"$ref": "#/t"}], "default": "x"}, "b": {"$ref": "#/t"}}}, t=TEXT)
    assert node.properties["a"].types == ("string",)
    assert node.properties["a"].default == "x"
    assert node.properties["b"].default is ABSENT


def test_a_schema_may_refer_to_itself() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#/tree"}, "name": {**TEXT, "default": "x"}}}
    node = compiled({"$ref": "#/tree"}, tree=tree)
    assert node.properties["left"] is node
    assert node.has_defaults


def test_a_reference_to_nothing_is_an_error() -> None:
    with pytest.raises(KeyError, match="nowhere"):
        compiled({"$ref": "#/nowhere"})


def test_a_place_without_a_type_keeps_all_that_is_put_there() -> None:
    assert compiled({}).preserves_unknown
    assert not compiled({"x-kubernetes-int-or-string": True}).preserves_unknown
    assert not compiled({"type": "object"}).preserves_unknown


def test_a_node_knows_of_rules_and_defaults_below_it() -> None:
    deep = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"x-kubernetes-validations": [{"rule": "1"}]}}},
    }
    node = compiled(deep)
    assert (node.has_rules, node.has_defaults) == (True, False)


def test_a_null_default_is_none() -> None:
    assert compiled({"type": "string", "default": None}).default is ABSENT


def test_maps_give_all_their_values_the_same_node() -> None:
    node = compiled({"type": "object", "additionalProperties": TEXT})
    assert node.child("anything") is node.additional
    assert compiled({"type": "object"}).child("anything") is None


def test_a_node_knows_what_is_below_it() -> None:
    whole = {"type": "object", "x-kubernetes-embedded-resource": True}
    node = compiled({"properties": {"deep": {"additionalProperties": whole}, "set": {"x-kubernetes-list-type": "set"}}})
    assert (node.has_embedded, node.has_list_types) == (True, True)
    assert (node.properties["deep"].has_embedded, node.properties["deep"].has_list_types) == (True, False)
    assert not node.properties["set"].has_list_types


def test_only_a_place_without_any_bound_is_unbound() -> None:
    assert compiled(TEXT).unbound is str
    assert compiled({"type": "boolean"}).unbound is bool
    for bound in ({"maxLength": 1}, {"enum": ["a"]}, {"format": "date"}, {"not": TEXT}, {"type": "integer"}):
        assert compiled({**TEXT, **bound}).unbound is None
