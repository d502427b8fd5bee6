"""Sets and keyed lists."""

from __future__ import annotations

from typing import Any

from dbaas.apiserver.schemas import Schema

ELEMENT = {"type": "object", "properties": {"k": {"type": "string"}, "p": {"type": "integer"}}}


def keyed(*keys: str) -> dict[str, Any]:
    return {
        "type": "array",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": list(keys),
        "items": ELEMENT,
    }


SCHEMA = Schema.compile(
    {
        "type": "object",
        "properties": {
            "set": {"type": "array", "x-kubernetes-list-type": "set", "items": {}},
            "one": keyed("k"),
            "two": keyed("k", "p"),
            "deep": {"type": "object", "additionalProperties": keyed("k")},
        },
    }
)


def causes(old: dict[str, Any] | None = None, **fields: Any) -> list[str]:
    return [str(each) for each in SCHEMA.validate(fields, old)]


def test_the_second_of_equal_elements_is_reported_once() -> None:
    assert causes(set=["a", "b", "a", "a"]) == ['set[2]: Duplicate value: "a"']
    assert causes(set=[1, True, "1"]) == []


def test_a_key_must_not_come_twice() -> None:
    assert causes(one=[{"k": "a"}, {"k": "a", "p": 1}]) == ['one[1]: Duplicate value: {"k":"a"}']
    assert causes(one=[{}, {}]) == ["one[1]: Duplicate value: {}"]


def test_a_key_of_several_fields_is_compared_whole() -> None:
    assert causes(two=[{"k": "a", "p": 1}, {"k": "a", "p": 2}, {"k": "a"}]) == []
    assert causes(two=[{"k": "a", "p": 1}, {"k": "a", "p": 1}]) == ['two[1]: Duplicate value: {"k":"a","p":1}']


def test_lists_are_found_at_any_depth() -> None:
    assert causes(deep={"x": [{"k": "a"}, {"k": "a"}]}) == ['deep[x][1]: Duplicate value: {"k":"a"}']


def test_elements_that_are_no_objects_have_no_key() -> None:
    found = causes(one=["x"])
    assert 'one[0]: Invalid value: "x": must be an object for an array of list-type map' in found


def test_an_object_that_was_stored_with_duplicates_stays_writable() -> None:
    assert causes({"set": ["a", "a"]}, set=["a", "a", "b"]) == []


def test_a_text_is_no_object_that_reads_like_it() -> None:
    assert causes(set=[{"k": "a"}, ["k", "a"], "k", {"k": 1}, {"k": "1"}]) == []
    assert causes(set=[{"k": "a"}, {"k": "a"}]) == ['set[1]: Duplicate value: {"k":"a"}']
