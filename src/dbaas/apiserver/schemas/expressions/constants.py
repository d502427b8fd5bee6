"""Constants that a call cannot take, whatever the rest of the expression is: patterns, times and durations.

Source: cel-go, `cel/validator.go`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from dbaas.apiserver.schemas.expressions.syntax import Call, Constant
from dbaas.apiserver.schemas.patterns import PatternRefused, compile_pattern

_DURATION = re.compile(r"[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)")


def invalid_constant(call: Call) -> Constant | None:
    """The argument that is invalid."""
    place = 1 if call.function == "matches" and call.target is None else 0
    found = call.arguments[place] if place < len(call.arguments) else None
    if not isinstance(found, Constant):
        return None
    if call.function == "duration" and found.type == "int":
        return found
    is_valid = _CHECKS.get(call.function)
    return None if is_valid is None or found.text is None or is_valid(found.text) else found


def _is_pattern(text: str) -> bool:
    try:
        compile_pattern(text)
    except PatternRefused:
        return False
    return True


def _is_time(text: str) -> bool:
    if _TIMESTAMP.fullmatch(text) is None:
        return False
    try:
        datetime.fromisoformat(f"{text[:19]}+00:00")
    except ValueError:
        return text[:4] == "0000"  # a year that Go knows and Python does not
    return True


_CHECKS: Mapping[str, Callable[[str], bool]] = {
    **dict.fromkeys(("matches", "find", "findAll"), _is_pattern),
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "timestamp": _is_time,
}
