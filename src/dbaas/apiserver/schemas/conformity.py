"""Whether a value surely keeps its schema's bounds: a quick walk for what is right, which nearly every value is.

It looks for no words and remembers no paths. Of a value that it does not vouch for, `validation` tells what is wrong.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.apiserver.schemas.formats import format_check
from dbaas.apiserver.schemas.nodes import ABSENT, Node
from dbaas.apiserver.schemas.validation import TYPE_NAMES, check


def conforms(value: Any, node: Node, old: Any = ABSENT) -> bool:
    """True: `check` would find nothing. False says nothing. `old` is the stored value at the same place.

    A value that is the very same object as the stored one is not looked into, since `check` drops what is wrong in
    values that did not change.
    """
    kind = type(value)
    if kind is node.unbound or (value is old and value is not None):
        return True
    if value is None or node.has_branches:
        return not check(value, node, "").causes
    if node.types and TYPE_NAMES[kind] not in node.types:
        return False
    if kind is str:
        return _text_conforms(value, node)
    if node.limits.enum:
        return not check(value, node, "").causes
    if kind is dict:
        return _object_conforms(value, node, old)
    if kind is list:
        return _list_conforms(value, node)
    return kind is bool or not check(value, node, "").causes


def _text_conforms(value: str, node: Node) -> bool:
    limits = node.limits
    if limits.enum and value not in limits.enum:
        return False
    if limits.max_length is not None and len(value) > limits.max_length:
        return False
    if limits.min_length is not None and len(value) < limits.min_length:
        return False
    if limits.regex is not None and not limits.regex.search(value):
        return False
    accepts = format_check(limits.format) if limits.format else None
    return accepts is None or accepts(value)


def _object_conforms(value: Mapping[str, Any], node: Node, old: Any) -> bool:
    limits, properties = node.limits, node.properties
    stored = old if isinstance(old, dict) else {}
    others = node.additional if isinstance(node.additional, Node) else None
    for key, each in value.items():
        child = properties.get(key, others)
        if child is not None and type(each) is not child.unbound and not conforms(each, child, stored.get(key)):
            return False
    if limits.min_properties is not None and len(value) < limits.min_properties:
        return False
    if limits.max_properties is not None and len(value) > limits.max_properties:
        return False
    return not limits.required or value.keys() >= limits.required_keys


def _list_conforms(value: Sequence[Any], node: Node) -> bool:
    limits, items = node.limits, node.items
    if limits.min_items is not None and len(value) < limits.min_items:
        return False
    if limits.max_items is not None and len(value) > limits.max_items:
        return False
    if items is not None:
        for each in value:
            if type(each) is not items.unbound and not conforms(each, items):
                return False
    return True
