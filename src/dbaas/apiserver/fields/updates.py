"""Ownership after a create, update or patch by a manager that does not apply."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from dbaas.apiserver.fields.checks import problems
from dbaas.apiserver.fields.managers import (
    Managed,
    ManagedRefused,
    Manager,
    cap_updaters,
    read_managed,
    write_managed,
)
from dbaas.apiserver.fields.ownership import (
    adopt_schema,
    ignored_fields,
    record,
    strip,
    take_over,
    with_managed,
    without_managed,
)
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.shapes import fields_of_new
from dbaas.apiserver.fields.walks import compare, same
from dbaas.apiserver.schemas import Schema


def record_update(
    old: Mapping[str, Any] | None,
    new: Mapping[str, Any],
    schema: Schema,
    manager: Manager,
    reset: Collection[tuple[str, ...]] = (),
    blank: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """The managedFields of `new`, which may carry edited ones (`[]` and `[{}]` reset them); [] where it has none.
    `blank` is what a creation is compared with: structures that an object of the kind has from the start.

    `reset` are paths that this endpoint never writes: they are not owned. An update that changes nothing changes
    nothing here, not even a time. An object whose managedFields were reset has none until somebody applies.
    """
    managed = _current(old, new, manager)
    if not managed and old is not None:
        return []
    if not _can_be_compared(old or {}, new, schema, reset):
        return []
    before = (blank or {}) if old is None else old
    written = write_managed(cap_updaters(update_managed(before, new, managed, schema, manager, reset)))
    return written if old is None else _unless_only_times_differ(old, new, written)


def update_managed(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    managed: Managed,
    schema: Schema,
    manager: Manager,
    reset: Collection[tuple[str, ...]],
) -> Managed:
    root = type_of(schema)
    if not old and not managed:
        fields = fields_of_new(without_managed(new), root, reset)
        return record({}, manager.identity, fields, manager.api_version, manager.time) if fields else {}
    ignored = ignored_fields(reset)
    comparison = compare(without_managed(old), without_managed(new), root).without(ignored)
    left = take_over(adopt_schema(managed, root), None, comparison)
    fields = strip(comparison.changed)
    return record(left, manager.identity, fields, manager.api_version, manager.time) if fields else left


def _can_be_compared(
    old: Mapping[str, Any], new: Mapping[str, Any], schema: Schema, reset: Collection[tuple[str, ...]]
) -> bool:
    """Whether all values are of the types of their fields, and elements of lists have their keys.

    Of a custom kind, what validation does not refuse is what this endpoint will not write.
    """
    looked_at = [without_managed(old), without_managed(new)]
    if not schema.is_builtin:
        unwritten = {path[0] for path in reset}
        looked_at = [{name: value for name, value in new.items() if name in unwritten and value != old.get(name)}]
    return not any(any(problems(each, type_of(schema), allows_twice=True)) for each in looked_at)


def _current(old: Mapping[str, Any] | None, new: Mapping[str, Any], manager: Manager) -> Managed:
    """The live entries, or the edited ones of a request; one that has none or broken ones does not change them."""
    written = new.get("metadata", {}).get("managedFields")
    if old is None and not written:
        return {}
    live = _read((old or {}).get("metadata", {}).get("managedFields") or [])
    if manager.subresource or written is None:
        return live
    if written in ([], [{}]):
        return {}
    return _read(written) or live


def _read(written: Any) -> Managed:
    try:
        return read_managed(written)
    except ManagedRefused:
        return {}


def _unless_only_times_differ(
    old: Mapping[str, Any], new: Mapping[str, Any], written: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    before = old["metadata"].get("managedFields") or []
    return list(before) if differs_in_times_only(old, with_managed(new, written)) else written


def differs_in_times_only(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    before, after = old["metadata"].get("managedFields") or [], new["metadata"].get("managedFields") or []
    if len(before) != len(after):
        return False
    if any(_timeless(one) != _timeless(other) for one, other in zip(before, after, strict=True)):
        return False
    return same(without_managed(old), without_managed(new))


def _timeless(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "time"}
