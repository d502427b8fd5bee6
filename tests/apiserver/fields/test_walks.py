"""Fields of values, differences, removal."""

from __future__ import annotations

from typing import Any

from apiserver.fields.specimens import SCHEMA, obj
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.sets import from_json
from dbaas.apiserver.fields.walks import compare, fields_of, remove, same, steps_of

ROOT = type_of(SCHEMA)


def declared(spec: dict[str, Any]) -> Any:
    return fields_of({"spec": spec}, ROOT).to_json().get("f:spec")


def difference(old: dict[str, Any], new: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Added, modified, removed below the spec."""
    found = compare({"spec": old}, {"spec": new}, ROOT)
    return tuple(each.to_json().get("f:spec") for each in (found.added, found.modified, found.removed))  # type: ignore[return-value]


def test_who_declares_a_value_owns_its_leaves() -> None:
    owned = declared({"size": 1, "atom": ["p"], "whole": {"k": "v"}, "none": None})
    assert owned == {"f:atom": {}, "f:none": {}, "f:size": {}, "f:whole": {}}
    assert declared({"list": [{"name": "x", "v": "1"}], "set": ["a"], "map": {"k": "v"}}) == {
        "f:list": {'k:{"name":"x"}': {".": {}, "f:name": {}, "f:v": {}}},
        "f:map": {"f:k": {}},
        "f:set": {'v:"a"': {}},
    }


def test_maps_of_unknown_fields_are_owned_with_their_entries() -> None:
    assert declared({"free": {"q": {"r": [1]}}}) == {"f:free": {"f:q": {".": {}, "f:r": {}}}}


def test_empty_maps_are_owned_and_empty_keyed_lists_are_not() -> None:
    assert declared({"map": {}, "list": []}) == {"f:map": {}}


def test_differences_are_added_modified_or_removed() -> None:
    assert difference({"size": 1, "name": "a"}, {"size": 2, "map": {"k": "v"}}) == (
        {"f:map": {".": {}, "f:k": {}}},
        {"f:size": {}},
        {"f:name": {}},
    )


def test_order_matters_only_in_lists_that_are_replaced() -> None:
    assert difference({"set": ["a", "b"]}, {"set": ["b", "a"]}) == (None, None, None)
    assert difference({"atom": ["a", "b"]}, {"atom": ["b", "a"]})[1] == {"f:atom": {}}


def test_duplicates_are_compared_together() -> None:
    assert difference({"set": ["a", "a"]}, {"set": ["a", "a", "a"]})[1] == {"f:set": {'v:"a"': {}}}
    assert difference({"set": ["a"]}, {"set": ["a", "a"]})[0] == {"f:set": {'v:"a"': {}}}
    assert difference({"set": ["a", "a"]}, {"set": ["a"]})[2] == {"f:set": {'v:"a"': {}}}


def test_a_value_may_change_its_kind_where_the_schema_allows_it() -> None:
    added, modified, _ = difference({"free": {"q": 1}}, {"free": {"q": {"r": 1}}})
    assert (added, modified) == ({"f:free": {"f:q": {"f:r": {}}}}, {"f:free": {"f:q": {}}})


def test_emptied_values_are_modified_and_not_removed() -> None:
    assert difference({"map": {}}, {"map": None}) == (None, {"f:map": {}}, None)


def test_removal_takes_members_and_leaves_null_where_nothing_is_left() -> None:
    value = {"list": [{"name": "x"}, {"name": "y", "v": "1"}], "map": {"k": "v"}, "size": 1}
    gone = from_json(
        {"f:spec": {"f:list": {'k:{"name":"x"}': {}, 'k:{"name":"y"}': {"f:v": {}}}, "f:map": {"f:k": {}}}}
    )
    assert remove({"spec": value}, gone, ROOT) == {"spec": {"list": [{"name": "y"}], "map": None, "size": 1}}


def test_numbers_are_the_same_by_size_and_booleans_are_no_numbers() -> None:
    assert same({"a": [1]}, {"a": [1.0]})
    assert not same(1, True)
    assert not same([1], [1, 2])


def test_elements_are_known_by_their_keys() -> None:
    spec = ROOT.field("spec")
    assert spec is not None
    ports = spec.field("ports")
    assert ports is not None
    assert steps_of([{"port": "80"}, {"port": "80", "protocol": "UDP"}, "odd"], ports) == [
        'k:{"port":"80","protocol":"TCP"}',
        'k:{"port":"80","protocol":"UDP"}',
        "k:{}",
    ]


def test_an_object_does_not_differ_from_itself() -> None:
    whole = obj({"list": [{"name": "x"}]})
    assert not compare(whole, obj({"list": [{"name": "x"}]}), ROOT).changed
