"""Evaluation: what an expression gives, and what that costs. `tests/conformance` compares both with kube-apiserver."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.evaluation import plan
from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload
from dbaas.apiserver.schemas.expressions.mistakes import Unreadable
from dbaas.apiserver.schemas.expressions.runs import Fixed, Run
from dbaas.apiserver.schemas.expressions.syntax import parse

NAMES: dict[str, Any] = {"self": {"l": ["a", "b"], "i": 1, "b": True, "d": {"x": {}}}}


def evaluate(source: str) -> tuple[Any, int]:
    run = Run(NAMES)
    return plan(parse(source))(run), run.spent


@pytest.mark.parametrize(
    ("source", "value", "cost"),
    [
        ("self.i", 1, 2),
        ("self.l[self.i]", "b", 4),
        ("has(self.i)", True, 1),
        ("has(self.d.x.y)", False, 3),
        ("self.b ? self.i : 2", 1, 3),
        ("(self.b ? self.d : self.d).x", {}, 4),
        ("self.?i.orValue(2)", 1, 2),
        ("self.?z.orValue(2)", 2, 1),
        ("[1, 2, 3][0]", 1, 2),
        ("[self.i, 2]", [1, 2], 12),
        ("{'a': self.i}", {"a": 1}, 32),
        ("self.i in [1, 2]", True, 2),
        ("self.i in []", False, 0),
        ("self.i in [self.i]", True, 15),
        ("int('5')", 5, 0),
        ("self.l[0] + 'b'", "ab", 4),
        ("1 / 0 == 1 || true", True, 2),
        ("self.?i.optMap(x, x + 1).value()", 2, 10),
        ("self.?i.optMap(x, 1).hasValue()", True, 5),
        ("['b', 'a'].sortBy(x, x)", ["a", "b"], 48),
    ],
)
def test_parts_have_values_and_costs(source: str, value: Any, cost: int) -> None:
    assert evaluate(source) == (value, cost)


def test_constants_are_known_before() -> None:
    assert isinstance(plan(parse("[1, int('2'), {'a': null}]")), Fixed)
    assert not isinstance(plan(parse("[1, self]")), Fixed)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("self.z", "no such key: z"),
        ("self.l[7]", "index out of bounds: 7"),
        ("dyn(self.l)['a']", "unsupported index type 'string' in list"),
        ("other", "no such attribute"),
        ("self.i / 0", "division by zero"),
    ],
)
def test_what_cannot_be_answered_fails(source: str, reason: str) -> None:
    with pytest.raises(Failure, match=reason):
        evaluate(source)


def test_a_call_with_other_types_fails_by_its_name() -> None:
    with pytest.raises(NoOverload, match=r"no such overload: lowerAscii\(int\)"):
        evaluate("dyn(self.i).lowerAscii()")


def test_a_function_that_nobody_made_cannot_be_planned() -> None:
    with pytest.raises(Unreadable, match="undeclared reference to 'f'"):
        plan(parse("f(1)"))
