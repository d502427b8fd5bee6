"""Values made of values of another type: `int`, `string`, `timestamp` and alike.

Source: cel-go, `common/types`; which texts are numbers, times and durations is Go's `strconv` and `time`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.numbers import to_int, to_uint
from dbaas.apiserver.schemas.expressions.things import (
    Maybe,
    Opaque,
    TypeName,
    UInt,
    Value,
    shown_type,
    type_name,
)
from dbaas.apiserver.schemas.wording import format_plain

_Number = TypeVar("_Number", bound=int)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
_FLOAT = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf(?:inity)?|nan)", re.ASCII | re.IGNORECASE)
_DURATION = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")
_WITHOUT_NANOSECONDS = re.compile(r"(?<=\.\d{6})\d+")
_PARTS = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}


def _refuse(value: Value, wanted: str) -> Failure:
    return Failure(f"type conversion error from '{shown_type(type_name(value))}' to '{shown_type(wanted)}'")


def to_integer(value: Value) -> int:
    match value:
        case float():
            return _whole(value, to_int)
        case str():
            if re.fullmatch(r"[+-]?\d+", value, re.ASCII) is None or not -(2**63) <= int(value) < 2**63:
                raise _refuse(value, "int")
            return int(value)
        case datetime():
            return math.floor(value.timestamp())
        case timedelta():
            return value // timedelta(microseconds=1) * 1000
    return to_int(int(value))


def to_unsigned(value: Value) -> UInt:
    match value:
        case float():
            return _whole(value, to_uint)
        case str():
            if re.fullmatch(r"\d+", value, re.ASCII) is None or int(value) >= 2**64:
                raise _refuse(value, "uint")
            return UInt(value)
    return to_uint(int(value))


def _whole(value: float, check: Callable[[int], _Number]) -> _Number:
    if math.isnan(value) or math.isinf(value):
        check(2**64)
    return check(int(value))


def to_double(value: Value) -> float:
    if isinstance(value, str) and _FLOAT.fullmatch(value) is None:
        raise _refuse(value, "double")
    return float(value)


def to_bool(value: Value) -> bool:
    if isinstance(value, str) and value not in _TRUE | _FALSE:
        raise _refuse(value, "bool")
    return value in _TRUE if isinstance(value, str) else bool(value)


def to_bytes(value: Value) -> bytes:
    return value.encode() if isinstance(value, str) else bytes(value)


def to_string(value: Value) -> str:
    match value:
        case str():
            return value
        case bytes():
            try:
                return value.decode()
            except UnicodeDecodeError as error:
                raise Failure("invalid UTF-8 in bytes, cannot convert to string") from error
        case Opaque():
            return str(value.content)
        case datetime():
            return re.sub(r"(\.\d*?)0+(?=\D)", r"\1", value.isoformat()).replace("+00:00", "Z")
        case timedelta():
            return f"{format_plain(value.total_seconds())}s"
    return format_plain(int(value) if isinstance(value, UInt) else value)


def to_timestamp(value: Value) -> datetime:
    match value:
        case str():
            if not is_time(value):
                raise _refuse(value, "timestamp")
            return datetime.fromisoformat(_WITHOUT_NANOSECONDS.sub("", value.upper()))
        case int():
            return _EPOCH + timedelta(seconds=value)
    return value  # type: ignore[no-any-return]  # a moment


def to_duration(value: Value) -> timedelta:
    match value:
        case str():
            if not is_duration(value):
                raise _refuse(value, "duration")
            total = sum(float(count) * _SECONDS[unit] for count, unit in _PARTS.findall(value))
            return timedelta(seconds=-total if value.startswith("-") else total)
        case int():
            return timedelta(microseconds=value / 1000)
    return value  # type: ignore[no-any-return]  # a span of time


def to_type(value: Value) -> TypeName:
    return TypeName(type_name(value))


def is_zero(value: Value) -> bool:
    """Whether it is what its type has where nothing is said."""
    if isinstance(value, Maybe):
        return not value.is_present
    return value is None or value is False or value in ("", b"", 0, [], {}, timedelta())


def is_duration(text: str) -> bool:
    return _DURATION.fullmatch(text) is not None


def is_time(text: str) -> bool:
    if _TIMESTAMP.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(f"{text[:19]}+00:00")
    except ValueError:
        return text[:4] == "0000"  # a year that Go knows and Python does not
    return True


CONVERSIONS: Mapping[str, Callable[[Value], Value]] = {
    "int": to_integer,
    "uint": to_unsigned,
    "double": to_double,
    "bool": to_bool,
    "bytes": to_bytes,
    "string": to_string,
    "timestamp": to_timestamp,
    "duration": to_duration,
    "dyn": lambda value: value,
    "type": to_type,
}
