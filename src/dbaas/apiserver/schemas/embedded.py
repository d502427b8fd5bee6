"""Whole resources inside a field (`x-kubernetes-embedded-resource`): they need a kind, and sane metadata."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.nodes import Node

_KIND = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_LONGEST_KIND = 63
_KIND_RULE = (
    "may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric "
    "characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  "
    "or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"
)


def validate_embedded(value: Any, node: Node | None, path: str = "") -> Iterator[Cause]:
    """Causes of all embedded resources below; the object itself is not one."""
    if node is None or not (node.embedded or node.has_embedded):
        return
    if isinstance(value, Mapping):
        if node.embedded and path:
            yield from _validate_resource(value, path)
        for key, each in value.items():
            if key in node.properties:
                yield from validate_embedded(each, node.properties[key], f"{path}.{key}" if path else key)
            elif isinstance(node.additional, Node):
                yield from validate_embedded(each, node.additional, f"{path}[{key}]")
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from validate_embedded(each, node.items, f"{path}[{index}]")


def _validate_resource(value: Mapping[str, Any], path: str) -> Iterator[Cause]:
    for name in ("apiVersion", "kind"):
        where = f"{path}.{name}"
        if name not in value:
            yield wording.required(where)
        elif not isinstance(value[name], str):
            yield wording.invalid(where, value[name], "must be a string")
        elif not value[name]:
            yield wording.invalid(where, "", "must not be empty")
        elif name == "apiVersion" and value[name].count("/") > 1:
            yield wording.invalid(where, value[name], f"unexpected GroupVersion string: {value[name]}")
        elif name == "kind" and not _is_kind(value[name]):
            yield wording.invalid(where, value[name], _KIND_RULE)
    metadata = value.get("metadata")
    if metadata is not None and not isinstance(metadata, Mapping):
        yield wording.invalid(f"{path}.metadata", metadata, "must be an object")


def _is_kind(text: str) -> bool:
    return len(text) <= _LONGEST_KIND and _KIND.fullmatch(text.lower()) is not None
