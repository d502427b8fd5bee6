"""What values of expressions are beside those that JSON has, and what can be asked of any value."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

Value = Any  # what a name or a call stands for: of JSON, of the modules beside, or of this one


class UInt(int):
    """A number that is written with a `u`: not below zero, and of another type than an int."""


@dataclass(frozen=True, slots=True)
class Maybe:
    """What `.?` and `optional.of` give."""

    value: Value = None
    is_present: bool = False


@dataclass(frozen=True, slots=True)
class TypeName:
    """The type of a value, as a value."""

    name: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """A value of one of Kubernetes' own types. `content` is what makes it equal to another."""

    type: str
    content: Any


class SetList(list[Value]):
    """A list whose order says nothing, and which has nothing twice (`x-kubernetes-list-type: set`)."""


class KeyedList(list[Value]):
    """A list whose order says nothing, and whose elements are told apart by their keys."""

    def __init__(self, elements: Sequence[Value], keys: Sequence[str]) -> None:
        super().__init__(elements)
        self.keys = keys

    def key_of(self, element: Value) -> tuple[str, ...]:
        return tuple(repr(element.get(name)) if isinstance(element, dict) else "" for name in self.keys)


_NAMES: dict[type, str] = {
    bool: "bool",
    int: "int",
    UInt: "uint",
    float: "double",
    str: "string",
    bytes: "bytes",
    list: "list",
    SetList: "list",
    KeyedList: "list",
    dict: "map",
    type(None): "null",
    Maybe: "optional_type",
    TypeName: "type",
    datetime: "timestamp",
    timedelta: "duration",
}
_SHOWN = {"timestamp": "google.protobuf.Timestamp", "duration": "google.protobuf.Duration", "null": "null_type"}


def type_name(value: Value) -> str:
    """As signatures name it."""
    return value.type if isinstance(value, Opaque) else _NAMES[type(value)]


def shown_type(name: str) -> str:
    return _SHOWN.get(name, name)


def size_of(value: Value) -> int:
    """What a cost is counted by: characters, bytes, elements or entries; one for what has no size."""
    if isinstance(value, str | bytes | list | dict):
        return len(value)
    if isinstance(value, Maybe) and value.is_present:
        return size_of(value.value)
    if isinstance(value, Opaque) and value.type == "net.IP":
        return ip_address(value.content).max_prefixlen // 8
    if isinstance(value, Opaque) and value.type == "net.CIDR":
        return math.ceil(int(value.content.rpartition("/")[2]) / 8)
    return 1


def equal(one: Value, other: Value) -> bool:
    """Numbers are equal across their types; lists with an order of no meaning, in any order."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) or isinstance(other, int | float):
        return isinstance(one, int | float) and isinstance(other, int | float) and one == other
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and _same_elements(one, other)
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and len(one) == len(other)
            and all(key in other and equal(each, other[key]) for key, each in one.items())
        )
    if isinstance(one, Maybe):
        return isinstance(other, Maybe) and one.is_present == other.is_present and equal(one.value, other.value)
    return type(one) is type(other) and bool(one == other)


def _same_elements(one: list[Value], other: list[Value]) -> bool:
    if isinstance(one, SetList):
        return all(is_in(each, one) for each in other)
    if isinstance(one, KeyedList):
        by_key = {one.key_of(each): each for each in one}
        keys = [one.key_of(each) for each in other]
        return all(key in by_key and equal(by_key[key], each) for key, each in zip(keys, other, strict=True))
    return all(map(equal, one, other))


def is_in(value: Value, container: Value) -> bool:
    if isinstance(container, dict):
        return value in container
    return any(equal(value, each) for each in container)
