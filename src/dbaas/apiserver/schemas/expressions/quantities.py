"""Quantities for rules: `quantity` and what can be asked of one, save as what number Go holds it.

To the library such a value is a map with one key. Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-quantity-library
and, for what is a quantity, `apimachinery/pkg/api/resource/quantity.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import MAX_PREC, ROUND_UP, Context, Decimal
from typing import Any

Value = Mapping[str, str]
_EXACT = Context(prec=MAX_PREC, Emax=10**6, Emin=-(10**6))
_LEAST = Decimal("1e-9")
_LARGEST_BINARY = Decimal(2**63 - 1)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_SHAPE = re.compile(r"[+-]?\d*(?:\.\d*)?([eEinumkKMGTP]*[+-]?\d*)", re.ASCII)
_LARGEST_EXPONENT = 10_000
_ENOUGH_FOR_NO_DIGITS = 40
_WRONG_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"


def is_quantity(text: str) -> bool:
    try:
        _parse(text)
    except ValueError:
        return False
    return True


def to_quantity(text: str) -> Value:
    """Raises ValueError."""
    return _value(_parse(text))


def sign(value: Value) -> int:
    return compare(value, _value(Decimal(0)))


def compare(one: Value, other: Value) -> int:
    difference = _amount(one).compare(_amount(other))
    return int(difference)


def add(one: Value, other: Any) -> Value:
    return _value(_EXACT.add(_amount(one), _amount(other)))


def subtract(one: Value, other: Any) -> Value:
    return _value(_EXACT.subtract(_amount(one), _amount(other)))


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "quantity": to_quantity,
    "isQuantity": is_quantity,
    "sign": sign,
    "compareTo": compare,
    "isGreaterThan": lambda one, other: compare(one, other) > 0,
    "isLessThan": lambda one, other: compare(one, other) < 0,
    "add": add,
    "sub": subtract,
}


def _value(amount: Decimal) -> Value:
    """Equal amounts are equal values, however they were written."""
    return {"@quantity": f"{amount.normalize(_EXACT):f}" if amount else "0"}


def _amount(value: Any) -> Decimal:
    return Decimal(value["@quantity"]) if isinstance(value, Mapping) else Decimal(value)


def _parse(text: str) -> Decimal:
    found = _SHAPE.fullmatch(text)
    if found is None or not text:
        raise ValueError(_WRONG_FORMAT)
    suffix = found[1]
    base, exponent = _scale_of(suffix)
    number = text.removesuffix(suffix)
    if re.search(r"\d", number) is None:
        if exponent <= _ENOUGH_FOR_NO_DIGITS if base == 2 else exponent >= -9:
            return Decimal(0)  # which Go reads another way than a large or small one
        raise ValueError("unable to parse numeric part of quantity")
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
        raise ValueError("unable to parse quantity's suffix")
    return 10, int(suffix[1:])
