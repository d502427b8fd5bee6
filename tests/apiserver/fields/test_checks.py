"""What cannot be merged."""

from __future__ import annotations

from typing import Any

import pytest

from apiserver.fields.specimens import SCHEMA
from dbaas.apiserver.fields.checks import problems
from dbaas.apiserver.fields.places import type_of


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"size": "x"}, ".spec.size: expected numeric (int or float), got string"),
        ({"size": []}, ".spec.size: expected numeric (int or float), got []interface {}"),
        ({"name": 1}, ".spec.name: expected string, got &value.valueUnstructured{Value:1}"),
        ({"zzz": 1}, ".spec.zzz: field not declared in schema"),
        ({"list": [{"name": "y"}, {"name": "y"}]}, '.spec.list: duplicate entries for key [name="y"]'),
        ({"set": ["a", "a"]}, '.spec.set: duplicate entries for key [="a"]'),
        (
            {"list": [{"v": "y"}]},
            '.spec.list: element 0: associative list with keys has an element that omits all key fields ["name"] '
            "(and doesn't have default values for any key fields)",
        ),
        ({"list": [None]}, ".spec.list: element 0: associative list with keys may not have a null element"),
        ({"list": ["x"]}, ".spec.list: element 0: associative list with keys may not have non-map elements"),
        ({"list": "x"}, ".spec.list: expected list, got &{x}"),
        ("str", ".spec: expected map, got &{str}"),
        (
            {"list": [{"name": "y", "v": 1}]},
            '.spec.list[name="y"].v: expected string, got &value.valueUnstructured{Value:1}',
        ),
    ],
)
def test_a_misfit_is_described_as_in_kubernetes(spec: Any, found: str) -> None:
    assert list(problems({"spec": spec}, type_of(SCHEMA))) == [found]


def test_values_that_fit_have_no_problem() -> None:
    spec = {
        "size": 1.5,
        "free": {"x": [{}]},
        "either": "5%",
        "none": None,
        "ports": [{"protocol": "UDP"}],
        "atom": None,
    }
    assert list(problems({"spec": spec}, type_of(SCHEMA))) == []
