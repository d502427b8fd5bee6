"""What functions take and give."""

from __future__ import annotations

from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES


def test_a_method_takes_its_target_first() -> None:
    (one, other) = SIGNATURES["matches"]
    assert (one.is_method, other.is_method) == (False, True)
    assert one.arguments == other.arguments
    assert str(one.result) == "bool"
