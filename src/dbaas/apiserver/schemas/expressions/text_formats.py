"""`format`: a text with clauses (`%s`, `%.2f`) that stand for the elements of a list.

Source: cel-go, `ext/formatting.go`, which writes doubles as people do in English.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from dbaas.apiserver.schemas.expressions.conversions import to_string
from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.things import Value, shown_type, type_name
from dbaas.apiserver.schemas.wording import quote

_PRECISION = 6
_CLAUSE = re.compile(r"%(?:%|(\.\d*)?(.?))", re.DOTALL)
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_NO_NUMBERS = ("NaN", "Infinity", "-Infinity")
_SCALARS = frozenset({"string", "bool", "bytes", "int", "uint", "double", "type", "duration", "timestamp", "null"})


class Clause(NamedTuple):
    """`precision` counts digits after the point."""

    letter: str
    precision: int


def clauses_of(source: str) -> Iterator[str | re.Match[str]]:
    """The text between clauses, and what looks like a clause. Raises Failure for a sign at the end."""
    end = 0
    for found in _CLAUSE.finditer(source):
        yield source[end : found.start()]
        end = found.end()
        if found.group() == "%":
            raise Failure("unexpected end of string")
        yield "%" if found.group() == "%%" else found
    yield source[end:]


def read_clause(found: re.Match[str]) -> Clause:
    """Raises Failure for one that is none."""
    digits, letter = found[1], found[2]
    unreadable = "could not parse formatting clause: "
    if not letter:
        raise Failure(f"{unreadable}error while parsing precision: could not find end of precision specifier")
    if digits == ".":
        why = 'error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax'
        raise Failure(f"{unreadable}error while parsing precision: {why}")
    if letter not in _WRITERS:
        raise Failure(f'{unreadable}unrecognized formatting clause "{letter}"')
    return Clause(letter, _PRECISION if digits is None else int(digits[1:]))


def write_clauses(source: str, values: Sequence[Value]) -> str:
    """Raises Failure."""
    parts = []
    index = 0
    for each in clauses_of(source):
        if isinstance(each, str):
            parts.append(each)
            continue
        if index >= len(values):
            raise Failure(f"index {index} out of range")
        clause = read_clause(each)
        why = refusal(clause.letter, type_name(values[index]), values[index])
        if why:
            raise Failure(f"error during formatting: {why}")
        parts.append(_WRITERS[clause.letter](values[index], clause.precision))
        index += 1
    return "".join(parts)


def refusal(letter: str, kind: str, value: Value = None) -> str:
    """Why a value of a type cannot stand where a clause is; empty if it can."""
    allowed, words = _TAKEN[letter]
    if kind in allowed or (kind == "string" and letter in "fe" and value in _NO_NUMBERS):
        return ""
    return f"{words}, was given {shown_type(kind)}"


def _write(value: Value, precision: int = 0) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_write_inside, value))}]"
    if isinstance(value, dict):
        pairs = ((_write_inside(key), _write_inside(each)) for key, each in value.items())
        return f"{{{', '.join(f'{key}:{each}' for key, each in sorted(pairs))}}}"
    return "null" if value is None else to_string(value)


def _write_inside(value: Value) -> str:
    """As an expression would have it."""
    match value:
        case str():
            return quote(value)
        case bytes():
            return f"b{quote(value.decode(errors='replace'))}"
        case float():
            plain = f"{value:.{_PRECISION}f}"
            return plain if math.isfinite(value) else quote(_no_number(value))
        case datetime():
            return f"timestamp({quote(to_string(value))})"
        case timedelta():
            return f"duration({quote(to_string(value))})"
    if type_name(value) not in _SCALARS | {"list", "map"}:
        raise Failure(f"error during formatting: no formatting function for {type_name(value)}")
    return _write(value)


def _no_number(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _write_fixed(value: Value, precision: int) -> str:
    number = float(value)
    if math.isfinite(number):
        return f"{number:,.{precision}f}"
    return "NaN" if math.isnan(number) else "∞" if number > 0 else "-∞"


def _write_scientific(value: Value, precision: int) -> str:
    """The precision is the least width, which nothing finite is short of."""
    number = float(value)
    if not math.isfinite(number):
        return _write_fixed(number, 0).rjust(precision)
    digits, _, exponent = f"{number:.{_PRECISION}e}".partition("e")
    power = f"{int(exponent):03d}" if int(exponent) < 0 else f"{int(exponent):02d}"
    return f"{digits}\u202f×\u202f10{power.translate(_RAISED)}".rjust(precision)  # the sign of a product


def _write_hexadecimal(value: Value, precision: int) -> str:
    if isinstance(value, str | bytes):
        return (value.encode() if isinstance(value, str) else value).hex()
    return f"{int(value):x}"


_INTEGERS = frozenset({"int", "uint"})
_TAKEN: Mapping[str, tuple[frozenset[str], str]] = {
    "s": (
        _SCALARS | {"list", "map"},
        "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and "
        "timestamps",
    ),
    "d": (_INTEGERS, "decimal clause can only be used on integers"),
    "f": (frozenset({"double"}), "fixed-point clause can only be used on doubles"),
    "e": (frozenset({"double"}), "scientific clause can only be used on doubles"),
    "b": (_INTEGERS | {"bool"}, "only integers and bools can be formatted as binary"),
    "o": (_INTEGERS, "octal clause can only be used on integers"),
    **dict.fromkeys(
        "xX",
        (_INTEGERS | {"string", "bytes"}, "only integers, byte buffers, and strings can be formatted as hex"),
    ),
}
_WRITERS: Mapping[str, Callable[[Value, int], str]] = {
    "s": _write,
    "d": lambda value, _: str(int(value)),
    "f": _write_fixed,
    "e": _write_scientific,
    "b": lambda value, _: f"{int(value):b}",
    "o": lambda value, _: f"{int(value):o}",
    "x": _write_hexadecimal,
    "X": lambda value, precision: _write_hexadecimal(value, precision).upper(),
}
