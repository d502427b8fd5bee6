"""Which fields of an object would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.api.core import SECRET
from dbaas.core.secrets import MASK

COMPARED = ("spec", "data", "stringData", "type")
COMPARED_METADATA = ("labels", "annotations")


@dataclass(frozen=True)
class FieldChange:
    """One field; `before` and `after` are JSON values, None where the field is not there."""

    path: str
    before: Any
    after: Any


def compare_objects(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """What people write, not what servers add. Lists are compared whole."""
    metadata, wanted = before.get("metadata") or {}, after.get("metadata") or {}
    found = [
        change
        for name in COMPARED_METADATA
        for change in _compare(f"metadata.{name}", metadata.get(name) or {}, wanted.get(name) or {})
    ]
    found += [change for name in COMPARED for change in _compare(name, before.get(name), after.get(name))]
    return tuple(map(_mask, found) if after.get("kind") == SECRET.kind else found)


def _mask(change: FieldChange) -> FieldChange:
    """A plan is printed and kept: no value of a Secret is in it."""
    if not change.path.startswith(("data.", "stringData.")):
        return change
    return FieldChange(change.path, change.before and MASK, change.after and MASK)


def _compare(path: str, before: Any, after: Any) -> Iterator[FieldChange]:
    if before == after:
        return
    if isinstance(before, Mapping | None) and isinstance(after, Mapping | None):
        old, new = before or {}, after or {}
        for name in [*new, *(name for name in old if name not in new)]:
            yield from _compare(f"{path}.{name}", old.get(name), new.get(name))
        return
    yield FieldChange(path, before, after)
