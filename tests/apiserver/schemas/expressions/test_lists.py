"""Functions of lists; `test_functions` and `tests/conformance` call each."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload
from dbaas.apiserver.schemas.expressions.lists import FUNCTIONS, cut, flatten
from dbaas.apiserver.schemas.expressions.things import Maybe


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("sort", [[3, 1, 2]], [1, 2, 3]),
        ("@sortByAssociatedKeys", [["a", "b"], [2, 1]], ["b", "a"]),
        ("distinct", [[1, 1.0, True, "a"]], [1, True, "a"]),
        ("reverse", [[1, 2]], [2, 1]),
        ("lists.range", [-1], []),
        ("flatten", [[1, [2, [3]]]], [1, 2, [3]]),
        ("flatten", [[1, [2, [3]]], 2], [1, 2, 3]),
        ("indexOf", ["abcb", "b", 2], 3),
        ("lastIndexOf", [[1, 1.0], 1], 1),
        ("last", [[]], Maybe()),
        ("sets.contains", [[1, 2], [True]], False),
    ],
)
def test_lists_answer(name: str, given: list[Any], found: Any) -> None:
    assert FUNCTIONS[name](*given) == found


def test_a_list_of_several_types_has_no_order() -> None:
    with pytest.raises(Failure, match="same type"):
        FUNCTIONS["sort"]([1, "a"])


@pytest.mark.parametrize(("start", "end"), [(-1, 1), (2, 1), (0, 9)])
def test_a_slice_outside_is_refused(start: int, end: int) -> None:
    with pytest.raises(Failure, match=rf"cannot slice\({start}, {end}\)"):
        cut([1, 2], start, end)


def test_a_depth_is_not_below_zero() -> None:
    with pytest.raises(Failure, match="non-negative"):
        flatten([], -1)


def test_only_what_can_be_summed_is() -> None:
    with pytest.raises(NoOverload):
        FUNCTIONS["sum"](["a"])
