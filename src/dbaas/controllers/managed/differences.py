"""Which fields of an object would change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dbaas.api.sensitive import Path, mask_secrets, put_secrets

COMPARED = ("spec", "data", "stringData", "type")
COMPARED_METADATA = ("labels", "annotations")


@dataclass(frozen=True)
class FieldChange:
    """One field; `before` and `after` are JSON values, None where the field is not there."""

    path: str
    before: Any
    after: Any


def compare_objects(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[FieldChange, ...]:
    """What people write, not what servers add. Lists are compared whole. Secrets are masked: it is printed and kept."""
    places = [("metadata", name) for name in COMPARED_METADATA] + [(name,) for name in COMPARED]
    masked = [mask_secrets(body) for body in (before, after)]
    found = [change for place in places for change in _compare(place, _find(before, place), _find(after, place))]
    return tuple(
        FieldChange(".".join(map(str, place)), *(put_secrets(v, m, place) for v, m in zip(values, masked, strict=True)))
        for place, *values in found
    )


def _find(body: Mapping[str, Any], place: Path) -> Any:
    value: Any = body
    for name in place:
        value = (value or {}).get(name)
    return value or None


def _compare(place: Path, before: Any, after: Any) -> Iterator[tuple[Path, Any, Any]]:
    if before == after:
        return
    if isinstance(before, Mapping | None) and isinstance(after, Mapping | None):
        old, new = before or {}, after or {}
        for name in [*new, *(name for name in old if name not in new)]:
            yield from _compare((*place, name), old.get(name), new.get(name))
        return
    yield place, before, after
