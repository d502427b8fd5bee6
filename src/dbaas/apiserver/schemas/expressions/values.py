"""Values of objects as rules see them: typed by the schema, fields under escaped names, unknown fields hidden."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from dbaas.apiserver.schemas.expressions.things import KeyedList, SetList
from dbaas.apiserver.schemas.formats import parse_duration
from dbaas.apiserver.schemas.nodes import Node

_RESERVED = (
    frozenset({"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if"})
    | {"import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}
)  # fmt: skip
_KEYWORDS = frozenset({"true", "false", "null", "in"})  # the only ones that cannot follow a dot
_ESCAPED = {"__": "__underscores__", ".": "__dot__", "-": "__dash__", "/": "__slash__"}
_METADATA = ("name", "generateName")


@lru_cache(maxsize=4096)
def escape(name: str) -> str | None:
    """The identifier under which a rule finds a field; None for a name that rules cannot reach."""
    if name in _RESERVED:
        return f"__{name}__"
    if re.fullmatch(r"[A-Za-z_./-][A-Za-z0-9_./-]*", name) is None:
        return None
    return re.sub(r"__|[./-]", lambda match: _ESCAPED[match.group()], name)


def identifiers(name: str) -> tuple[str, ...]:
    """All under which a rule finds a field: a reserved word also goes as it is."""
    escaped = escape(name)
    if escaped is None:
        return ()
    return (escaped, name) if name in _RESERVED and name not in _KEYWORDS else (escaped,)


def to_cel(value: Any, node: Node, *, is_root: bool = False, only: Collection[str] | None = None) -> Any:
    """`is_root`: the root of a resource, where apiVersion, kind and the name are visible whatever the schema says.
    `only` are the fields of an object that are needed, under the names that rules have for them; None is all.
    """
    if value is None or node.int_or_string:
        return value
    if isinstance(value, Mapping):
        if isinstance(node.additional, Node) and not node.properties:
            return {key: to_cel(each, node.additional) for key, each in value.items()}
        return _to_object(value, node, is_root or node.embedded, only)
    if isinstance(value, list):
        return _to_list([to_cel(each, node.items) for each in value] if node.items is not None else [], node)
    if isinstance(value, str):
        return _to_text(value, node.limits.format)
    if isinstance(value, int | float) and not isinstance(value, bool) and "number" in node.types:
        return float(value)
    return value


def _to_list(elements: list[Any], node: Node) -> list[Any]:
    if node.list_type == "set":
        return SetList(elements)
    if node.list_type == "map":
        return KeyedList(elements, [escape(key) or key for key in node.list_keys])
    return elements


def _to_object(value: Mapping[str, Any], node: Node, is_root: bool, only: Collection[str] | None) -> dict[str, Any]:
    seen: dict[str, Any] = {}
    for key, each in value.items():
        if only is not None and key not in only and escape(key) not in only:
            continue
        child = node.properties.get(key)
        if is_root and key in ("apiVersion", "kind"):
            seen[key] = each
        elif is_root and key == "metadata" and isinstance(each, Mapping):
            seen[key] = {name: each[name] for name in _METADATA if name in each}
        elif child is not None and each is not None:
            seen |= dict.fromkeys(identifiers(key), to_cel(each, child))
    return seen


def _to_text(value: str, format_name: str) -> Any:
    """What the string stands for by its format: a time, a duration, bytes, or itself."""
    if format_name == "duration":
        return parse_duration(value)
    if format_name == "byte":
        return base64.b64decode(value)
    if format_name in ("date", "date-time"):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return value
