"""What functions take and give."""

from __future__ import annotations

from dbaas.apiserver.schemas.expressions.functions import ADDED, NATIVE, OPERATORS, REPLACED
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES

WITHOUT = {"_&&_", "_||_", "_in_", "@not_strictly_false"}  # any number of conditions; other names of the same


def test_every_function_that_rules_may_call_has_signatures() -> None:
    known = {name.removeprefix("optional.") for name in SIGNATURES}
    assert OPERATORS | NATIVE | set(ADDED) | set(REPLACED) <= known | WITHOUT


def test_no_other_function_has() -> None:
    known = {name.removeprefix("optional.") for name in SIGNATURES}
    assert known <= OPERATORS | NATIVE | set(ADDED) | set(REPLACED) | {"_[?_]"}


def test_a_method_takes_its_target_first() -> None:
    (one, other) = SIGNATURES["matches"]
    assert (one.is_method, other.is_method) == (False, True)
    assert one.arguments == other.arguments
    assert str(one.result) == "bool"
