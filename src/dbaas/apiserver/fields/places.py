"""Types of places, as server-side apply sees them: scalars, lists and maps that merge or are replaced whole.

A schema gives them; where it gives none (unknown fields that are kept), the type is deduced from the value: maps merge,
lists are replaced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from dbaas.apiserver.builtins.definitions import PREFIX, definitions
from dbaas.apiserver.schemas import Schema
from dbaas.apiserver.schemas.nodes import ABSENT, Node, compile_node

Kind = Literal["scalar", "list", "map"]
_OBJECT_META = PREFIX + "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
_KINDS: Mapping[str, Kind] = {"object": "map", "array": "list"}


@dataclass(frozen=True, slots=True)
class Type:
    """`node` None is a deduced type. `keeps_unknown`: this place or one above it keeps unknown fields."""

    node: Node | None
    keeps_unknown: bool = False

    def kind(self, value: Any) -> Kind:
        """How a value is treated here; null is treated as what the schema declares."""
        declared = self.declared
        if declared is not None and (value is None or declared == kind_of(value)):
            return declared
        return "map" if value is None else kind_of(value)

    @property
    def declared(self) -> Kind | None:
        """What the schema says, None where anything goes."""
        if self.node is None or self.node.int_or_string or not self.node.types:
            return None
        return _KINDS.get(self.node.types[0], "scalar")

    @property
    def is_atomic_list(self) -> bool:
        return self.node is None or self.node.list_type not in ("set", "map")

    @property
    def is_atomic_map(self) -> bool:
        return self.node is not None and self.node.map_type == "atomic"

    def names(self, key: str) -> bool:
        """Whether a field is declared by name: of such a map the parent is owned with its fields."""
        return self.node is not None and (key in self.node.properties or (self.node.embedded and key in _implied()))

    def field(self, key: str) -> Type | None:
        """The type of a field, None where the schema forbids it."""
        node = self.node
        if node is None:
            return self
        keeps = self.keeps_unknown or _keeps_unknown(node)
        if node.embedded and key in _implied():
            return Type(_implied()[key])
        if key in node.properties:
            return Type(node.properties[key], keeps)
        if isinstance(node.additional, Node):
            return Type(node.additional, keeps)
        if node.additional is True or keeps or (node.additional is None and not node.properties):
            return Type(None)
        return None

    def items(self) -> Type:
        if self.node is None or self.node.items is None:
            return Type(None)
        return Type(self.node.items, self.keeps_unknown or _keeps_unknown(self.node))


def kind_of(value: Any) -> Kind:
    if isinstance(value, Mapping):
        return "map"
    return "list" if isinstance(value, list) else "scalar"


def _keeps_unknown(node: Node) -> bool:
    return bool(node.spec.get("x-kubernetes-preserve-unknown-fields"))


@lru_cache(maxsize=1)
def _implied() -> Mapping[str, Node]:
    """Fields that every resource has, whatever its schema says."""
    text = compile_node({"type": "string"}, {})
    metadata = compile_node({"$ref": _OBJECT_META}, {PREFIX + name: each for name, each in definitions().items()})
    return {"apiVersion": text, "kind": text, "metadata": metadata}


def type_of(schema: Schema) -> Type:
    """The type of whole objects of a kind."""
    root = schema.root
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
