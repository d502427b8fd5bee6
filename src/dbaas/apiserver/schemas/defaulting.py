"""Defaults of a schema, and the nulls that stand where null is not allowed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from dbaas.apiserver.schemas.nodes import ABSENT, Node

_OPEN = (dict, list)


def drop_nulls(value: Any, node: Node | None, *, drops_empty: bool = False) -> Any:
    """Without nulls where null is not allowed and no default would replace it; the same value where there are none.

    `drops_empty` as well takes empty lists and maps that are not required: Kubernetes does not write those of its own
    kinds (`omitempty`).
    """
    if node is None:
        return value
    if isinstance(value, dict):
        return _drop_from_object(value, node, drops_empty)
    if isinstance(value, list) and node.items is not None:
        if drops_empty and None in value and node.items.properties:
            value = [{} if each is None else each for each in value]  # as Go reads a null in a list of structures
        dropped = [drop_nulls(each, node.items, drops_empty=drops_empty) for each in value]
        return value if all(a is b for a, b in zip(dropped, value, strict=True)) else dropped
    return value


def _drop_from_object(value: dict[str, Any], node: Node, drops_empty: bool) -> dict[str, Any]:
    changed: dict[str, Any] = {}
    for key, each in value.items():
        if each is not None and type(each) not in _OPEN:
            continue
        child = node.child(key)
        if each is None and drops_empty and child is node.additional and child is not None and "string" in child.types:
            changed[key] = ""  # as Go reads a null in a map of texts
            continue
        empty = drops_empty and key not in node.limits.required and _is_empty(each, child)
        left = ABSENT if empty or not _may_stay(each, child) else drop_nulls(each, child, drops_empty=drops_empty)
        if left is not each:
            changed[key] = left
    if not changed:
        return value
    return {key: left for key, each in value.items() if (left := changed.get(key, each)) is not ABSENT}


def _may_stay(value: Any, node: Node | None) -> bool:
    return value is not None or node is None or node.nullable or node.default is not ABSENT


def _is_empty(value: Any, node: Node | None) -> bool:
    if node is None:
        return False
    return (value == [] and "array" in node.types) or (value == {} and isinstance(node.additional, Node))


def fill_defaults(value: Any, node: Node | None) -> Any:
    """With defaults where a field is absent, or null and not nullable; the same value where nothing is to be filled."""
    if node is None or not node.has_defaults:
        return value
    if isinstance(value, dict):
        return _fill_object(value, node)
    if isinstance(value, list) and node.items is not None:
        items = node.items
        filled = [fill_defaults(_replace_null(each, items), items) for each in value]
        return value if all(a is b for a, b in zip(filled, value, strict=True)) else filled
    return value


def _replace_null(value: Any, node: Node) -> Any:
    if value is None and not node.nullable and node.default is not ABSENT:
        return _copy(node.default)
    return value


def _copy(default: Any) -> Any:
    return deepcopy(default) if isinstance(default, _OPEN) else default


def _fill_object(value: dict[str, Any], node: Node) -> dict[str, Any]:
    added = {
        key: _copy(child.default)
        for key, child in node.defaulted
        if key not in value or (value[key] is None and not child.nullable)
    }
    changed: dict[str, Any] = {}
    for key, each in (value | added).items() if added else value.items():
        if each is None or type(each) in _OPEN:
            child = node.child(key)
            filled = _replace_null(each, child) if child is not None and child is node.additional else each
            filled = fill_defaults(filled, child)
            if filled is not each:
                changed[key] = filled
    return {**value, **added, **changed} if added or changed else value
