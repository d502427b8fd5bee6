"""Strategic merge patch: a merge patch that knows the keys of lists.

Directives (Kubernetes' sig-api-machinery "strategic merge patch"): `$patch: delete|replace` on maps and list elements,
`$retainKeys`, `$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.apiserver.patches.element_order import arrange, identity
from dbaas.apiserver.patches.refusals import PatchRefused
from dbaas.apiserver.schemas import Schema
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.nodes import Node

_PATCH = "$patch"
_RETAIN = "$retainKeys"
_DELETE_FROM = "$deleteFromPrimitiveList/"
_ORDER = "$setElementOrder/"
_DROPPED = object()


def strategic_merge_patch(obj: Mapping[str, Any], patch: Any, schema: Schema) -> dict[str, Any]:
    """Neither argument is changed. The schema says by `x-kubernetes-patch-strategy` and `x-kubernetes-patch-merge-key`
    how lists are merged. Raises PatchRefused."""
    if patch is None:
        return dict(obj)
    if not isinstance(patch, Mapping):
        kind = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}[type(patch)]
        raise PatchRefused(f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}")
    return _merge_map(obj, patch, schema.root)


def _merge_map(original: Mapping[str, Any], patch: Mapping[str, Any], node: Node | None) -> dict[str, Any]:
    if _PATCH in patch:
        return _directed(patch)
    merged = _retained(original, patch)
    orders = {key.removeprefix(_ORDER): order for key, order in patch.items() if key.startswith(_ORDER)}
    for name, order in orders.items():
        _check_order(patch.get(name), order, None if node is None else node.child(name))
    for key, value in patch.items():
        if key == _RETAIN or key.startswith(_ORDER):
            continue
        if key.startswith(_DELETE_FROM):
            _delete_from(merged, key.removeprefix(_DELETE_FROM), value)
        elif value is None:
            merged.pop(key, None)
        else:
            _set(merged, key, value, None if node is None else node.child(key))
    for name, order in orders.items():
        if isinstance(merged.get(name), list):
            child = None if node is None else node.child(name)
            merged[name] = arrange(merged[name], order, original.get(name) or [], child.patch_key if child else "")
    return merged


def _directed(patch: Mapping[str, Any]) -> dict[str, Any]:
    if patch[_PATCH] == "replace":
        return {key: value for key, value in patch.items() if key != _PATCH}
    if patch[_PATCH] == "delete":
        return {}
    raise PatchRefused(f"unknown patch type: {patch[_PATCH]}", status=500)


def _retained(original: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    if _RETAIN not in patch:
        return dict(original)
    kept = patch[_RETAIN]
    named = [key for key, value in patch.items() if value is not None and not key.startswith("$")]
    if not isinstance(kept, list) or any(key not in kept for key in named):
        raise PatchRefused("invalid patch format of retainKeys")
    return {key: value for key, value in original.items() if key in kept}


def _delete_from(merged: dict[str, Any], key: str, values: Any) -> None:
    if not isinstance(values, list):
        raise PatchRefused("invalid patch format of primitive list")
    if isinstance(merged.get(key), list):
        merged[key] = [each for each in merged[key] if not any(equal(each, value) for value in values)]


def _set(merged: dict[str, Any], key: str, value: Any, node: Node | None) -> None:
    present = merged.get(key)
    if isinstance(present, Mapping) and isinstance(value, Mapping):
        replaces = node is not None and "replace" in node.patch_strategies
        merged[key] = dict(value) if replaces else _merge_map(present, value, node)
        return
    if isinstance(present, list) and isinstance(value, list):
        merges = node is not None and "merge" in node.patch_strategies
        merged[key] = _merge_list(present, value, node) if node is not None and merges else value
        return
    plain = _without_directives(value)
    if plain is _DROPPED:
        merged.pop(key, None)
    else:
        merged[key] = plain


def _without_directives(value: Any) -> Any:
    """A value that there is nothing to merge with; nulls and directives in it say nothing."""
    if isinstance(value, Mapping):
        if _PATCH in value:
            return _DROPPED
        plain = {key: _without_directives(each) for key, each in value.items() if each is not None and key[:1] != "$"}
        return {key: each for key, each in plain.items() if each is not _DROPPED}
    if isinstance(value, list):
        return [each for each in map(_without_directives, value) if each is not _DROPPED]
    return value


def _without_directive_keys(value: Any) -> Any:
    """A new element of a list: what directives in it would remove is kept without them, as kube-apiserver does."""
    if isinstance(value, Mapping):
        kept = {key: each for key, each in value.items() if each is not None and key[:1] != "$"}
        return {key: _without_directive_keys(each) for key, each in kept.items()}
    return [_without_directive_keys(each) for each in value] if isinstance(value, list) else value


def _merge_list(original: Sequence[Any], patch: Sequence[Any], node: Node) -> list[Any]:
    if not any(isinstance(each, Mapping) for each in (*original, *patch)):
        both = [*original, *patch]
        unique = [each for index, each in enumerate(both) if not any(equal(each, one) for one in both[:index])]
        return arrange(unique, patch, original, "")
    key = node.patch_key
    if not key:
        raise PatchRefused("cannot merge lists without merge key", status=500)
    kept, wanted = _directed_elements(original, patch, key)
    merged = list(kept)
    for element in wanted:
        index = _position(merged, key, _merge_value(element, key))
        if index is None:
            merged.append(_without_directive_keys(element))
        else:
            merged[index] = _merge_map(merged[index], element, node.items)
    return arrange(merged, wanted, kept, key)


def _directed_elements(original: Sequence[Any], patch: Sequence[Any], key: str) -> tuple[list[Any], list[Any]]:
    """What is left of the original after `$patch` elements, and the elements of the patch without them."""
    kept, replaced = list(original), False
    wanted = []
    for element in patch:
        directive = element.get(_PATCH) if isinstance(element, Mapping) else None
        if directive is None:
            wanted.append(element)
        elif directive == "delete":
            value = _merge_value(element, key)
            kept = [each for each in kept if not equal(each.get(key), value)]
        elif directive == "replace":
            replaced = True
        else:
            raise PatchRefused(f"unknown patch type: {directive}", status=500)
    return ([], wanted) if replaced else (kept, wanted)


def _merge_value(element: Any, key: str) -> Any:
    if not isinstance(element, Mapping) or key not in element:
        raise PatchRefused(f"map: {element} does not contain declared merge key: {key}", status=500)
    return element[key]


def _position(elements: Sequence[Any], key: str, value: Any) -> int | None:
    return next((index for index, each in enumerate(elements) if equal(each.get(key), value)), None)


def _check_order(elements: Any, order: Any, node: Node | None) -> None:
    """The elements of a patch must come in the order that the same patch asks for."""
    if not isinstance(order, list):
        raise PatchRefused("invalid patch format of setElementOrder list")
    key = node.patch_key if node is not None else ""
    listed = [each for each in elements or () if not (isinstance(each, Mapping) and _PATCH in each)]
    remaining = iter(order)
    for element in listed if order else ():
        wanted = identity(element, key)
        if not any(equal(identity(each, key), wanted) for each in remaining):
            raise PatchRefused("the order in patch list doesn't match $setElementOrder list", status=500)
