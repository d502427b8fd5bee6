"""Sets of fields: trees of path steps, some of which are members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from dbaas.apiserver.fields.elements import SELF, ElementRefused, normalise, rank

Path = tuple[str, ...]


class FieldSet:
    """A set of paths. A parent is no member because a child is one. Values: treat them as frozen once shared, since
    sets share their parts; only `insert` changes one. `written` is what `to_json` gave, `fits` the type of objects
    for which it has been found to be as it should."""

    __slots__ = ("children", "fits", "members", "written")

    def __init__(self, members: set[str] | None = None, children: dict[str, FieldSet] | None = None) -> None:
        """Takes both over; no child is empty."""
        self.members = set() if members is None else members
        self.children = {} if children is None else children
        self.written: dict[str, Any] | None = None
        self.fits: object = None

    def __bool__(self) -> bool:
        return bool(self.members or self.children)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.members == other.members and self.children == other.children

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FieldSet({self.to_json()})"

    def insert(self, path: Sequence[str]) -> None:
        """The empty path is nobody's."""
        here = self
        for step in path[:-1]:
            here.written = None
            here = here.children.setdefault(step, FieldSet())
        if path:
            here.written = None
            here.members.add(path[-1])

    def union(self, other: FieldSet) -> FieldSet:
        if not other or self is other:
            return self
        if not self:
            return other
        children = dict(self.children)
        for step, below in other.children.items():
            mine = children.get(step)
            children[step] = below if mine is None else mine.union(below)
        return FieldSet(self.members | other.members, children)

    def intersection(self, other: FieldSet) -> FieldSet:
        steps = self.children.keys() & other.children.keys()
        children = {step: self.children[step].intersection(other.children[step]) for step in steps}
        return FieldSet(self.members & other.members, {step: below for step, below in children.items() if below})

    def difference(self, other: FieldSet) -> FieldSet:
        """Without the members of the other; what is below one of them stays."""
        children = self.children
        for step, below in other.children.items():
            mine = self.children.get(step)
            if mine is not None:
                children = _exchanged(self.children, children, step, mine.difference(below))
        return self._with(self.members - other.members, children)

    def without(self, other: FieldSet) -> FieldSet:
        """Without the members of the other and all that is below them."""
        children = self.children
        for step in other.members & self.children.keys():
            children = _exchanged(self.children, children, step, NOTHING)
        for step, below in other.children.items():
            mine = children.get(step)
            if mine is not None:
                children = _exchanged(self.children, children, step, mine.without(below))
        return self._with(self.members - other.members, children)

    def _with(self, members: set[str], children: dict[str, FieldSet]) -> FieldSet:
        """This set where it has the same number of members and the very same children: it has lost nothing."""
        if children is self.children and len(members) == len(self.members):
            return self
        return FieldSet(members, children)

    def paths(self, prefix: Path = ()) -> Iterator[Path]:
        """Members in order; those of a place before those below it."""
        for step in sorted(self.members, key=rank):
            yield (*prefix, step)
        for step in sorted(self.children, key=rank):
            yield from self.children[step].paths((*prefix, step))

    def to_json(self) -> dict[str, Any]:
        """As `fieldsV1` has it. The answer is remembered, so it must not be changed."""
        if self.written is not None:
            return self.written
        written: dict[str, Any] = {}
        for step in sorted(self.members | self.children.keys(), key=rank):
            child = self.children.get(step)
            below = {} if child is None else child.to_json()
            written[step] = {SELF: {}, **below} if below and step in self.members else below
        self.written = written
        return written


NOTHING = FieldSet()


def _exchanged(
    before: dict[str, FieldSet], now: dict[str, FieldSet], step: str, child: FieldSet
) -> dict[str, FieldSet]:
    """`now` with another child, or without one that is empty; a copy as long as it is still what was there before."""
    if child is now.get(step):
        return now
    changed = dict(before) if now is before else now
    if child:
        changed[step] = child
    else:
        del changed[step]
    return changed


def of_paths(paths: Iterable[Sequence[str]]) -> FieldSet:
    made = FieldSet()
    for path in paths:
        made.insert(path)
    return made


def from_json(written: Any) -> FieldSet:
    """Reads `fieldsV1`; an object without members is one itself. Raises ElementRefused.

    Entries stay the same over many writes of an object, so what was read before is remembered.
    """
    return _from_text(orjson.dumps(written))


@lru_cache(maxsize=4096)
def _from_text(text: bytes) -> FieldSet:
    return _read(orjson.loads(text))


def _read(written: Any) -> FieldSet:
    if not isinstance(written, Mapping):
        raise ElementRefused("fieldsV1 must be an object")
    made = FieldSet()
    for text, below in written.items():
        if text == SELF:
            continue
        step = normalise(text)
        child = _read(below)
        if not below or SELF in below:
            made.members.add(step)
        if child:
            made.children[step] = child
    return made
