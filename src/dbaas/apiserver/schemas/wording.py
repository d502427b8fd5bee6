"""How kube-apiserver writes values into its messages: quoted strings, numbers and JSON as Go formats them.

Clients and people compare these texts, so they are the same to the character (`strconv.Quote`, `%v`, `encoding/json`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from decimal import Decimal

from dbaas.apiserver.schemas.causes import Cause

_SHORT = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    '"': '\\"',
    "\\": "\\\\",
}
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_PREFIX = {
    "FieldValueRequired": "Required value",
    "FieldValueForbidden": "Forbidden",
    "FieldValueInvalid": "Invalid value",
    "FieldValueTypeInvalid": "Invalid value",
    "FieldValueNotSupported": "Unsupported value",
    "FieldValueDuplicate": "Duplicate value",
    "FieldValueTooLong": "Too long",
    "FieldValueTooMany": "Too many",
    "FieldValueNotFound": "Not found",
}
NOWHERE = "<nil>"


def _quote_one(letter: str) -> str:
    if letter in _SHORT:
        return _SHORT[letter]
    if letter.isprintable():
        return letter
    code = ord(letter)
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote(text: str) -> str:
    """`%q`"""
    return f'"{"".join(map(_quote_one, text))}"'


def format_float(number: float) -> str:
    """`%v` of a float64: the shortest text that reads back as the same number."""
    if math.isnan(number) or math.isinf(number):
        return "NaN" if math.isnan(number) else ("+Inf" if number > 0 else "-Inf")
    sign, digits, exponent = Decimal(repr(number)).normalize().as_tuple()
    power = len(digits) + int(exponent) - 1
    if number == 0 or -5 < power < 6:
        return f"{Decimal(repr(number)).normalize():f}"
    text = "".join(map(str, digits))
    fraction = "." + text[1:] if text[1:] else ""
    return f"{'-' if sign else ''}{text[0]}{fraction}e{power:+03d}"


def format_plain(value: bool | int | float) -> str:
    """`%v` of a number or a boolean."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return format_float(value) if isinstance(value, float) else str(value)


def format_json(value: object) -> str:
    """`encoding/json`: keys sorted, no blanks, `<`, `>` and `&` escaped, whole floats without a point."""
    text = json.dumps(_with_whole_numbers(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "".join(_HTML.get(letter, letter) for letter in text)


def _with_whole_numbers(value: object) -> object:
    if isinstance(value, dict):
        return {key: _with_whole_numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_with_whole_numbers(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value


def format_value(value: object) -> str:
    if isinstance(value, str):
        return quote(value)
    if isinstance(value, bool | int | float):
        return format_plain(value)
    return format_json(value)


def json_type(value: object) -> str:
    """As Go's JSON decoder calls it."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    return {str: "string", list: "array", dict: "object", type(None): "null"}.get(type(value), "value")


def _worded(reason: str, detail: str, value: str = "") -> str:
    return ": ".join(part for part in (_PREFIX[reason], value, detail) if part)


def invalid(field: str, value: object, detail: str, reason: str = "FieldValueInvalid") -> Cause:
    return Cause(field, _worded(reason, detail, format_value(value)), reason)


def without_value(field: str, detail: str, reason: str = "FieldValueInvalid") -> Cause:
    """A cause that leaves the value out: it is large, or there is none."""
    return Cause(field, _worded(reason, detail), reason)


def required(field: str, detail: str = "") -> Cause:
    return without_value(field, detail, "FieldValueRequired")


def duplicate(field: str, value: object) -> Cause:
    return invalid(field, value, "", "FieldValueDuplicate")


def unsupported(field: str, value: object, supported: Iterable[object]) -> Cause:
    listed = ", ".join(quote(each if isinstance(each, str) else format_json(each)) for each in supported)
    return invalid(field, value, f"supported values: {listed}", "FieldValueNotSupported")


def too_long(field: str, limit: int) -> Cause:
    return without_value(field, f"may not be more than {limit} byte{'' if limit == 1 else 's'}", "FieldValueTooLong")


def too_many(field: str, count: int, limit: int) -> Cause:
    detail = f"must have at most {limit} item{'' if limit == 1 else 's'}"
    return invalid(field, count, detail, "FieldValueTooMany")
