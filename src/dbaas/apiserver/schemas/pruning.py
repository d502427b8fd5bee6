"""What a schema does not know: found for strict field validation, and removed before an object is stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dbaas.apiserver.schemas.nodes import ABSENT, Node

IMPLIED = ("apiVersion", "kind", "metadata")
_OPEN = (dict, list)
_OWNER = {"apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion"}
_ENTRY = {"manager", "operation", "apiVersion", "time", "fieldsType", "fieldsV1", "subresource"}
METADATA_FIELDS: Mapping[str, frozenset[str]] = {
    **{
        name: frozenset()
        for name in (
            "name",
            "generateName",
            "namespace",
            "selfLink",
            "uid",
            "resourceVersion",
            "generation",
            "creationTimestamp",
            "deletionTimestamp",
            "deletionGracePeriodSeconds",
            "labels",
            "annotations",
            "finalizers",
        )
    },
    "ownerReferences": frozenset(_OWNER),
    "managedFields": frozenset(_ENTRY),
}


class UnknownPath(NamedTuple):
    """A field that `prune` would remove; kube-apiserver names those of metadata after the others."""

    in_metadata: bool
    path: str


def unknown_paths(value: Any, node: Node | None, path: str = "") -> Iterator[UnknownPath]:
    if isinstance(value, Mapping):
        yield from _unknown_in_object(value, node, path)
    elif isinstance(value, list):
        items = None if node is None else node.items
        if items is None and node is not None and node.preserves_unknown:
            return
        for index, each in enumerate(value):
            yield from unknown_paths(each, items, f"{path}[{index}]")


def _unknown_in_object(value: Mapping[str, Any], node: Node | None, path: str) -> Iterator[UnknownPath]:
    for key, each in value.items():
        where = f"{path}.{key}" if path else key
        if node is not None and node.embedded and key in IMPLIED:
            if key == "metadata":
                yield from (UnknownPath(True, below) for below in _unknown_in_metadata(each, where))
            continue
        known, child = _look_up(node, key)
        if not known:
            yield UnknownPath(False, where)
        elif child is not None:
            yield from unknown_paths(each, child, where)


def _look_up(node: Node | None, key: str) -> tuple[bool, Node | None]:
    """Whether the field is kept, and the node that prunes below it (None where all below it is kept)."""
    if node is None:
        return False, None
    child = node.child(key)
    if child is not None:
        return True, child
    return node.preserves_unknown or bool(node.additional), None


def _unknown_in_metadata(metadata: Any, path: str) -> Iterator[str]:
    if not isinstance(metadata, Mapping):
        return
    for key, value in metadata.items():
        known = METADATA_FIELDS.get(key)
        if known is None:
            yield f"{path}.{key}"
        elif known and isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, Mapping):
                    yield from (f"{path}.{key}[{index}].{name}" for name in each if name not in known)


def prune(value: Any, node: Node | None) -> Any:
    """The value without unknown fields; the very same one where there are none."""
    if isinstance(value, dict):
        return _prune_object(value, node)
    if isinstance(value, list):
        items = None if node is None else node.items
        if items is None and node is not None and node.preserves_unknown:
            return value
        pruned = [prune(each, items) for each in value]
        return value if all(a is b for a, b in zip(pruned, value, strict=True)) else pruned
    return value


def _prune_object(value: Mapping[str, Any], node: Node | None) -> Mapping[str, Any]:
    changed: dict[str, Any] = {}
    named = {} if node is None else node.properties
    for key, each in value.items():
        is_open = type(each) in _OPEN
        if not is_open and key in named:
            continue
        if node is not None and node.embedded and key in IMPLIED:
            kept = _prune_metadata(each, node) if key == "metadata" else each
        else:
            known, child = _look_up(node, key)
            if not known:
                kept = ABSENT
            elif child is None or not is_open:
                continue
            else:
                kept = prune(each, child)
        if kept is not each:
            changed[key] = kept
    if not changed:
        return value
    return {key: kept for key, each in value.items() if (kept := changed.get(key, each)) is not ABSENT}


def _prune_metadata(metadata: Any, node: Node) -> Any:
    """Without unknown and without empty fields: Kubernetes holds metadata in a type that does not keep those.

    An empty managedFields list means "forget them", but only where the schema says what metadata is (built-in kinds).
    """
    if not isinstance(metadata, Mapping) or all(map(_is_whole, metadata.keys(), metadata.values())):
        return metadata
    declared = node.properties.get("metadata")
    describes = declared is not None and bool(declared.properties)
    kept = {
        key: [_only(each, METADATA_FIELDS[key]) for each in value] if METADATA_FIELDS[key] and value else value
        for key, value in metadata.items()
        if key in METADATA_FIELDS
        and (value or _is_zero_seconds(key, value) or (key == "managedFields" and value == [] and describes))
    }
    return metadata if kept == metadata else kept


def _is_zero_seconds(field: str, value: Any) -> bool:
    """The one number of metadata for which Go tells 0 from nothing."""
    return field == "deletionGracePeriodSeconds" and value == 0 and value is not False


def _is_whole(field: str, value: Any) -> bool:
    """Whether a field of metadata is known and filled, and has nothing unknown in it."""
    known = METADATA_FIELDS.get(field)
    if known is None or not value:
        return False
    if not known or not isinstance(value, list):
        return True
    return all(not isinstance(each, Mapping) or each.keys() <= known for each in value)


def _only(entry: Any, known: frozenset[str]) -> Any:
    return {key: value for key, value in entry.items() if key in known} if isinstance(entry, Mapping) else entry
