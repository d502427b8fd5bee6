"""Quantities for rules: `quantity` and what can be asked of one.

Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library
and, for what is a quantity, `apimachinery/pkg/api/resource/quantity.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import MAX_PREC, ROUND_UP, Context, Decimal

from dbaas.apiserver.schemas.expressions import versions
from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.things import Opaque, Value

_TYPE = "kubernetes.Quantity"
_EXACT = Context(prec=MAX_PREC, Emax=10**6, Emin=-(10**6))
_LEAST = Decimal("1e-9")
_LARGEST_BINARY = Decimal(2**63 - 1)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_SHAPE = re.compile(r"[+-]?\d*(?:\.\d*)?([eEinumkKMGTP]*[+-]?\d*)", re.ASCII)
_LARGEST_EXPONENT = 10_000
_DIGITS, _DIGITS_OF_BINARY = 18, 15
_ENOUGH_FOR_NO_DIGITS = 40
_WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def is_quantity(text: str) -> bool:
    try:
        _parse(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Amount:
    """`scale` is the power of ten by which Go multiplies the 64 bits in which it holds the number; None where it holds
    it in another way."""

    number: Decimal
    scale: int | None = field(default=0, compare=False)


def to_quantity(text: str) -> Opaque:
    """Raises Failure."""
    return Opaque(_TYPE, _Amount(_parse(text), _scale_in_go(text)))


def sign(value: Opaque) -> int:
    return compare(value, Opaque(_TYPE, _Amount(Decimal(0))))


def compare(one: Opaque, other: Opaque) -> int:
    """Of two versions too, which go by the same name."""
    if one.type != _TYPE:
        return versions.compare(one, other)
    return int(one.content.number.compare(other.content.number))


def add(one: Opaque, other: Opaque | int) -> Opaque:
    return _reckon(one.content, _amount(other), _EXACT.add)


def subtract(one: Opaque, other: Opaque | int) -> Opaque:
    return _reckon(one.content, _amount(other), _EXACT.subtract)


def _reckon(one: _Amount, other: _Amount, apply: Callable[[Decimal, Decimal], Decimal]) -> Opaque:
    scales = [each.scale for each in (one, other) if each.number or each.scale is None]
    scale = None if None in scales else min((each for each in scales if each is not None), default=0)
    return Opaque(_TYPE, _Amount(apply(one.number, other.number), scale))


def is_integer(value: Opaque) -> bool:
    """Whether Go holds it as a whole number, which it does not with all that are."""
    amount: _Amount = value.content
    return amount.scale is not None and amount.scale >= 0 and abs(amount.number) <= _LARGEST_BINARY


def as_integer(value: Opaque) -> int:
    if not is_integer(value):
        raise Failure("cannot convert value to integer")
    return int(value.content.number)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "quantity": to_quantity,
    "isQuantity": is_quantity,
    "sign": sign,
    "compareTo": compare,
    "isGreaterThan": lambda one, other: compare(one, other) > 0,
    "isLessThan": lambda one, other: compare(one, other) < 0,
    "add": add,
    "sub": subtract,
    "isInteger": is_integer,
    "asInteger": as_integer,
    "asApproximateFloat": lambda value: float(value.content.number),
}


def _amount(value: Opaque | int) -> _Amount:
    if isinstance(value, Opaque):
        found: _Amount = value.content
        return found
    return _Amount(Decimal(value))


def _scale_in_go(text: str) -> int | None:
    found = _SHAPE.fullmatch(text)
    suffix = found[1] if found else ""
    base, exponent = _scale_of(suffix)
    whole, _, fraction = text.removesuffix(suffix).lstrip("+-").partition(".")
    whole = whole.lstrip("0") or "0" if whole else ""
    if base == 10:
        return exponent - len(fraction) if len(whole) + len(fraction) <= _DIGITS else None
    fits = not fraction and len(whole) + exponent * 3 // 10 < _DIGITS_OF_BINARY
    return 0 if fits else None


def _parse(text: str) -> Decimal:
    found = _SHAPE.fullmatch(text)
    if found is None or not text:
        raise Failure(_WRONG_FORMAT)
    suffix = found[1]
    base, exponent = _scale_of(suffix)
    number = text.removesuffix(suffix)
    if re.search(r"\d", number) is None:
        if exponent <= _ENOUGH_FOR_NO_DIGITS if base == 2 else exponent >= -9:
            return Decimal(0)  # which Go reads another way than a large or small one
        raise Failure("unable to parse numeric part of quantity")
    amount = _EXACT.multiply(Decimal(number), _EXACT.power(Decimal(base), Decimal(exponent)))
    rounded = amount.quantize(_LEAST, ROUND_UP, _EXACT)
    if base == 2:
        return max(-_LARGEST_BINARY, min(rounded, _LARGEST_BINARY))
    return rounded


def _scale_of(suffix: str) -> tuple[int, int]:
    if suffix in _DECIMAL:
        return 10, _DECIMAL[suffix]
    if suffix in _BINARY:
        return 2, _BINARY[suffix]
    if re.fullmatch(r"[eE][+-]?\d+", suffix, re.ASCII) is None or abs(int(suffix[1:])) > _LARGEST_EXPONENT:
        raise Failure("unable to parse quantity's suffix")
    return 10, int(suffix[1:])
