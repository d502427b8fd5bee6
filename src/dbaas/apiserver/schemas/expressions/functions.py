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

import cel

from dbaas.apiserver.schemas.expressions import addresses, quantities
from dbaas.apiserver.schemas.patterns import compile_pattern
from dbaas.apiserver.schemas.wording import format_plain

Function = Callable[..., Any]

OPERATORS = frozenset(
    {"!_", "-_", "@in", "@not_strictly_false", "_!=_", "_%_", "_&&_", "_*_", "_+_", "_-_", "_/_", "_<=_", "_<_"}
) | {"_==_", "_>=_", "_>_", "_?_:_", "_[_]", "_||_", "_in_"}
NATIVE = frozenset(
    {"contains", "startsWith", "endsWith", "type", "dyn", "int", "double", "timestamp", "duration"}
    | {"hasValue", "value", "or", "orValue", "of", "ofNonZeroValue", "none"}
)
KNOWN_NAMES = frozenset({"self", "oldSelf", "optional"}) | frozenset(
    {"int", "uint", "double", "bool", "string", "bytes", "list", "map", "type", "null_type"}
)
_BOUND = re.compile(r"\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,")


def size(value: Any) -> int:
    return len(value)


def matches(text: str, pattern: str) -> bool:
    return compile_pattern(pattern).search(text) is not None


def to_string(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, Mapping):
        return str(next(iter(value.values())))  # an address
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


def is_superset(whole: Sequence[Any], part: Sequence[Any]) -> bool:
    return all(_is_in(each, whole) for each in part)


def is_same_set(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return is_superset(one, other) and is_superset(other, one)


def shares_elements(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return any(_is_in(each, other) for each in one)


def _is_in(value: Any, values: Sequence[Any]) -> bool:
    return any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in values)


def to_optional(value: Any) -> cel.OptionalValue:
    return value if isinstance(value, cel.OptionalValue) else cel.OptionalValue.of(value)


def unwrap(values: Sequence[Any]) -> list[Any]:
    """What those have that have a value."""
    return [_value_of(each) for each in values if not _is_absent(each)]


def first(values: Sequence[Any]) -> cel.OptionalValue:
    return cel.OptionalValue.of(values[0]) if values else cel.OptionalValue.none()


def last(values: Sequence[Any]) -> cel.OptionalValue:
    return first(values[-1:])


def present_elements(values: Sequence[Any], optional: Sequence[int]) -> list[Any]:
    """Without those at the optional places that have no value."""
    kept = [index for index, each in enumerate(values) if index not in optional or not _is_absent(each)]
    return [_value_of(values[index]) if index in optional else values[index] for index in kept]


def present_entries(pairs: Sequence[Sequence[Any]], optional: Sequence[int]) -> dict[Any, Any]:
    kept = [index for index, (_, each) in enumerate(pairs) if index not in optional or not _is_absent(each)]
    return {pairs[i][0]: _value_of(pairs[i][1]) if i in optional else pairs[i][1] for i in kept}


def _is_absent(value: Any) -> bool:
    return isinstance(value, cel.OptionalValue) and not value.has_value()


def _value_of(value: Any) -> Any:
    """The library hands over some optional values as what they have."""
    return value.value() if isinstance(value, cel.OptionalValue) else value


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
    "first": first,
    "last": last,
    "unwrapOpt": unwrap,
}
_NAMESPACED: Mapping[str, tuple[str, Function]] = {
    "sets.contains": ("isSuperset", is_superset),
    "sets.equivalent": ("isSameSet", is_same_set),
    "sets.intersects": ("sharesElements", shares_elements),
    "optional.unwrap": ("unwrapOpt", unwrap),
    "ip.isCanonical": ("isCanonicalAddress", addresses.is_canonical),
}
_OPTIONAL: Mapping[str, tuple[str, Function]] = {
    "toOptional": ("toOptional", to_optional),
    "presentElements": ("presentElements", present_elements),
    "presentEntries": ("presentEntries", present_entries),
}
_RENAMED = {**REPLACED, **_NAMESPACED, **_OPTIONAL}
FUNCTIONS: dict[str, Function] = {**ADDED, **addresses.FUNCTIONS, **quantities.FUNCTIONS, **dict(_RENAMED.values())}
PROVEN = OPERATORS | NATIVE | frozenset(FUNCTIONS)
NAMES: Mapping[str, str] = {name: ours for name, (ours, _) in _RENAMED.items()}


def unknown_names(source: str, variables: Iterable[str]) -> list[str]:
    """Names that are neither given to rules nor bound by a macro: namespaces of functions that are not there."""
    return sorted(set(variables) - KNOWN_NAMES - set(_BOUND.findall(source)))


def original_name(function: str) -> str:
    return next((name for name, ours in NAMES.items() if ours == function), function)
