"""Operators: arithmetic within 64 bits, comparisons, and what joins texts, lists and times.

Source: cel-go, `common/types`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload
from dbaas.apiserver.schemas.expressions.things import KeyedList, SetList, UInt, Value, equal, is_in

_INT = (-(2**63), 2**63)
_UINT = (0, 2**64)
_LONGEST = timedelta(microseconds=2**63 // 1000)


def add(one: Value, other: Value) -> Value:
    if isinstance(one, list) and isinstance(other, list):
        return _join_lists(one, other)
    if isinstance(one, str | bytes) and type(one) is type(other):
        return one + other  # type: ignore[operator]  # both are texts, or both bytes
    if isinstance(one, datetime | timedelta) and isinstance(other, datetime | timedelta):
        return _checked_time(lambda: one + other)  # type: ignore[operator]  # two moments are refused by their types
    return _of_numbers(one, other, lambda a, b: a + b)


def subtract(one: Value, other: Value) -> Value:
    if isinstance(one, datetime | timedelta):
        return _checked_time(lambda: one - other)
    return _of_numbers(one, other, lambda a, b: a - b)


def multiply(one: Value, other: Value) -> Value:
    return _of_numbers(one, other, lambda a, b: a * b)


def divide(one: Value, other: Value) -> Value:
    if isinstance(one, float) and isinstance(other, float):
        return one / other if other else _by_zero(one, other)
    if other == 0:
        raise Failure("division by zero")
    return _of_numbers(one, other, lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1))


def _by_zero(one: float, zero: float) -> float:
    return math.nan if one == 0 or math.isnan(one) else math.copysign(math.inf, one) * math.copysign(1, zero)


def remainder(one: Value, other: Value) -> Value:
    if other == 0:
        raise Failure("modulus by zero")
    return _of_numbers(one, other, lambda a, b: int(math.copysign(1, a)) * (abs(a) % abs(b)))


def negate(value: Value) -> Value:
    return -value if isinstance(value, float) else to_int(-value)


def to_int(value: int) -> int:
    """Raises Failure for one that does not fit."""
    if not _INT[0] <= value < _INT[1]:
        raise Failure("integer overflow")
    return value


def to_uint(value: int) -> UInt:
    """Raises Failure for one that does not fit."""
    if not _UINT[0] <= value < _UINT[1]:
        raise Failure("unsigned integer overflow")
    return UInt(value)


def _of_numbers(one: Value, other: Value, apply: Callable[[Any, Any], Any]) -> Value:
    if type(one) is not type(other):
        raise NoOverload
    if isinstance(one, float):
        return apply(one, other)
    made = apply(int(one), int(other))
    return to_uint(made) if isinstance(one, UInt) else to_int(made)


def _checked_time(apply: Callable[[], Value]) -> Value:
    try:
        made = apply()
    except OverflowError as error:
        raise Failure("timestamp overflow") from error
    if isinstance(made, timedelta) and abs(made) > _LONGEST:
        raise Failure("duration overflow")
    return made


def _join_lists(one: list[Value], other: list[Value]) -> list[Value]:
    if isinstance(one, SetList):
        return SetList([*one, *(each for each in other if not is_in(each, one))])
    if isinstance(one, KeyedList):
        by_key = {one.key_of(each): each for each in one}
        by_key |= {one.key_of(each): each for each in other}
        return KeyedList(list(by_key.values()), one.keys)
    return [*one, *other]


def _compare(one: Value, other: Value) -> int:
    if isinstance(one, int | float) and isinstance(other, int | float):
        if math.isnan(one) or math.isnan(other):
            raise Failure("NaN values cannot be ordered")
        if isinstance(one, bool) is not isinstance(other, bool):
            raise NoOverload
    elif type(one) is not type(other) or isinstance(one, list | dict) or one is None:
        raise NoOverload
    return int(one > other) - int(one < other)


OPERATORS: Mapping[str, Callable[..., Value]] = {
    "_+_": add,
    "_-_": subtract,
    "_*_": multiply,
    "_/_": divide,
    "_%_": remainder,
    "-_": negate,
    "_<_": lambda one, other: _compare(one, other) < 0,
    "_<=_": lambda one, other: _compare(one, other) <= 0,
    "_>_": lambda one, other: _compare(one, other) > 0,
    "_>=_": lambda one, other: _compare(one, other) >= 0,
    "_==_": equal,
    "_!=_": lambda one, other: not equal(one, other),
    "@in": is_in,
}
