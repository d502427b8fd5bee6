"""Lists that are sets or maps hold each element or key once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.nodes import Node


def validate_list_types(value: Any, node: Node | None, path: str = "") -> Iterator[Cause]:
    if node is None or not (node.list_type or node.has_list_types):
        return
    if isinstance(value, dict):
        for key, each in value.items():
            if not isinstance(each, dict | list):
                continue
            if key in node.properties:
                yield from validate_list_types(each, node.properties[key], f"{path}.{key}" if path else key)
            elif isinstance(node.additional, Node):
                yield from validate_list_types(each, node.additional, f"{path}[{key}]")
    elif isinstance(value, list):
        if node.list_type == "set":
            yield from _repeated(path, value, value)
        elif node.list_type == "map":
            yield from _validate_map(path, value, node)
        for index, each in enumerate(value):
            yield from validate_list_types(each, node.items, f"{path}[{index}]")


def _validate_map(path: str, value: Sequence[Any], node: Node) -> Iterator[Cause]:
    for index, each in enumerate(value):
        if each is not None and not isinstance(each, Mapping):
            yield wording.invalid(f"{path}[{index}]", each, "must be an object for an array of list-type map")
            return
    keys = [{key: each[key] for key in node.list_keys if key in each} if each else {} for each in value]
    yield from _repeated(path, keys, keys)


def _repeated(path: str, values: Sequence[Any], shown: Sequence[Any]) -> Iterator[Cause]:
    """The second of equal elements is reported, later ones are not."""
    seen: dict[tuple[str, object], int] = {}
    for index, value in enumerate(values):
        identity = _identity(value)
        seen[identity] = seen.get(identity, 0) + 1
        if seen[identity] == 2:
            yield wording.duplicate(f"{path}[{index}]", shown[index])


def _identity(value: Any) -> tuple[str, object]:
    """The same for equal values only. Texts, and objects with one text, are what is mostly there."""
    if isinstance(value, str):
        return "text", value
    if isinstance(value, dict) and len(value) == 1:
        ((name, content),) = value.items()
        if isinstance(content, str):
            return "named text", (name, content)
    return type(value).__name__, wording.format_json(value)
