"""Walks over typed values: which fields a value has, how two differ, one merged into another, fields taken out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from dbaas.apiserver.fields import elements
from dbaas.apiserver.fields.places import DEDUCED, Kind, Type, list_key
from dbaas.apiserver.fields.sets import NOTHING, FieldSet
from dbaas.apiserver.schemas.nodes import ABSENT

_OPEN = (dict, list, type(None))  # values that may be looked into, or stand for one that may


def same(one: Any, other: Any) -> bool:
    """Equality of values: numbers by size (1 is 1.0), true is not 1."""
    if one != other:
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return orjson.dumps(one) == orjson.dumps(other) or all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return all(map(same, one, other))
    return isinstance(one, bool) is isinstance(other, bool)


def steps_of(values: Sequence[Any], place: Type) -> list[str]:
    """The step of each element of a list that is a set or a map; an element without a key has that of an empty one."""
    node = place.node
    if node is not None and node.list_type == "map":
        items = place.items()
        return [elements.key(list_key(v, items, node.list_keys) if isinstance(v, dict) else {}) for v in values]
    return [elements.value(value) for value in values]


def is_leaf(kind: str, place: Type, one: Any, other: Any = ABSENT) -> bool:
    """Whether a value is owned as a whole; empty and null ones are, so that they stay what they are."""
    if kind == "scalar" or (place.is_atomic_list if kind == "list" else place.is_atomic_map):
        return True
    return not (one is not ABSENT and one) and not (other is not ABSENT and other)


def fields_of(value: Any, place: Type) -> FieldSet:
    """What a manager owns that declares this value."""
    return NOTHING if _is_whole(value, place) else _collect_below(value, place)


def _is_whole(value: Any, place: Type) -> bool:
    kind = place.kind(value)
    return kind == "scalar" or (place.is_atomic_list if kind == "list" else place.is_atomic_map)


def _collect_below(value: Any, place: Type) -> FieldSet:
    found = FieldSet()
    if isinstance(value, list):
        _collect_list(value, place, found)
    elif isinstance(value, dict):
        _collect_map(value, place, found)
    return found


def _collect(value: Any, place: Type, step: str, found: FieldSet) -> None:
    """Into `found`, the set of the place above."""
    if _is_whole(value, place):
        found.members.add(step)
    elif below := _collect_below(value, place):
        found.children[step] = below


def _collect_list(value: Sequence[Any], place: Type, found: FieldSet) -> None:
    steps = steps_of(value, place)
    for step, each in zip(steps, value, strict=True):
        if steps.count(step) == 1:
            _collect(each, place.items(), step, found)
        found.members.add(step)


def _collect_map(value: Mapping[str, Any], place: Type, found: FieldSet) -> None:
    for key, each in value.items():
        step = elements.field(key)
        _collect(each, place.field(key) or DEDUCED, step, found)
        if each is None or each == {} or not place.names(key):
            found.members.add(step)


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

    def attach(self, step: str, below: Comparison) -> None:
        """Takes over what was found below a step that nothing is known of yet."""
        for ours, theirs in ((self.added, below.added), (self.modified, below.modified), (self.removed, below.removed)):
            if theirs:
                ours.children[step] = theirs


def compare(old: Any, new: Any, place: Type) -> Comparison:
    """Of two maps, or two lists."""
    found = Comparison()
    if not _is_the_same_text(old, new):
        _compare_below(old, new, place, _open_kinds(old, new, place), found)
    return found


def _compare(old: Any, new: Any, place: Type, step: str, found: Comparison) -> None:
    """Into `found`, the comparison of the place above."""
    if old is ABSENT or new is ABSENT:
        present, into = (new, found.added) if old is ABSENT else (old, found.removed)
        into.members.add(step)
        if inside := everything_below(present, place):
            into.children[step] = inside
        return
    if not isinstance(old, _OPEN) and not isinstance(new, _OPEN):
        if not same(old, new):
            found.modified.members.add(step)
        return
    if _is_the_same_text(old, new):
        return
    kinds = _open_kinds(old, new, place)
    if len(kinds) < len({place.kind(old), place.kind(new)}) and not same(old, new):
        found.modified.members.add(step)
    if kinds:
        below = Comparison()
        _compare_below(old, new, place, kinds, below)
        found.attach(step, below)


def _open_kinds(old: Any, new: Any, place: Type) -> set[Kind]:
    """As what the two are to be looked into; a leaf is compared as a whole."""
    return {kind for kind in (place.kind(old), place.kind(new)) if not is_leaf(kind, place, old, new)}


def _compare_below(old: Any, new: Any, place: Type, kinds: Collection[Kind], found: Comparison) -> None:
    if "map" in kinds:
        _compare_maps(old, new, place, found)
    if "list" in kinds:
        _compare_lists(old, new, place, found)


def everything_below(value: Any, place: Type) -> FieldSet:
    """All places inside a value, parents and elements included."""
    if is_leaf(place.kind(value), place, value):
        return NOTHING
    if isinstance(value, list):
        groups = grouped(value, place)
        single = {step: each[0] for step, each in groups.items() if len(each) == 1}
        children = {step: everything_below(each, place.items()) for step, each in single.items()}
        return FieldSet(set(groups), {step: below for step, below in children.items() if below})
    found = FieldSet()
    for key, each in value.items():
        step = elements.field(key)
        found.members.add(step)
        # Whatever is no filled list or map is a leaf.
        if each and isinstance(each, dict | list) and (below := everything_below(each, place.field(key) or DEDUCED)):
            found.children[step] = below
    return found


def _is_the_same_text(old: Any, new: Any) -> bool:
    """A quick answer for values that did not change; no answer otherwise."""
    return isinstance(old, dict | list) and bool(old == new) and orjson.dumps(old) == orjson.dumps(new)


def _compare_maps(old: Any, new: Any, place: Type, found: Comparison) -> None:
    before = old if isinstance(old, dict) else {}
    after = new if isinstance(new, dict) else {}
    for key in (*before, *(each for each in after if each not in before)):
        one, other = before.get(key, ABSENT), after.get(key, ABSENT)
        if one is not other:
            _compare(one, other, place.field(key) or DEDUCED, elements.field(key), found)


def _compare_lists(old: Any, new: Any, place: Type, found: Comparison) -> None:
    before, after = (grouped(each, place) if isinstance(each, list) else {} for each in (old, new))
    for step in (*before, *(each for each in after if each not in before)):
        left, right = before.get(step, []), after.get(step, [])
        if len(left) > 1 and len(right) > 1:
            if not same(left, right):
                found.modified.members.add(step)
            continue
        # Of elements that stand more than once nobody knows which is meant: only the step itself counts.
        one = left[0] if len(left) == 1 else ABSENT
        other = right[0] if len(right) == 1 else ABSENT
        if one is not ABSENT or other is not ABSENT:
            _compare(one, other, place.items(), step, found)
        if len(left) > 1:
            found.removed.members.add(step)
        if len(right) > 1:
            found.added.members.add(step)


def grouped(values: Sequence[Any], place: Type) -> dict[str, list[Any]]:
    """The elements of a list that is a set or a map, by their steps."""
    groups: dict[str, list[Any]] = {}
    for step, each in zip(steps_of(values, place), values, strict=True):
        groups.setdefault(step, []).append(each)
    return groups


def remove(value: Any, fields: FieldSet, place: Type) -> Any:
    """The value without some fields; null where nothing of a list or map is left."""
    kind = place.kind(value)
    if kind == "map" and isinstance(value, dict):
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
            kept[key] = remove(each, below, place.field(key) or DEDUCED) if below else each
    return kept


def _remove_from_list(value: Sequence[Any], fields: FieldSet, place: Type) -> Iterator[Any]:
    for step, each in zip(steps_of(value, place), value, strict=True):
        if step not in fields.members:
            below = fields.children.get(step)
            yield remove(each, below, place.items()) if below else each
