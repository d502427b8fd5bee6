"""Which fields the maker of an object owns, remembered by the object's shape: its names, without its contents.

Objects are made by programs, so most new ones have the shape of an earlier one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from dbaas.apiserver.fields.elements import field
from dbaas.apiserver.fields.ownership import ignored_fields, strip
from dbaas.apiserver.fields.places import DEDUCED, Type
from dbaas.apiserver.fields.sets import FieldSet
from dbaas.apiserver.fields.walks import grouped

MOST_SHAPES = 512
LONGEST_SHAPE = 512  # longer ones are rare, and much to remember
_OPEN = (dict, list)
_MAP, _LIST, _END = 0, 1, 2  # a place begins or ends; all other parts of a shape are names

Shape = Sequence[str | int]


def fields_of_new(obj: Mapping[str, Any], root: Type, reset: Collection[tuple[str, ...]]) -> FieldSet:
    """`obj` is without managedFields. The paths of `reset` are not owned; nor is what the server sets."""
    shape: list[str | int] = []
    _describe(obj, root, shape)
    owned = _remembered if len(shape) <= LONGEST_SHAPE else _owned
    return owned(tuple(shape), tuple(reset))


def _describe(value: Any, place: Type, shape: list[str | int]) -> None:
    """Adds what is inside a filled map or list that is not owned as a whole."""
    if isinstance(value, list):
        _describe_list(value, place, shape)
    elif not place.is_atomic_map:
        shape.append(_MAP)
        for key, each in value.items():
            shape.append(key)
            if each and type(each) in _OPEN:
                _describe(each, place.field(key) or DEDUCED, shape)
        shape.append(_END)


def _describe_list(value: Sequence[Any], place: Type, shape: list[str | int]) -> None:
    if place.is_atomic_list:
        return
    shape.append(_LIST)
    for step, each in grouped(value, place).items():
        shape.append(step)
        if len(each) == 1 and each[0] and type(each[0]) in _OPEN:
            _describe(each[0], place.items(), shape)
    shape.append(_END)


def _owned(shape: Shape, reset: Sequence[tuple[str, ...]]) -> FieldSet:
    parts = iter(shape)
    found = _read(parts, is_map=True) if next(parts, _END) == _MAP else FieldSet()
    return strip(found.without(ignored_fields(reset)))


_remembered = lru_cache(maxsize=MOST_SHAPES)(_owned)


def _read(parts: Iterator[str | int], *, is_map: bool) -> FieldSet:
    """To the end of this place."""
    found, step = FieldSet(), ""
    for part in parts:
        if isinstance(part, str):
            step = field(part) if is_map else part
            found.members.add(step)
        elif part == _END:
            break
        elif below := _read(parts, is_map=part == _MAP):
            found.children[step] = below
    return found
