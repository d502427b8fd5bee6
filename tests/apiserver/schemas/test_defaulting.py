"""Defaults and nulls."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.schemas import Schema

SCHEMA = Schema.compile(
    {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "plain": {"type": "string"},
                    "nullable": {"type": "string", "nullable": True},
                    "colour": {"type": "string", "default": "grey"},
                    "maybe": {"type": "string", "default": "x", "nullable": True},
                    "deep": {
                        "type": "object",
                        "default": {},
                        "properties": {"port": {"type": "integer", "default": 5}, "name": {"type": "string"}},
                    },
                    "parts": {
                        "type": "array",
                        "items": {"type": "object", "properties": {"size": {"type": "integer", "default": 1}}},
                    },
                    "limits": {"type": "object", "additionalProperties": {"type": "string", "default": "none"}},
                },
            }
        },
    }
)
FILLED = {"colour": "grey", "maybe": "x", "deep": {"port": 5}}


def default(spec: dict[str, Any], *, keep_nulls: bool = False) -> Any:
    return SCHEMA.default({"spec": spec}, keep_nulls=keep_nulls)["spec"]


def test_defaults_come_where_nothing_is_given() -> None:
    assert default({}) == FILLED


def test_what_is_given_stays() -> None:
    given = {"colour": "red", "maybe": None, "deep": {"port": 6, "name": "a"}}
    assert default(given) == given


def test_null_counts_as_nothing_where_it_is_not_allowed() -> None:
    given = {"plain": None, "nullable": None, "colour": None, "deep": {"port": None, "name": None}}
    assert default(given) == {**FILLED, "nullable": None}


def test_null_stays_after_a_merge_where_no_default_replaces_it() -> None:
    assert default({"plain": None, "colour": None}, keep_nulls=True) == {**FILLED, "plain": None}


def test_elements_of_lists_and_maps_get_theirs() -> None:
    assert default({"parts": [{}, {"size": 2}]})["parts"] == [{"size": 1}, {"size": 2}]
    assert default({"limits": {"a": None, "b": "x"}})["limits"] == {"a": "none", "b": "x"}


def test_each_object_gets_its_own_copy_of_a_default() -> None:
    default({})["deep"]["name"] = "mine"
    assert default({}) == FILLED


def test_an_object_that_needs_nothing_is_left_as_it_is() -> None:
    sent = {"spec": {**FILLED, "plain": "a"}}
    assert SCHEMA.default(sent)["spec"] is sent["spec"]


def test_built_in_kinds_keep_no_empty_lists_and_maps_unless_they_are_required() -> None:
    text = {"type": "string"}
    properties = {
        "list": {"type": "array", "items": text},
        "map": {"type": "object", "additionalProperties": text},
        "struct": {"type": "object", "properties": {"a": text}},
        "needed": {"type": "array", "items": text},
    }
    schema = Schema.compile({"type": "object", "required": ["needed"], "properties": properties}, {})
    assert schema.default({"list": [], "map": {}, "struct": {"a": None}, "needed": []}, keep_nulls=True) == {
        "struct": {},
        "needed": [],
    }
