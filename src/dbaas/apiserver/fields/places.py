"""Types of places, as server-side apply sees them: scalars, lists and maps that merge or are replaced whole.

A schema gives them; where it gives none (unknown fields that are kept), the type is deduced from the value: maps merge,
lists are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, Literal

from dbaas.apiserver.builtins.definitions import PREFIX, definitions
from dbaas.apiserver.schemas import Schema
from dbaas.apiserver.schemas.nodes import ABSENT, Node, compile_node

Kind = Literal["scalar", "list", "map"]
_OBJECT_META = PREFIX + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_KINDS: Mapping[str, Kind] = {"object": "map", "array": "list"}


class Type:
    """`node` None is a deduced type. `keeps_unknown`: this place or one above it keeps unknown fields. `declared` is
    what the schema says, None where anything goes. Types are made once for each place of a schema and never changed.
    """

    __slots__ = ("_fields", "_items", "_others", "declared", "is_atomic_list", "is_atomic_map", "keeps_unknown", "node")

    def __init__(self, node: Node | None, keeps_unknown: bool = False) -> None:
        self.node = node
        self.keeps_unknown = keeps_unknown
        self.declared: Kind | None = None
        if node is not None and node.types and not node.int_or_string:
            self.declared = _KINDS.get(node.types[0], "scalar")
        self.is_atomic_list = node is None or node.list_type not in ("set", "map")
        self.is_atomic_map = node is not None and node.map_type == "atomic"
        self._fields: dict[str, Type] = {}
        self._others: Type | None = None
        self._items: Type | None = None

    def kind(self, value: Any) -> Kind:
        """How a value is treated here; null is treated as what the schema declares."""
        return (self.declared or "map") if value is None else kind_of(value)

    def names(self, key: str) -> bool:
        """Whether a field is declared by name: of such a map the parent is owned with its fields."""
        return self.node is not None and (key in self.node.properties or (self.node.embedded and key in _implied()))

    def field(self, key: str) -> Type | None:
        """The type of a field, None where the schema forbids it."""
        found = self._fields.get(key)
        if found is not None:
            return found
        if self.names(key):
            found = self._fields[key] = self._named(key)
            return found
        if self._others is None:
            self._others = self._find_others()
        return self._others

    def items(self) -> Type:
        if self._items is None:
            items = None if self.node is None else self.node.items
            self._items = DEDUCED if items is None else Type(items, self._keeps_below())
        return self._items

    def _named(self, key: str) -> Type:
        assert self.node is not None
        if self.node.embedded and key in _implied():
            return Type(_implied()[key])
        return Type(self.node.properties[key], self._keeps_below())

    def _find_others(self) -> Type | None:
        """The type of every field that has no name in the schema."""
        node = self.node
        if node is None:
            return self
        if isinstance(node.additional, Node):
            return Type(node.additional, self._keeps_below())
        if node.additional is True or self._keeps_below() or (node.additional is None and not node.properties):
            return DEDUCED
        return None

    def _keeps_below(self) -> bool:
        keeps = self.node is not None and bool(self.node.spec.get("x-kubernetes-preserve-unknown-fields"))
        return self.keeps_unknown or keeps


DEDUCED = Type(None)


def kind_of(value: Any) -> Kind:
    if isinstance(value, dict):
        return "map"
    return "list" if isinstance(value, list) else "scalar"


@lru_cache(maxsize=1)
def _implied() -> Mapping[str, Node]:
    """Fields that every resource has, whatever its schema says."""
    text = compile_node({"type": "string"}, {})
    metadata = compile_node({"$ref": _OBJECT_META}, {PREFIX + name: each for name, each in definitions().items()})
    return {"apiVersion": text, "kind": text, "metadata": metadata}


def type_of(schema: Schema) -> Type:
    """The type of whole objects of a kind, the same one each time."""
    return _type_of(schema.root)


@lru_cache(maxsize=256)
def _type_of(root: Node) -> Type:
    return Type(root if root.embedded else replace(root, embedded=True))


def list_key(element: Any, items: Type, keys: tuple[str, ...]) -> dict[str, Any]:
    """What identifies an element of a list of type map; absent keys with a default have it."""
    found: dict[str, Any] = {}
    for name in keys:
        if name in element:
            found[name] = element[name]
        elif items.node is not None and name in items.node.properties:
            default = items.node.properties[name].default
            if default is not ABSENT:
                found[name] = default
    return found
