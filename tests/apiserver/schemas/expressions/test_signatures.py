"""What functions take and give."""

from __future__ import annotations

from dbaas.apiserver.schemas.expressions.functions import FUNCTIONS, NAMES, NATIVE, OPERATORS
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES

WITHOUT = {"_&&_", "_||_", "_in_", "@not_strictly_false"}  # any number of conditions; other names of the same


UNSUPPORTED = {"isInteger", "asInteger", "asApproximateFloat"}  # these tell what number Go holds a quantity as
CALLED = OPERATORS | set(FUNCTIONS) | set(NAMES) | NATIVE | {f"optional.{name}" for name in NATIVE}


def test_every_function_that_rules_may_call_has_signatures() -> None:
    known = {name.removeprefix("optional.") for name in SIGNATURES} | set(NAMES.values())
    assert OPERATORS | NATIVE | set(FUNCTIONS) <= known | WITHOUT


def test_no_other_function_has() -> None:
    assert set(SIGNATURES) <= CALLED | UNSUPPORTED | {"_[?_]"}


def test_a_method_takes_its_target_first() -> None:
    (one, other) = SIGNATURES["matches"]
    assert (one.is_method, other.is_method) == (False, True)
    assert one.arguments == other.arguments
    assert str(one.result) == "bool"
