"""What calls of functions cost at most, and how large their results are, without what their arguments cost.

Sources: cel-go, `checker/cost.go`, `ext/lists.go` and `ext/sets.go`; Kubernetes, `apiserver/pkg/cel/library/cost.go`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dbaas.apiserver.schemas.expressions.signatures import Signature
from dbaas.apiserver.schemas.expressions.sizes import MOST, ONE, UNKNOWN, Size, scale
from dbaas.apiserver.schemas.expressions.static_types import Type

PER_LETTER = 0.1
_LONGEST_ADDRESS = 16
_COMPARED_AT_ONCE = frozenset({"net.IP", "net.CIDR", "kubernetes.Quantity", "kubernetes.Semver"})
PER_LETTER_OF_PATTERN = 0.25
_MEASURED = frozenset({"string", "bytes"})
_LONGEST_PATTERN = 128
_LONGEST_NAME_OF_FORMAT = 64
_NEW_LIST = 10


class Price(NamedTuple):
    """`size` is None where the call says nothing about the size of what it gives."""

    cost: int
    size: Size | None = None


@dataclass(frozen=True)
class Operand:
    """A target or an argument. `element` is the size of the elements of a list, `number` that of a constant."""

    type: Type
    size: Size = UNKNOWN
    element: Size = UNKNOWN
    number: int | None = None


Operands = Sequence[Operand]


def price_of(name: str, signature: Signature, operands: Operands) -> Price:
    """`operands` begin with the target of a method."""
    by_name = _BY_NAME.get(name)
    if by_name is not None and by_name.is_method == signature.is_method:
        return by_name.price(operands)
    last = signature.arguments[-1].name if signature.arguments else ""
    by_type = _BY_TYPE.get((name, last))
    return by_type(operands) if by_type is not None else Price(1)


def _equal(operands: Operands) -> Price:
    one, other = (each.type for each in operands)
    if one == other and one.name == "kubernetes.NamedFormat":
        return Price(scale(_LONGEST_NAME_OF_FORMAT, PER_LETTER))
    return Price(1) if one == other and one.name in _COMPARED_AT_ONCE else _compared(operands)


def _compared(operands: Operands) -> Price:
    return Price(scale(min(each.size.most for each in operands), PER_LETTER))


def _joined_texts(operands: Operands) -> Price:
    size = operands[0].size.plus(operands[1].size)
    return Price(scale(size.most, PER_LETTER), size)


def _joined_lists(operands: Operands) -> Price:
    return Price(1, operands[0].size.plus(operands[1].size))


def _looked_up(operands: Operands) -> Price:
    return Price(operands[1].size.most)


def _read_as_text(operands: Operands) -> Price:
    size = operands[0].size
    return Price(scale(size.most, PER_LETTER), Size(size.least // 4, size.most))


def _ended(operands: Operands) -> Price:
    return Price(scale(operands[1].size.most, PER_LETTER))


def _containing(operands: Operands) -> Price:
    whole, part = (scale(each.size.most, PER_LETTER) for each in operands)
    return Price(whole * part)


def _matching(operands: Operands) -> Price:
    letters = scale(operands[0].size.plus(ONE).most, PER_LETTER)
    return Price(letters * scale(operands[1].size.most, PER_LETTER_OF_PATTERN))


def _finding(operands: Operands) -> Price:
    return Price(_matching(operands).cost, Size(0, operands[0].size.most))


def _walked(operands: Operands) -> Price:
    """Each element of a list is looked at, or each letter of a string."""
    target = operands[0]
    if not target.type.parameters:
        return Price(scale(target.size.most, PER_LETTER))
    is_text = target.type.parameters[0].name in _MEASURED
    each = 1 + (scale(target.element.most, PER_LETTER) if is_text else 0)
    return Price(target.size.most * each)


def _rewritten(operands: Operands) -> Price:
    return Price(scale(operands[0].size.most, PER_LETTER), operands[0].size)


def _replaced(operands: Operands) -> Price:
    size, old, new = (each.size for each in operands[:3])
    if old.least == 0:
        longest = min(size.most + 1, MOST) * new.most + size.most
    elif new.most <= old.least:
        longest = size.most
    else:
        longest = math.ceil(size.most / old.least) * new.most
    if old.most == 0:
        shortest = min(size.least + 1, MOST) * new.least + size.least
    elif old.most <= new.least:
        shortest = size.least
    else:
        shortest = math.ceil(size.least / old.most) * new.least
    return Price(scale(size.most, 2 * PER_LETTER), Size(min(shortest, MOST), min(longest, MOST)))


def _split(operands: Operands) -> Price:
    most = operands[0].size.most
    limit = operands[2].number if len(operands) > 2 else None
    return Price(scale(most, 2 * PER_LETTER), Size(0, most if limit is None else limit % (MOST + 1)))


def _joined_parts(operands: Operands) -> Price:
    parts = operands[0].size
    size = parts.times(operands[0].element) if operands[0].type.parameters else Size(0, 0)
    if len(operands) > 1:
        size = size.plus(operands[1].size.times(Size(max(parts.least - 1, 0), max(parts.most - 1, 0))))
    return Price(scale(size.most, PER_LETTER), size)


def _read(operands: Operands) -> Price:
    """A string is parsed into something else."""
    return Price(scale(operands[0].size.most, PER_LETTER))


def _read_twice(operands: Operands) -> Price:
    return Price(scale(operands[0].size.most, 2 * PER_LETTER))


def _containing_address(operands: Operands) -> Price:
    return Price(scale(2 * _LONGEST_ADDRESS, PER_LETTER) + _parsed(operands[1]))


def _containing_network(operands: Operands) -> Price:
    compared = scale(2 * _LONGEST_ADDRESS, PER_LETTER) + scale(_LONGEST_ADDRESS, PER_LETTER) + 1
    return Price(compared + _parsed(operands[1]))


def _parsed(operand: Operand) -> int:
    return scale(operand.size.most, PER_LETTER) if operand.type.name in ("string", "dyn") else 0


def _sets_compared(factor: int) -> Callable[[Operands], Price]:
    return lambda operands: Price(scale(operands[0].size.times(operands[1].size).most, factor) + 1)


def _read_along(operands: Operands) -> Price:
    """What is made is as large as the text."""
    return Price(scale(operands[0].size.most, PER_LETTER), operands[0].size)


def _quoted(operands: Operands) -> Price:
    size = operands[0].size
    longest = min(size.most * 2 + 2, MOST)
    return Price(scale(size.most, PER_LETTER), Size(min(size.least + 2, MOST), longest))


def _encoded(operands: Operands) -> Price:
    size = operands[0].size
    return Price(scale(size.most, PER_LETTER), Size(size.least, min(size.most * 4, MOST)))


def _validated(operands: Operands) -> Price:
    letters = scale(operands[1].size.most, PER_LETTER)
    return Price(scale(letters, _LONGEST_PATTERN * PER_LETTER_OF_PATTERN))


def _listed(size: Size, factor: float = 1) -> Price:
    return Price(min(scale(size.most, factor) + 1 + _NEW_LIST, MOST), size)


def _sliced(operands: Operands) -> Price:
    target, first, last = operands
    start = 0 if first.number is None else max(first.number, 0)
    end = target.size.most if last.number is None else max(last.number, 0)
    count = (end - start) % (MOST + 1)
    return _listed(Size(count, count))


def _ranged(operands: Operands) -> Price:
    count = MOST if operands[0].number is None else max(operands[0].number, 0)
    return _listed(Size(count, count))


def _flattened(operands: Operands) -> Price:
    depth = 1 if len(operands) == 1 else MOST if operands[1].number is None else max(operands[1].number, 0)
    return _listed(operands[0].size, float(depth))


def _compared_all(operands: Operands) -> Price:
    return _listed(operands[0].size.times(operands[0].size), 2)


def _sorted(place: int) -> Callable[[Operands], Price]:
    def price(operands: Operands) -> Price:
        keys = operands[place]
        is_text = bool(keys.type.parameters) and keys.type.parameters[0].name in _MEASURED
        return _listed(keys.size.times(keys.size), 2 + PER_LETTER if is_text else 2)

    return price


class _Named(NamedTuple):
    price: Callable[[Operands], Price]
    is_method: bool = True


_BY_NAME: Mapping[str, _Named] = {
    **dict.fromkeys(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"), _Named(_walked)),
    **dict.fromkeys(("lowerAscii", "upperAscii", "substring", "trim"), _Named(_rewritten)),
    **dict.fromkeys(("find", "findAll"), _Named(_finding)),
    "replace": _Named(_replaced),
    "split": _Named(_split),
    "join": _Named(_joined_parts),
    "matches": _Named(_matching),
    "contains": _Named(_containing),
    **dict.fromkeys(("startsWith", "endsWith"), _Named(_ended)),
    "_==_": _Named(_equal, is_method=False),
    "_!=_": _Named(_compared, is_method=False),
    **dict.fromkeys(("cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity"), _Named(_read, is_method=False)),
    **dict.fromkeys(("semver", "isSemver"), _Named(_read, is_method=False)),
    "url": _Named(_read_along, is_method=False),
    "strings.quote": _Named(_quoted, is_method=False),
    "bytes": _Named(_encoded, is_method=False),
    "format": _Named(_read),
    "validate": _Named(_validated),
    "slice": _Named(_sliced),
    "lists.range": _Named(_ranged, is_method=False),
    "reverse": _Named(lambda operands: _listed(operands[0].size)),
    "flatten": _Named(_flattened),
    "distinct": _Named(_compared_all),
    "sort": _Named(_sorted(0)),
    "@sortByAssociatedKeys": _Named(_sorted(1)),
    "ip.isCanonical": _Named(_read_twice, is_method=False),
    "containsIP": _Named(_containing_address),
    "containsCIDR": _Named(_containing_network),
    **dict.fromkeys(("sets.contains", "sets.intersects"), _Named(_sets_compared(1), is_method=False)),
    "sets.equivalent": _Named(_sets_compared(2), is_method=False),
}
_BY_TYPE: Mapping[tuple[str, str], Callable[[Operands], Price]] = {
    **{(f"_{sign}_", kind): _compared for sign in ("<", "<=", ">", ">=") for kind in _MEASURED},
    **{("_+_", kind): _joined_texts for kind in _MEASURED},
    ("_+_", "list"): _joined_lists,
    ("@in", "list"): _looked_up,
    ("string", "bytes"): _read_as_text,
}
