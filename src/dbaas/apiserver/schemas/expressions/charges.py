"""What a call has cost once it was made, in the units of cel-go.

Sources: cel-go, `interpreter/runtimecost.go`, `ext/lists.go` and `ext/sets.go`; Kubernetes,
`apiserver/pkg/cel/library/cost.go`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from dbaas.apiserver.schemas.expressions.call_costs import PER_LETTER, PER_LETTER_OF_PATTERN
from dbaas.apiserver.schemas.expressions.named_formats import FORMATS
from dbaas.apiserver.schemas.expressions.things import Opaque, Value, size_of

Charge = Callable[[Sequence[Value], Value], int]
_TEXTS = (str, bytes)
_LIST = 11  # what a call costs that makes a list, beside what it does with the elements


def _scaled(count: int, factor: float = PER_LETTER) -> int:
    return math.ceil(count * factor)


def _walk(value: Value) -> int:
    if isinstance(value, str):
        return int(len(value.encode()) * PER_LETTER)
    if isinstance(value, bytes):
        return int(len(value) * PER_LETTER)
    if isinstance(value, list):
        return sum(map(_walk, value))
    if isinstance(value, dict):
        return sum(_walk(key) + _walk(each) for key, each in value.items())
    return 1


def _equal(arguments: Sequence[Value], _: Value) -> int:
    return 1 if isinstance(arguments[0], Opaque) else _compared(arguments, _)


def _compared(arguments: Sequence[Value], _: Value) -> int:
    return _scaled(min(size_of(arguments[0]), size_of(arguments[1])))


def _ordered(arguments: Sequence[Value], _: Value) -> int:
    return _compared(arguments, _) if isinstance(arguments[0], _TEXTS) else 1


def _added(arguments: Sequence[Value], _: Value) -> int:
    return _scaled(len(arguments[0]) + len(arguments[1])) if isinstance(arguments[0], _TEXTS) else 1


def _looked_up(arguments: Sequence[Value], _: Value) -> int:
    return len(arguments[1]) if isinstance(arguments[1], list) else 1


def _read(factor: float = PER_LETTER) -> Charge:
    return lambda arguments, _: _scaled(size_of(arguments[0]), factor)


def _matched(arguments: Sequence[Value], _: Value) -> int:
    return _scaled(1 + len(arguments[0])) * _scaled(len(arguments[1]), PER_LETTER_OF_PATTERN)


def _contained(arguments: Sequence[Value], _: Value) -> int:
    return _scaled(len(arguments[0])) * _scaled(len(arguments[1]))


def _joined(_: Sequence[Value], result: Value) -> int:
    return _scaled(len(result), 2 * PER_LETTER)


def _converted(arguments: Sequence[Value], _: Value) -> int:
    """Only texts and bytes are walked over when one becomes the other."""
    return _scaled(len(arguments[0])) if isinstance(arguments[0], _TEXTS) else 1


def _address(arguments: Sequence[Value], _: Value) -> int:
    return 1 if isinstance(arguments[0], Opaque) else _scaled(len(arguments[0]))


def _holds_address(arguments: Sequence[Value], _: Value) -> int:
    parsed = _scaled(len(arguments[1])) if isinstance(arguments[1], str) else 0
    return _scaled(2 * size_of(arguments[0])) + parsed


def _holds_network(arguments: Sequence[Value], _: Value) -> int:
    return _holds_address(arguments, _) + _scaled(size_of(arguments[0])) + 1


def _validated(arguments: Sequence[Value], _: Value) -> int:
    pattern_size = FORMATS[arguments[0].content].pattern_size
    return _scaled(1 + len(arguments[1])) * _scaled(pattern_size, PER_LETTER_OF_PATTERN)


def _made(arguments: Sequence[Value], result: Value) -> int:
    return len(result) + _LIST


def _flattened(arguments: Sequence[Value], _: Value) -> int:
    return len(arguments[0]) * (arguments[1] if len(arguments) > 1 else 1) + _LIST


def _sorted_by(place: int) -> Charge:
    def charge(arguments: Sequence[Value], _: Value) -> int:
        keys = arguments[place]
        factor = 2 + PER_LETTER if keys and isinstance(keys[0], _TEXTS) else 2
        return int(len(keys) ** 2 * factor) + _LIST

    return charge


def _sets(factor: int) -> Charge:
    return lambda arguments, _: len(arguments[0]) * len(arguments[1]) * factor + 1


CHARGES: Mapping[str, Charge] = {
    "_==_": _equal,
    "_!=_": _compared,
    **dict.fromkeys(("_<_", "_<=_", "_>_", "_>=_"), _ordered),
    "_+_": _added,
    "@in": _looked_up,
    "contains": _contained,
    **dict.fromkeys(("matches", "find", "findAll"), _matched),
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), lambda given, _: _walk(given[0])),
    **dict.fromkeys(("startsWith", "endsWith", "format", "strings.quote"), _read()),
    **dict.fromkeys(("url", "lowerAscii", "upperAscii", "substring", "trim", "cidr", "isIP", "isCIDR"), _read()),
    **dict.fromkeys(("quantity", "isQuantity", "semver", "isSemver"), _read()),
    **dict.fromkeys(("replace", "split", "ip.isCanonical"), _read(2 * PER_LETTER)),
    "join": _joined,
    "bytes": lambda given, _: _converted(given, _) if isinstance(given[0], str) else 1,
    "string": lambda given, _: _converted(given, _) if isinstance(given[0], bytes) else 1,
    "ip": _address,
    "containsIP": _holds_address,
    "containsCIDR": _holds_network,
    "validate": _validated,
    **dict.fromkeys(("slice", "reverse", "lists.range"), _made),
    "flatten": _flattened,
    **dict.fromkeys(("sort", "distinct"), _sorted_by(0)),
    "@sortByAssociatedKeys": _sorted_by(1),
    **dict.fromkeys(("sets.contains", "sets.intersects"), _sets(1)),
    "sets.equivalent": _sets(2),
}
