"""Sets of fields: trees of path steps, some of which are members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import orjson

from dbaas.apiserver.fields.elements import SELF, ElementRefused, normalise, rank

Path = tuple[str, ...]


class FieldSet:
    """A set of paths. A parent is no member because a child is one. Values: treat them as frozen once shared; only
    `insert` and `graft` change one."""

    __slots__ = ("children", "members")

    def __init__(self, members: Iterable[str] = (), children: Mapping[str, FieldSet] | None = None) -> None:
        self.members = set(members)
        self.children = {step: child for step, child in (children or {}).items() if child}

    def __bool__(self) -> bool:
        return bool(self.members) or any(self.children.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldSet) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FieldSet({self.to_json()})"

    def insert(self, path: Sequence[str]) -> None:
        """The empty path is nobody's."""
        here = self
        for step in path[:-1]:
            here = here.children.setdefault(step, FieldSet())
        if path:
            here.members.add(path[-1])

    def graft(self, path: Sequence[str], below: FieldSet) -> None:
        """Inserts a path that nothing is below yet, with all that is below it."""
        self.insert(path)
        if path and below:
            here = self
            for step in path[:-1]:
                here = here.children[step]
            here.children[path[-1]] = below

    def below(self, step: str) -> FieldSet:
        return self.children.get(step) or FieldSet()

    def union(self, other: FieldSet) -> FieldSet:
        steps = self.children.keys() | other.children.keys()
        return FieldSet(self.members | other.members, {s: self.below(s).union(other.below(s)) for s in steps})

    def intersection(self, other: FieldSet) -> FieldSet:
        steps = self.children.keys() & other.children.keys()
        return FieldSet(self.members & other.members, {s: self.below(s).intersection(other.below(s)) for s in steps})

    def difference(self, other: FieldSet) -> FieldSet:
        """Without the members of the other; what is below one of them stays."""
        children = {step: child.difference(other.below(step)) for step, child in self.children.items()}
        return FieldSet(self.members - other.members, children)

    def without(self, other: FieldSet) -> FieldSet:
        """Without the members of the other and all that is below them."""
        children = {
            step: child.without(other.below(step)) for step, child in self.children.items() if step not in other.members
        }
        return FieldSet(self.members - other.members, children)

    def paths(self, prefix: Path = ()) -> Iterator[Path]:
        """Members in order; those of a place before those below it."""
        for step in sorted(self.members, key=rank):
            yield (*prefix, step)
        for step in sorted(self.children, key=rank):
            yield from self.children[step].paths((*prefix, step))

    def to_json(self) -> dict[str, Any]:
        """As `fieldsV1` has it."""
        written: dict[str, Any] = {}
        for step in sorted(self.members | self.children.keys(), key=rank):
            below = self.children[step].to_json() if step in self.children else {}
            if step in self.members and below:
                below = {SELF: {}, **below}
            written[step] = below
        return written


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
