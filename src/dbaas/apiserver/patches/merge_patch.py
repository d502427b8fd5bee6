"""JSON merge patch (RFC 7396)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.apiserver.patches.refusals import PatchRefused


def merge_patch(obj: Mapping[str, Any], patch: Any) -> dict[str, Any]:
    """Neither argument is changed; the answer shares unchanged parts with both. Raises PatchRefused."""
    if patch is None:
        raise PatchRefused("Invalid JSON Patch")
    if not isinstance(patch, Mapping):
        kind = {list: "array", str: "string", bool: "bool", int: "number", float: "number"}[type(patch)]
        raise PatchRefused(
            f"error decoding patch: json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"
        )
    return _merge(obj, patch)


def _merge(target: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = _merge(merged.get(key), value)
        else:
            merged[key] = value
    return merged
