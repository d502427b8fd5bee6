"""The functions that rules may call, by their names: the same function for all that go by one name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from dbaas.apiserver.schemas.expressions import (
    addresses,
    lists,
    named_formats,
    quantities,
    texts,
    times,
    urls,
    versions,
)
from dbaas.apiserver.schemas.expressions.conversions import CONVERSIONS, is_zero
from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.numbers import OPERATORS
from dbaas.apiserver.schemas.expressions.signatures import SIGNATURES
from dbaas.apiserver.schemas.expressions.things import Maybe, Value

Function = Callable[..., Value]


def _value_of(optional: Maybe) -> Value:
    if not optional.is_present:
        raise Failure("optional.none() dereference")
    return optional.value


_OPTIONAL: Mapping[str, Function] = {
    "hasValue": lambda optional: optional.is_present,
    "value": _value_of,
    "optional.of": lambda value: Maybe(value, is_present=True),
    "optional.ofNonZeroValue": lambda value: Maybe() if is_zero(value) else Maybe(value, is_present=True),
    "optional.none": Maybe,
}
FUNCTIONS: Mapping[str, Function] = {
    **OPERATORS,
    "!_": lambda value: not value,
    **CONVERSIONS,
    **texts.FUNCTIONS,
    **lists.FUNCTIONS,
    **times.FUNCTIONS,
    **addresses.FUNCTIONS,
    **urls.FUNCTIONS,
    **versions.FUNCTIONS,
    **named_formats.FUNCTIONS,
    **quantities.FUNCTIONS,
    **_OPTIONAL,
}


@lru_cache(maxsize=4096)
def accepts(name: str, given: tuple[str, ...], *, is_method: bool) -> bool:
    """Whether a function takes values of these types."""
    return any(
        each.is_method == is_method
        and len(each.arguments) == len(given)
        and all(
            wanted.is_variable or wanted.is_open or wanted.name == name
            for wanted, name in zip(each.arguments, given, strict=True)
        )
        for each in SIGNATURES.get(name, ())
    )
