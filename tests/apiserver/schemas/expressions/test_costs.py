"""How costs add up over an expression; `tests/conformance` proves the figures of many more."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.checking import find_types
from dbaas.apiserver.schemas.expressions.costs import estimate_cost
from dbaas.apiserver.schemas.expressions.extents import extent_of
from dbaas.apiserver.schemas.expressions.static_types import declared_type

TEXT = {"type": "string", "maxLength": 5}
SPEC: dict[str, Any] = {
    "type": "object",
    "properties": {
        "s": TEXT,
        "b": {"type": "boolean"},
        "l": {"type": "array", "maxItems": 10, "items": TEXT},
        "m": {"type": "object", "maxProperties": 4, "additionalProperties": TEXT},
        "v": {"x-kubernetes-int-or-string": True, "maxLength": 5},
    },
}


def cost(source: str) -> int:
    own, extent = declared_type(SPEC), extent_of(SPEC)
    assert own is not None
    assert extent is not None
    typed = find_types(source, {"self": own, "oldSelf": own})
    assert not typed.mistakes
    return estimate_cost(typed, extent)


@pytest.mark.parametrize(
    ("source", "units"),
    [
        ("true", 0),
        ("self.b", 2),
        ("has(self.s)", 1),
        ("self.s == 'a'", 3),
        ("self.b || self.b && self.b", 6),
        ("self.b ? self.s == 'a' : self.b", 5),
        ("self.l.all(x, true)", 2 + 1 + 10 * 3),
        ("self.l.all(x, x == 'a')", 2 + 1 + 10 * (3 + 2)),
        ("self.l.exists(x, x == 'a')", 2 + 1 + 10 * (4 + 2)),
        ("self.l.exists_one(x, x == 'a')", 2 + 2 + 10 * (2 + 2)),
        ("self.l.map(x, x).size() == 1", 2 + 11 + 10 * (12 + 1) + 2),
        ("self.l.filter(x, true).size() == 1", 2 + 11 + 10 * 13 + 2),
        ("self.l.all(x, self.l.all(y, y == x))", 3 + 10 * (3 + 3 + 10 * (3 + 4))),
        ("self.m.all(k, self.m[k] == 'a')", 3 + 4 * (3 + 5)),
        ("[1, 2].all(x, x > 1)", 10 + 1 + 2 * (3 + 2)),
        ("{'a': 1}.size() == 1", 30 + 2),
        ("dyn(self.s) == 'a'", 4),
        ("self.v + 'a' == 'b'", 2 + 3 + 1),
    ],
)
def test_an_expression_costs_what_its_parts_cost_as_often_as_they_are_evaluated(source: str, units: int) -> None:
    assert cost(source) == units


@pytest.mark.parametrize("source", ["self.l[0]", "self.m['a']", "oldSelf.s", "self.l.filter(x, true)[0].trim()"])
def test_sizes_are_known_for_what_comes_from_a_place_of_the_schema(source: str) -> None:
    assert cost(f"{source}.contains('a')") < 200


@pytest.mark.parametrize("source", ["self.s.charAt(1)", "[{'a': self.s}][0].a"])
def test_what_is_made_in_an_expression_may_have_any_size(source: str) -> None:
    assert cost(f"{source}.contains('a')") > 10**17
