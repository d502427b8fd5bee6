"""Functions of lists and sets: those of CEL, of cel-go's lists and sets, and Kubernetes' own.

Sources: cel-go, `ext/lists.go` and `ext/sets.go`; Kubernetes, `apiserver/pkg/cel/library/lists.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

from dbaas.apiserver.schemas.expressions.failures import Failure, NoOverload
from dbaas.apiserver.schemas.expressions.numbers import OPERATORS, add
from dbaas.apiserver.schemas.expressions.things import Maybe, Value, equal, is_in

_LONGEST_RANGE = 1_000_000  # dearer than any expression may be


def index_of(whole: Value, part: Value, start: int = 0) -> int:
    if isinstance(whole, str):
        return whole.find(part, _position(start))
    return next((index for index, each in enumerate(whole) if equal(each, part)), -1)


def last_index_of(whole: Value, part: Value, start: int | None = None) -> int:
    if isinstance(whole, str):
        if start is None:
            return whole.rfind(part)
        return whole.rfind(part, 0, _position(start) + len(part))
    return next((index for index in reversed(range(len(whole))) if equal(whole[index], part)), -1)


def _position(start: int) -> int:
    if start < 0:
        raise Failure(f"index out of range: {start}")
    return start


def is_sorted(values: Sequence[Value]) -> bool:
    return all(OPERATORS["_<=_"](one, other) for one, other in pairwise(values))


def total(values: Sequence[Value]) -> Value:
    if not values:
        return 0
    found = values[0]
    for each in values[1:]:
        found = add(found, each)
    if not isinstance(found, int | float | timedelta):
        raise NoOverload("sum(list)")
    return found


def smallest(values: Sequence[Value]) -> Value:
    if not values:
        raise Failure("min called on empty list")
    return min(values)


def largest(values: Sequence[Value]) -> Value:
    if not values:
        raise Failure("max called on empty list")
    return max(values)


def sort(values: list[Value]) -> list[Value]:
    return sort_by(values, values)


def sort_by(values: Sequence[Value], keys: Sequence[Value]) -> list[Value]:
    """In the order of the keys, which are one for each."""
    if any(type(each) is not type(keys[0]) for each in keys):
        raise Failure("list elements must have the same type")
    return [values[index] for index in sorted(range(len(values)), key=keys.__getitem__)]


def cut(values: Sequence[Value], start: int, end: int) -> list[Value]:
    asked = f"cannot slice({start}, {end}), "
    if start < 0 or end < 0:
        raise Failure(f"{asked}negative indexes not supported")
    if start > end:
        raise Failure(f"{asked}start index must be less than or equal to end index")
    if len(values) < end:
        raise Failure(f"{asked}list is length {len(values)}")
    return list(values[start:end])


def flatten(values: Sequence[Value], depth: int = 1) -> list[Value]:
    if depth < 0:
        raise Failure("level must be non-negative")
    found: list[Value] = []
    for each in values:
        found += flatten(each, depth - 1) if isinstance(each, list) and depth else [each]
    return found


def distinct(values: Sequence[Value]) -> list[Value]:
    found: list[Value] = []
    for each in values:
        if not is_in(each, found):
            found.append(each)
    return found


def count_to(end: int) -> list[int]:
    return list(range(min(end, _LONGEST_RANGE)))


def is_superset(whole: Sequence[Value], part: Sequence[Value]) -> bool:
    return all(is_in(each, whole) for each in part)


def is_same_set(one: Sequence[Value], other: Sequence[Value]) -> bool:
    return is_superset(one, other) and is_superset(other, one)


def shares_elements(one: Sequence[Value], other: Sequence[Value]) -> bool:
    return any(is_in(each, other) for each in one)


def first(values: Sequence[Value]) -> Maybe:
    return Maybe(values[0], is_present=True) if values else Maybe()


def last(values: Sequence[Value]) -> Maybe:
    return first(values[-1:])


def unwrap(values: Sequence[Maybe]) -> list[Value]:
    """What those have that have a value."""
    if not all(isinstance(each, Maybe) for each in values):
        raise NoOverload("unwrapOpt(list)")
    return [each.value for each in values if each.is_present]


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "size": len,
    "indexOf": index_of,
    "lastIndexOf": last_index_of,
    "isSorted": is_sorted,
    "sum": total,
    "min": smallest,
    "max": largest,
    "sort": sort,
    "@sortByAssociatedKeys": sort_by,
    "slice": cut,
    "flatten": flatten,
    "distinct": distinct,
    "reverse": lambda values: values[::-1],
    "lists.range": count_to,
    "sets.contains": is_superset,
    "sets.equivalent": is_same_set,
    "sets.intersects": shares_elements,
    "first": first,
    "last": last,
    "optional.unwrap": unwrap,
    "unwrapOpt": unwrap,
}
