"""What calls cost once they were made."""

from __future__ import annotations

from typing import Any

import pytest

from dbaas.apiserver.schemas.expressions.addresses import to_cidr
from dbaas.apiserver.schemas.expressions.charges import CHARGES
from dbaas.apiserver.schemas.expressions.things import Opaque


@pytest.mark.parametrize(
    ("name", "given", "result", "cost"),
    [
        ("_==_", ["a" * 25, "a" * 100], True, 3),
        ("_==_", [Opaque("net.IP", "::1")] * 2, True, 1),
        ("_<_", [1, 2], True, 1),
        ("_+_", ["a" * 25, "b" * 26], "", 6),
        ("_+_", [[1], [2]], [1, 2], 1),
        ("@in", [1, [1, 2, 3]], True, 3),
        ("matches", ["a" * 19, "b" * 9], True, 6),
        ("join", [["a" * 10, "b" * 11]], "c" * 21, 5),
        ("sum", [[1, 2, 3]], 6, 3),
        ("containsIP", [to_cidr("10.0.0.0/8"), "10.0.0.1"], True, 2),
        ("validate", [Opaque("kubernetes.NamedFormat", "dns1123Label"), "a" * 9], None, 8),
        ("reverse", [[1, 2]], [2, 1], 13),
        ("flatten", [[1, 2], 3], [1, 2], 17),
        ("sort", [["a", "b", "c"]], [], 29),
        ("sets.equivalent", [[1, 2], [3]], False, 5),
    ],
)
def test_a_call_costs_by_the_size_of_what_it_looks_at(name: str, given: list[Any], result: Any, cost: int) -> None:
    assert CHARGES[name](given, result) == cost
