"""Values as rules see them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.things import KeyedList, SetList
from dbaas.apiserver.schemas.expressions.values import escape, to_cel
from dbaas.apiserver.schemas.nodes import Node, compile_node

TEXT = {"type": "string"}


def node(spec: dict[str, Any]) -> Node:
    return compile_node(spec, {})


@pytest.mark.parametrize(
    ("name", "identifier"),
    [
        ("plain", "plain"),
        ("namespace", "__namespace__"),
        ("a-b", "a__dash__b"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("a__b", "a__underscores__b"),
        ("1a", None),
        ("a b", None),
    ],
)
def test_a_field_has_a_name_that_is_an_identifier(name: str, identifier: str | None) -> None:
    assert escape(name) == identifier


def test_values_have_the_types_that_the_schema_gives_them() -> None:
    shape = node(
        {"properties": {"n": {"type": "number"}, "i": {"type": "integer"}, "v": {"x-kubernetes-int-or-string": True}}}
    )
    seen = to_cel({"n": 1, "i": 1, "v": 1}, shape)
    assert [type(seen[key]) for key in ("n", "i", "v")] == [float, int, int]


def test_formats_make_times_and_bytes() -> None:
    assert to_cel("1h30m", node({**TEXT, "format": "duration"})) == timedelta(minutes=90)
    assert to_cel("2024-01-01T01:00:00+01:00", node({**TEXT, "format": "date-time"})) == datetime(
        2024, 1, 1, tzinfo=UTC
    )
    assert to_cel("2024-01-01", node({**TEXT, "format": "date"})) == datetime(2024, 1, 1, tzinfo=UTC)
    assert to_cel("YWJj", node({**TEXT, "format": "byte"})) == b"abc"


def test_unknown_fields_and_nulls_are_not_there() -> None:
    shape = node({"type": "object", "properties": {"a-b": TEXT, "z": {**TEXT, "nullable": True}}})
    assert to_cel({"a-b": "x", "z": None, "unknown": 1}, shape) == {"a__dash__b": "x"}


def test_keys_of_maps_stay_as_they_are() -> None:
    assert to_cel({"a-b": "x"}, node({"type": "object", "additionalProperties": TEXT})) == {"a-b": "x"}


def test_the_root_shows_kind_and_name_and_nothing_else_of_the_metadata() -> None:
    obj = {"apiVersion": "v1", "kind": "K", "metadata": {"name": "a", "labels": {}}}
    seen = to_cel(obj, node({"type": "object"}), is_root=True)
    assert seen == {"apiVersion": "v1", "kind": "K", "metadata": {"name": "a"}}


def test_lists_without_an_order_are_known_as_such() -> None:
    numbers = node({"type": "array", "x-kubernetes-list-type": "set", "items": {"type": "integer"}})
    assert isinstance(to_cel([2, 1], numbers), SetList)
    keyed = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["a-b"]}
    seen = to_cel([{"a-b": "x"}], node({**keyed, "items": {"type": "object", "properties": {"a-b": TEXT}}}))
    assert isinstance(seen, KeyedList)
    assert seen.keys == ["a__dash__b"]
