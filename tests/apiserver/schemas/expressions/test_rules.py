"""Rules: when they are checked, and how their causes read."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas import Cause, Schema
from dbaas.apiserver.schemas.expressions.rules import compile_rule

TEXT = {"type": "string"}
NUMBER = {"type": "integer"}


def causes(spec: dict[str, Any], new: object, old: object = None) -> list[str]:
    """Causes of one field, `f`, in an object of that schema."""
    made = Schema.compile({"type": "object", "properties": {"f": spec}})
    stored = None if old is None else {"f": old}
    return [str(each) for each in made.validate({"f": new}, stored)]


def ruled(spec: dict[str, Any], rule: str, **more: Any) -> dict[str, Any]:
    return {**spec, "x-kubernetes-validations": [{"rule": rule, **more}]}


def test_a_rule_without_a_message_shows_itself() -> None:
    assert causes(ruled(TEXT, "self == 'a'"), "b") == ["f: Invalid value: \"b\": failed rule: self == 'a'"]


def test_objects_and_lists_are_left_out_of_the_message() -> None:
    shape = {"type": "object", "properties": {"a": TEXT}}
    assert causes(ruled(shape, "has(self.a)", message="give a"), {}) == ["f: Invalid value: give a"]


def test_a_message_may_be_computed() -> None:
    spec = ruled(NUMBER, "self < 3", message="no", messageExpression="'at most 2, not ' + string(self)")
    assert causes(spec, 5) == ["f: Invalid value: 5: at most 2, not 5"]
    broken = ruled(NUMBER, "self < 3", message="no", messageExpression="'a\\nb'")
    assert causes(broken, 5) == ["f: Invalid value: 5: no"]


@pytest.mark.parametrize(
    ("reason", "message"),
    [
        ("FieldValueForbidden", "Forbidden: m"),
        ("FieldValueRequired", "Required value: m"),
        ("FieldValueDuplicate", 'Duplicate value: "b"'),
        ("FieldValueInvalid", 'Invalid value: "b": m'),
    ],
)
def test_a_rule_chooses_its_reason(reason: str, message: str) -> None:
    made = Schema.compile({"properties": {"f": ruled(TEXT, "self == 'a'", message="m", reason=reason)}})
    assert made.validate({"f": "b"}) == [Cause("f", message, reason)]


def test_a_rule_may_point_at_a_field_below() -> None:
    shape = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": TEXT}}}}
    assert causes(ruled(shape, "false", message="m", fieldPath=".a['b']"), {}) == ["f.a.b: Invalid value: m"]


def test_an_error_of_an_evaluation_is_a_cause() -> None:
    shape = {"type": "object", "properties": {"a": NUMBER}}
    assert causes(ruled(shape, "self.a > 0", message="m"), {}) == [
        'f: Invalid value: "object": no such key: a evaluating rule: m'
    ]
    assert causes(ruled(NUMBER, "1 / self == 1"), 0) == [
        'f: Invalid value: "integer": division by zero evaluating rule: 1 / self == 1'
    ]


def test_a_transition_rule_is_checked_only_when_there_is_an_old_value() -> None:
    spec = ruled(TEXT, "self == oldSelf", message="immutable")
    assert causes(spec, "b") == []
    assert causes(spec, "b", "b") == []
    assert causes(spec, "b", "a") == ['f: Invalid value: "b": immutable']


def test_an_optional_old_value_lets_a_transition_rule_see_creations() -> None:
    spec = ruled(TEXT, "!oldSelf.hasValue() || oldSelf.value() == self", message="set once", optionalOldSelf=True)
    assert causes(spec, "b") == []
    assert causes(spec, "b", "a") == ['f: Invalid value: "b": set once']
    first = ruled(TEXT, "oldSelf.hasValue() || self == 'new'", message="start with new", optionalOldSelf=True)
    assert causes(first, "b") == ['f: Invalid value: "b": start with new']


def test_elements_of_a_keyed_list_meet_their_old_selves_in_any_order() -> None:
    element = ruled({"type": "object", "properties": {"k": TEXT, "v": NUMBER}}, "self.v >= oldSelf.v", message="grow")
    spec = {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": element}
    old = [{"k": "a", "v": 1}, {"k": "b", "v": 2}]
    assert causes(spec, [{"k": "b", "v": 2}, {"k": "a", "v": 0}, {"k": "c", "v": 0}], old) == [
        "f[1]: Invalid value: grow"
    ]


def test_elements_of_other_lists_have_no_old_selves() -> None:
    spec = {"type": "array", "items": ruled(TEXT, "self == oldSelf")}
    assert causes(spec, ["b"], ["a"]) == []


def test_values_of_maps_meet_the_value_under_the_same_key() -> None:
    spec = {"type": "object", "additionalProperties": ruled(NUMBER, "self >= oldSelf", message="grow")}
    assert causes(spec, {"a": 1, "b": 0}, {"a": 2}) == ["f[a]: Invalid value: 1: grow"]


def test_an_unchanged_value_may_stay_against_a_rule_without_an_old_value() -> None:
    shape = {"type": "object", "properties": {"p": TEXT, "q": TEXT}}
    spec = ruled(shape, "has(self.p)", message="give p")
    assert causes(spec, {"q": "1"}, {"q": "1"}) == []
    assert causes(spec, {"q": "2"}, {"q": "1"}) == ["f: Invalid value: give p"]


def test_an_unchanged_list_shields_its_elements() -> None:
    spec = {"type": "array", "items": ruled(TEXT, "self == 'a'", message="a")}
    assert causes(spec, ["b", "a"], ["b", "a"]) == []
    assert causes(spec, ["b"], ["b", "a"]) == ['f[0]: Invalid value: "b": a']


def test_a_rule_on_the_root_has_no_field() -> None:
    made = Schema.compile(ruled({"type": "object"}, "self.metadata.name == 'a'", message="call it a"))
    assert [str(each) for each in made.validate({"metadata": {"name": "b"}})] == ["<nil>: Invalid value: call it a"]


def test_null_is_checked_by_nobody() -> None:
    assert causes(ruled({**TEXT, "nullable": True}, "self == 'a'"), None) == []


def test_a_rule_on_the_change_is_checked_even_where_nothing_changed() -> None:
    assert causes(ruled(NUMBER, "self > oldSelf", message="grow"), 1, 1) == ["f: Invalid value: 1: grow"]
    assert causes(ruled(NUMBER, "self > 5", message="more"), 1, 1) == []


def test_an_unchanged_value_is_never_equal_to_an_optional_old_one() -> None:
    assert causes(ruled(NUMBER, "self == oldSelf", optionalOldSelf=True, message="no"), 1, 1) != []


def test_what_must_not_change_may_stay() -> None:
    shape = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
    for rule in ("self == oldSelf", "has(self.a) == has(oldSelf.a)"):
        spec = ruled(shape, rule, message="keep")
        assert causes(spec, {"b": "x"}, {"b": "x"}) == []
        assert causes(spec, {"a": "x", "b": "x"}, {"b": "x"}) == ["f: Invalid value: keep"]


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        ("has(self.a) || self.b.size() > oldSelf.c", {"a", "b", "c"}),
        ("self.size() > 1", None),
        ("self.all(key, key != 'a')", None),
        ("self == oldSelf", None),
        ("'self' == self.a", None),
    ],
)
def test_a_rule_knows_which_fields_it_looks_at_if_that_is_plain(rule: str, fields: set[str] | None) -> None:
    assert compile_rule({"rule": rule}).fields == fields


def test_the_fields_of_a_message_are_there_for_it() -> None:
    shape = {"type": "object", "properties": {"a": TEXT, "b": TEXT}}
    spec = ruled(shape, "self.a == 'x'", message="no", messageExpression="'b is ' + self.b")
    assert causes(spec, {"a": "y", "b": "z"}) == ["f: Invalid value: b is z"]
