"""Walks over typed values: which fields a value has, how two differ, one merged into another, fields taken out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from dbaas.apiserver.fields import elements
from dbaas.apiserver.fields.places import Type, list_key
from dbaas.apiserver.fields.sets import FieldSet, Path
from dbaas.apiserver.schemas.nodes import ABSENT

_SHALLOW = 3


def same(one: Any, other: Any) -> bool:
    """Equality of values: numbers by size (1 is 1.0), true is not 1."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return len(one) == len(other) and all(key in other and same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    return bool(one == other)


def steps_of(values: Sequence[Any], place: Type) -> list[str]:
    """The step of each element of a list that is a set or a map; an element without a key has that of an empty one."""
    node = place.node
    if node is not None and node.list_type == "map":
        items = place.items()
        return [elements.key(list_key(v, items, node.list_keys) if isinstance(v, Mapping) else {}) for v in values]
    return [elements.value(value) for value in values]


def is_leaf(kind: str, place: Type, one: Any, other: Any = ABSENT) -> bool:
    """Whether a value is owned as a whole; empty and null ones are, so that they stay what they are."""
    if kind == "scalar" or (place.is_atomic_list if kind == "list" else place.is_atomic_map):
        return True
    return not (one is not ABSENT and one) and not (other is not ABSENT and other)


def fields_of(value: Any, place: Type) -> FieldSet:
    """What a manager owns that declares this value."""
    found = FieldSet()
    _collect(value, place, (), found)
    return found


def _collect(value: Any, place: Type, path: Path, found: FieldSet) -> None:
    kind = place.kind(value)
    if kind == "scalar" or (place.is_atomic_list if kind == "list" else place.is_atomic_map):
        found.insert(path)
    elif isinstance(value, list):
        steps = steps_of(value, place)
        for step, each in zip(steps, value, strict=True):
            if steps.count(step) == 1:
                _collect(each, place.items(), (*path, step), found)
            found.insert((*path, step))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            where = (*path, elements.field(key))
            _collect(each, place.field(key) or Type(None), where, found)
            if each is None or each == {} or not place.names(key):
                found.insert(where)


@dataclass(frozen=True)
class Comparison:
    """How a new value differs from an old one; no field is in two of these."""

    added: FieldSet = field(default_factory=FieldSet)
    modified: FieldSet = field(default_factory=FieldSet)
    removed: FieldSet = field(default_factory=FieldSet)

    def without(self, ignored: FieldSet) -> Comparison:
        if not ignored:
            return self
        return Comparison(self.added.without(ignored), self.modified.without(ignored), self.removed.without(ignored))

    @property
    def changed(self) -> FieldSet:
        return self.modified.union(self.added)


def compare(old: Any, new: Any, place: Type) -> Comparison:
    found = Comparison()
    _compare(old, new, place, (), found)
    return found


def _compare(old: Any, new: Any, place: Type, path: Path, found: Comparison) -> None:
    if old is new or (len(path) < _SHALLOW and _is_the_same_text(old, new)):
        return
    if path and (old is ABSENT or new is ABSENT):
        present, into = (new, found.added) if old is ABSENT else (old, found.removed)
        into.graft(path, everything_below(present, place))
        return
    kinds = {place.kind(each) for each in (old, new) if each is not ABSENT}
    if any(is_leaf(kind, place, old, new) for kind in kinds):
        if not same(old, new):
            found.modified.insert(path)
        kinds = {kind for kind in kinds if not is_leaf(kind, place, old, new)}
        if not kinds:
            return
    for kind in kinds:
        if kind == "map":
            _compare_maps(old, new, place, path, found)
        else:
            _compare_lists(old, new, place, path, found)


def everything_below(value: Any, place: Type) -> FieldSet:
    """All places inside a value, parents and elements included."""
    kind = place.kind(value)
    if is_leaf(kind, place, value):
        return FieldSet()
    if isinstance(value, list):
        groups = _grouped(value, place)
        single = {step: each[0] for step, each in groups.items() if len(each) == 1}
        return FieldSet(groups, {step: everything_below(each, place.items()) for step, each in single.items()})
    steps = {key: elements.field(key) for key in value}
    children = {step: everything_below(value[key], place.field(key) or Type(None)) for key, step in steps.items()}
    return FieldSet(steps.values(), children)


def _is_the_same_text(old: Any, new: Any) -> bool:
    """A quick answer for large values that did not change; no answer otherwise."""
    return isinstance(old, Mapping | list) and type(old) is type(new) and orjson.dumps(old) == orjson.dumps(new)


def _compare_maps(old: Any, new: Any, place: Type, path: Path, found: Comparison) -> None:
    before = old if isinstance(old, Mapping) else {}
    after = new if isinstance(new, Mapping) else {}
    for key in (*before, *(each for each in after if each not in before)):
        where = (*path, elements.field(key))
        _compare(before.get(key, ABSENT), after.get(key, ABSENT), place.field(key) or Type(None), where, found)


def _compare_lists(old: Any, new: Any, place: Type, path: Path, found: Comparison) -> None:
    before, after = (_grouped(each, place) if isinstance(each, list) else {} for each in (old, new))
    for step in (*before, *(each for each in after if each not in before)):
        where = (*path, step)
        left, right = before.get(step, []), after.get(step, [])
        if len(left) > 1 and len(right) > 1:
            if not same(left, right):
                found.modified.insert(where)
            continue
        # Of elements that stand more than once nobody knows which is meant: only the step itself counts.
        one = left[0] if len(left) == 1 else ABSENT
        other = right[0] if len(right) == 1 else ABSENT
        if one is not ABSENT or other is not ABSENT:
            _compare(one, other, place.items(), where, found)
        if len(left) > 1:
            found.removed.insert(where)
        if len(right) > 1:
            found.added.insert(where)


def _grouped(values: Sequence[Any], place: Type) -> dict[str, list[Any]]:
    groups: dict[str, list[Any]] = {}
    for step, each in zip(steps_of(values, place), values, strict=True):
        groups.setdefault(step, []).append(each)
    return groups


def remove(value: Any, fields: FieldSet, place: Type) -> Any:
    """The value without some fields; null where nothing of a list or map is left."""
    kind = place.kind(value)
    if kind == "map" and isinstance(value, Mapping):
        return None if place.is_atomic_map else _remove_from_map(value, fields, place) or None
    if kind == "list" and isinstance(value, list):
        return None if place.is_atomic_list else list(_remove_from_list(value, fields, place)) or None
    return value


def _remove_from_map(value: Mapping[str, Any], fields: FieldSet, place: Type) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for key, each in value.items():
        step = elements.field(key)
        if step not in fields.members:
            below = fields.children.get(step)
            kept[key] = remove(each, below, place.field(key) or Type(None)) if below else each
    return kept


def _remove_from_list(value: Sequence[Any], fields: FieldSet, place: Type) -> Iterator[Any]:
    for step, each in zip(steps_of(value, place), value, strict=True):
        if step not in fields.members:
            below = fields.children.get(step)
            yield remove(each, below, place.items()) if below else each
