"""How ownership moves when an object changes: who sets a field owns it, who owned it before no longer does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec.structs import replace

from dbaas.apiserver.fields import elements
from dbaas.apiserver.fields.managers import Entry, Identity, Managed
from dbaas.apiserver.fields.places import Type
from dbaas.apiserver.fields.sets import FieldSet, of_paths
from dbaas.apiserver.fields.walks import Comparison

# Nobody owns what identifies an object or what the server sets.
_NOBODYS = of_paths(
    [
        ("f:apiVersion",),
        ("f:kind",),
        ("f:metadata",),
        *(
            ("f:metadata", f"f:{name}")
            for name in (
                "name",
                "namespace",
                "creationTimestamp",
                "selfLink",
                "uid",
                "clusterName",
                "generation",
                "managedFields",
                "resourceVersion",
            )
        ),
    ]
)


def strip(fields: FieldSet) -> FieldSet:
    return fields.difference(_NOBODYS)


def ignored_fields(reset: Collection[tuple[str, ...]]) -> FieldSet:
    return of_paths([elements.field(name) for name in path] for path in reset)


def find_conflicts(managed: Managed, writer: Identity | None, comparison: Comparison) -> dict[Identity, FieldSet]:
    """Fields of others that a change touches, by owner."""
    found = {
        identity: entry.fields.intersection(comparison.changed)
        for identity, entry in managed.items()
        if identity != writer
    }
    return {identity: fields for identity, fields in found.items() if fields}


def take_over(managed: Managed, writer: Identity | None, comparison: Comparison) -> Managed:
    """Everybody but the writer loses what changed or is gone; who owns nothing more is no manager."""
    gone = comparison.changed.union(comparison.removed)
    left: Managed = {}
    for identity, entry in managed.items():
        kept = entry.fields if identity == writer else entry.fields.difference(gone)
        if kept:
            left[identity] = entry if kept is entry.fields else replace(entry, fields=kept)
    return left


def adopt_schema(managed: Managed, root: Type) -> Managed:
    """A place that merged when its fields were recorded and is now replaced whole is owned as a whole."""
    return {identity: _adopt_entry(entry, root) for identity, entry in managed.items()}


def _adopt_entry(entry: Entry, root: Type) -> Entry:
    """The entry itself where it fits already, which is remembered: the same sets of fields come again and again."""
    if entry.fields.fits is root:
        return entry
    adopted = _adopt(entry.fields, root)
    adopted.fits = root
    return entry if adopted is entry.fields else replace(entry, fields=adopted)


def _adopt(fields: FieldSet, place: Type) -> FieldSet:
    members, children = set(fields.members), {}
    for step, below in fields.children.items():
        child = _descend(place, step)
        if child is None or child.node is None:
            children[step] = below
        elif (child.declared == "list" and child.is_atomic_list) or (child.declared == "map" and child.is_atomic_map):
            members.add(step)
        else:
            children[step] = _adopt(below, child)
    if members == fields.members and all(children.get(step) is below for step, below in fields.children.items()):
        return fields
    return FieldSet(members, children)


def _descend(place: Type, step: str) -> Type | None:
    kind, content = elements.parse(step)
    return place.field(content) if kind == "f" else place.items()


def without_managed(obj: Mapping[str, Any]) -> dict[str, Any]:
    """The object without its managedFields; the rest is shared."""
    metadata = obj.get("metadata")
    if not isinstance(metadata, Mapping) or "managedFields" not in metadata:
        return dict(obj)
    return {**obj, "metadata": {key: value for key, value in metadata.items() if key != "managedFields"}}


def with_managed(obj: Mapping[str, Any], written: list[dict[str, Any]]) -> dict[str, Any]:
    metadata = {**(obj.get("metadata") or {})}
    metadata.pop("managedFields", None)
    if written:
        metadata["managedFields"] = written
    return {**obj, "metadata": metadata}


def record(managed: Managed, identity: Identity, fields: FieldSet, version: str, time: str) -> Managed:
    """Adds fields to what a manager that updates owns."""
    known = managed.get(identity)
    owned = fields.union(known.fields) if known else fields
    return {**managed, identity: Entry(owned, version, time)}
