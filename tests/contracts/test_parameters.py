"""What is given to a declared operation: which texts fit which parameters, and why others do not."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.api.database_engine import EngineOperation
from dbaas.contracts.custom import Value
from dbaas.contracts.parameters import check_pattern, fill_database, read_parameters
from simulation.engine import Network, SimulatedCustoms

PART = SimulatedCustoms(Network())


def operation(*parameters: dict[str, Any]) -> EngineOperation:
    statement = {"name": "only", "sql": "sweep"}
    return EngineOperation.model_validate({"name": "sweep", "parameters": parameters, "statements": [statement]})


def read(parameter: dict[str, Any], text: str) -> Value | str:
    """The value, or why there is none."""
    values, wrong = read_parameters(operation({"name": "x", **parameter}), {"x": text}, PART)
    return wrong[0].message if wrong else values["x"]


@pytest.mark.parametrize(
    ("parameter", "text", "found"),
    [
        ({}, "", Value("String", "")),
        ({"type": "Identifier"}, "a b", Value("Identifier", "a b")),
        ({"type": "Integer"}, "-7", Value("Integer", -7)),
        ({"type": "Integer"}, "7.5", "write a whole number of at most 15 digits"),
        ({"type": "Integer"}, "9" * 16, "write a whole number of at most 15 digits"),
        ({"type": "Integer", "minimum": 0}, "-1", "it must be at least 0"),
        ({"type": "Integer", "maximum": 5}, "6", "it must be at most 5"),
        ({"type": "Boolean"}, "true", Value("Boolean", True)),
        ({"type": "Boolean"}, "yes", "write true or false"),
        ({"values": ["a", "b"]}, "c", "choose from a, b"),
        ({"pattern": "[a-z]+"}, "abc", Value("String", "abc")),
        ({"pattern": "[a-z]+"}, "abc\n", "it must match [a-z]+"),
        ({"pattern": "a*"}, "a" * 256, "it has more than 255 characters"),
        ({}, "damn", "it swears"),
    ],
    ids=str,
)
def test_a_text_is_what_its_parameter_takes_or_says_why_not(
    parameter: dict[str, Any], text: str, found: Value | str
) -> None:
    assert read(parameter, text) == found


def test_all_that_is_wrong_is_told_at_once_with_its_place() -> None:
    parameters = ({"name": "table"}, {"name": "count", "type": "Integer"}, {"name": "kind", "default": "soft"})
    _, wrong = read_parameters(operation(*parameters), {"tabel": "a", "count": "x"}, PART)
    assert [(each.field, each.reason) for each in wrong] == [
        ("spec.custom.parameters[tabel]", "FieldValueNotSupported"),
        ("spec.custom.parameters[table]", "FieldValueRequired"),
        ("spec.custom.parameters[count]", "FieldValueInvalid"),
    ]
    assert "it has table, count, kind; did you mean 'table'?" in wrong[0].message


def test_what_is_not_given_is_the_default() -> None:
    values, wrong = read_parameters(operation({"name": "kind", "default": "soft"}), {}, PART)
    assert (values, wrong) == ({"kind": Value("String", "soft")}, [])


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("[(*+]x{2,3}", ""), (r"\(a\)+", ""), ("[a-z][a-z0-9_]*", ""),
        ("(a+)+", "too long"), ("a?b?c?d?e?", "too long"), ("(?i)a", "not supported"), ("(", "no regular expression"),
    ],
)  # fmt: skip
def test_patterns_that_could_take_for_ever_are_refused(pattern: str, why: str) -> None:
    problem = check_pattern(pattern)
    assert why in problem and bool(why) == bool(problem)


def test_a_database_is_a_name_or_what_is_given_for_it() -> None:
    values = {"d": Value("Identifier", "shop")}
    assert [fill_database(text, values) for text in (None, "main", "$(d)")] == [None, "main", "shop"]
