"""The types of values in expressions."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.static_types import declared_type, read_types

TEXT = {"type": "string"}


@pytest.mark.parametrize("text", ["int", "list(string)", "map(string, list(int))", "optional_type(dyn)"])
def test_types_are_read_as_they_are_shown(text: str) -> None:
    (read,) = read_types(text)
    assert str(read) == text


def test_capital_letters_are_variables() -> None:
    assert [each.is_variable for each in read_types("A, int, list(A)")] == [True, False, False]


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        (TEXT, "string"),
        ({**TEXT, "format": "date-time"}, "timestamp"),
        ({**TEXT, "format": "date"}, "timestamp"),
        ({**TEXT, "format": "duration"}, "duration"),
        ({**TEXT, "format": "byte"}, "bytes"),
        ({**TEXT, "format": "uuid"}, "string"),
        ({"type": "integer"}, "int"),
        ({"type": "number"}, "double"),
        ({"type": "boolean"}, "bool"),
        ({"x-kubernetes-int-or-string": True}, "dyn"),
        ({"type": "array", "items": TEXT}, "list(string)"),
        ({"type": "object", "additionalProperties": TEXT}, "map(string, string)"),
        ({"type": "object", "properties": {}}, "selfType"),
        ({"type": "array", "items": {"type": "object"}}, "list(selfType.@idx)"),
        ({"x-kubernetes-preserve-unknown-fields": True}, "None"),
        ({"type": "array", "items": {}}, "None"),
        ({"type": "object", "additionalProperties": {}}, "None"),
    ],
)
def test_a_schema_says_what_rules_see(spec: dict[str, Any], shown: str) -> None:
    assert str(declared_type(spec)) == shown


def test_an_object_has_the_fields_that_rules_can_name() -> None:
    spec = {"type": "object", "properties": {"a": TEXT, "b-c": TEXT, "1": TEXT, "if": TEXT, "in": TEXT, "free": {}}}
    found = declared_type(spec)
    assert found is not None
    assert found.fields is not None
    assert set(found.fields) == {"a", "b__dash__c", "if", "__if__", "__in__"}


def test_the_root_of_an_object_has_a_kind_and_a_name() -> None:
    found = declared_type({"type": "object"}, is_resource=True)
    assert found is not None
    assert found.fields is not None
    assert set(found.fields) == {"apiVersion", "kind", "metadata"}
    assert set(found.fields["metadata"].fields or ()) == {"name", "generateName"}
