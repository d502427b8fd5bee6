"""The functions that rules may call: those that give the same answers as kube-apiserver's.

The library has the core of CEL. What Kubernetes adds (cel-go's strings, its own lists and regex) is written here, and
so are a few that the library answers differently: `size` counts code points, `matches` is RE2, `string` writes as Go.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from dbaas.apiserver.schemas.patterns import compile_pattern
from dbaas.apiserver.schemas.wording import format_plain

Function = Callable[..., Any]

OPERATORS = frozenset(
    {"!_", "-_", "@in", "@not_strictly_false", "_!=_", "_%_", "_&&_", "_*_", "_+_", "_-_", "_/_", "_<=_", "_<_"}
) | {"_==_", "_>=_", "_>_", "_?_:_", "_[_]", "_||_", "_in_"}
NATIVE = frozenset(
    {"contains", "startsWith", "endsWith", "type", "dyn", "int", "double", "timestamp", "duration"}
    | {"hasValue", "value", "orValue", "of", "none"}
)
KNOWN_NAMES = frozenset({"self", "oldSelf", "optional"}) | frozenset(
    {"int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "null_type"}
)
_BOUND = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")
_CALL = re.compile(
    r"""(?P<literal>[bB]?[rR](?:'[^']*'|"[^"]*")|[bB]?(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"))"""
    r"""|(?P<name>[A-Za-z_]\w*)(?=\s*\()""",
    re.DOTALL,
)


def size(value: Any) -> int:
    return len(value)


def matches(text: str, pattern: str) -> bool:
    return compile_pattern(pattern).search(text) is not None


def to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, timedelta):
        return f"{format_plain(value.total_seconds())}s"
    return format_plain(value)


def _ascii_cased(text: str, change: Callable[[str], str]) -> str:
    return "".join(change(letter) if letter.isascii() else letter for letter in text)


def lower_ascii(text: str) -> str:
    return _ascii_cased(text, str.lower)


def upper_ascii(text: str) -> str:
    return _ascii_cased(text, str.upper)


def char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise IndexError(f"index out of range: {index}")
    return text[index : index + 1]


def substring(text: str, start: int, end: int | None = None) -> str:
    stop = len(text) if end is None else end
    for index in (start, stop):
        if not 0 <= index <= len(text):
            raise IndexError(f"index out of range: {index}")
    if start > stop:
        raise IndexError(f"invalid substring range. start: {start}, end: {stop}")
    return text[start:stop]


def replace(text: str, old: str, new: str, limit: int = -1) -> str:
    return text.replace(old, new, limit)


def split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    if separator == "":
        letters = list(text)
        return letters if limit < 0 else [*letters[: limit - 1], "".join(letters[limit - 1 :])]
    return text.split(separator, limit - 1 if limit > 0 else -1)


def join(parts: Sequence[str], separator: str = "") -> str:
    return separator.join(parts)


def index_of(whole: Any, part: Any, start: int = 0) -> int:
    if isinstance(whole, str):
        return whole.find(part, start)
    return next((index for index, each in enumerate(whole) if each == part), -1)


def last_index_of(whole: Any, part: Any, start: int | None = None) -> int:
    if isinstance(whole, str):
        return whole.rfind(part) if start is None else whole.rfind(part, 0, start + len(part))
    return next((index for index in reversed(range(len(whole))) if whole[index] == part), -1)


def is_sorted(values: Sequence[Any]) -> bool:
    return all(one <= other for one, other in pairwise(values))


def find(text: str, pattern: str) -> str:
    found = compile_pattern(pattern).search(text)
    return found.group() if found else ""


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = [match.group() for match in compile_pattern(pattern).finditer(text)]
    return found if limit < 0 else found[:limit]


def smallest(values: Sequence[Any]) -> Any:
    if not values:
        raise ValueError("min called on empty list")
    return min(values)


def largest(values: Sequence[Any]) -> Any:
    if not values:
        raise ValueError("max called on empty list")
    return max(values)


def _part(of_moment: Callable[[datetime], int], of_span: Callable[[timedelta], int] | None = None) -> Function:
    """A part of a moment, in UTC or in the zone that is named, or of a span of time."""

    def read(value: datetime | timedelta, zone: str = "UTC") -> int:
        if isinstance(value, timedelta):
            if of_span is None:
                raise ValueError("no such overload")
            return of_span(value)
        return of_moment(value.astimezone(ZoneInfo(zone)))

    return read


REPLACED: Mapping[str, tuple[str, Function]] = {
    "size": ("sizeOf", size),
    "matches": ("matchesPattern", matches),
    "string": ("toString", to_string),
    "getFullYear": ("yearOf", _part(lambda moment: moment.year)),
    "getMonth": ("monthOf", _part(lambda moment: moment.month - 1)),
    "getDate": ("dateOf", _part(lambda moment: moment.day)),
    "getDayOfMonth": ("dayOfMonthOf", _part(lambda moment: moment.day - 1)),
    "getDayOfWeek": ("dayOfWeekOf", _part(lambda moment: moment.isoweekday() % 7)),
    "getDayOfYear": ("dayOfYearOf", _part(lambda moment: moment.timetuple().tm_yday - 1)),
    "getHours": ("hoursOf", _part(lambda moment: moment.hour, lambda span: int(span.total_seconds() / 3600))),
    "getMinutes": ("minutesOf", _part(lambda moment: moment.minute, lambda span: int(span.total_seconds() / 60))),
    "getSeconds": ("secondsOf", _part(lambda moment: moment.second, lambda span: int(span.total_seconds()))),
}
ADDED: Mapping[str, Function] = {
    "lowerAscii": lower_ascii,
    "upperAscii": upper_ascii,
    "charAt": char_at,
    "substring": substring,
    "replace": replace,
    "trim": str.strip,
    "split": split,
    "join": join,
    "indexOf": index_of,
    "lastIndexOf": last_index_of,
    "isSorted": is_sorted,
    "sum": sum,
    "min": smallest,
    "max": largest,
    "find": find,
    "findAll": find_all,
}
FUNCTIONS: dict[str, Function] = {**ADDED, **dict(REPLACED.values())}
PROVEN = OPERATORS | NATIVE | frozenset(FUNCTIONS)


def redirect_calls(source: str) -> str:
    """The expression with calls of replaced functions sent to ours; text in quotes stays as it is."""

    def rename(match: re.Match[str]) -> str:
        name = match["name"]
        return REPLACED[name][0] if name in REPLACED else match.group()

    return _CALL.sub(rename, source)


def unknown_names(source: str, variables: Iterable[str]) -> list[str]:
    """Names that are neither given to rules nor bound by a macro: namespaces of functions that are not there."""
    plain = _CALL.sub(lambda match: '""' if match["literal"] else match.group(), source)
    return sorted(set(variables) - KNOWN_NAMES - set(_BOUND.findall(plain)))


def original_name(function: str) -> str:
    return next((name for name, (ours, _) in REPLACED.items() if ours == function), function)
