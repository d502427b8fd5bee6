"""A structural schema compiled into nodes: one per place in an object, with what applies there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from dbaas.apiserver.schemas.formats import format_check
from dbaas.apiserver.schemas.patterns import compile_pattern

REFERENCE = "$ref"
Spec = Mapping[str, Any]
_BOUNDS = frozenset({"enum", "pattern", "format", "minLength", "maxLength", "allOf", "anyOf", "oneOf", "not"})


class Absent:
    """The type of ABSENT: there is no value, which null would be."""


ABSENT: Final = Absent()


@dataclass(slots=True)
class Limits:
    """The simple bounds of a value, None where there is none. `is_format`: the format is the type, where it is told."""

    enum: tuple[Any, ...] = ()
    pattern: str = ""
    regex: re.Pattern[str] | None = None
    format: str = ""
    is_format: bool = False
    multiple_of: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    exclusive_maximum: bool = False
    min_length: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    min_properties: int | None = None
    max_properties: int | None = None
    required: tuple[str, ...] = ()
    required_keys: frozenset[str] = frozenset()


@dataclass(slots=True, eq=False)
class Node:
    """What may be at one place of an object. Nodes may form cycles (a schema of schemas); never walk without an object.

    `types` is empty where anything goes. `additional` is True for `additionalProperties: true`. `default` is ABSENT
    where there is none. List types are `atomic`, `set`, `map`, map types `granular`, `atomic`, as in Kubernetes.
    """

    spec: Spec = field(default_factory=dict)
    types: tuple[str, ...] = ()
    nullable: bool = False
    int_or_string: bool = False
    preserves_unknown: bool = False
    embedded: bool = False
    properties: dict[str, Node] = field(default_factory=dict)
    additional: Node | bool | None = None
    items: Node | None = None
    default: Any = ABSENT
    defaulted: tuple[tuple[str, Node], ...] = ()  # the properties that have a default themselves
    list_type: str = ""
    list_keys: tuple[str, ...] = ()
    map_type: str = ""
    patch_strategies: tuple[str, ...] = ()
    patch_key: str = ""
    limits: Limits = field(default_factory=Limits)
    all_of: tuple[Node, ...] = ()
    any_of: tuple[Node, ...] = ()
    one_of: tuple[Node, ...] = ()
    none_of: Node | None = None
    rules: tuple[Spec, ...] = ()
    has_branches: bool = False  # allOf, anyOf, oneOf or not
    unbound: type | None = None  # str or bool where every text or truth value will do
    has_defaults: bool = False
    has_rules: bool = False
    has_embedded: bool = False  # like has_defaults: somewhere below, whatever the node itself is
    has_list_types: bool = False

    def child(self, key: str) -> Node | None:
        """The node of a field or of a map's value, None where the schema says nothing about it."""
        found = self.properties.get(key)
        if found is None and isinstance(self.additional, Node):
            return self.additional
        return found

    def children(self) -> Iterator[Node]:
        """Nodes of the places right below this one; not the branches of allOf and the like."""
        yield from self.properties.values()
        if isinstance(self.additional, Node):
            yield self.additional
        if self.items is not None:
            yield self.items


def compile_node(spec: Spec, definitions: Mapping[str, Spec]) -> Node:
    """`definitions` are what a `$ref` may name. Raises PatternRefused and KeyError (an unknown `$ref`)."""
    compiler = _Compiler(definitions)
    root = compiler.compile(spec)
    _mark(compiler.made)
    return root


def _mark(nodes: list[Node]) -> None:
    """Lets each node know what is anywhere below it; repeated, since nodes may form cycles."""
    for node in nodes:
        node.defaulted = tuple((name, each) for name, each in node.properties.items() if each.default is not ABSENT)
    changed = True
    while changed:
        changed = False
        for node in nodes:
            found = _look_below(node)
            if found != (node.has_defaults, node.has_rules, node.has_embedded, node.has_list_types):
                node.has_defaults, node.has_rules, node.has_embedded, node.has_list_types = found
                changed = True


def _look_below(node: Node) -> tuple[bool, bool, bool, bool]:
    defaults = rules = embedded = list_types = False
    for each in node.children():
        defaults = defaults or each.default is not ABSENT or each.has_defaults
        rules = rules or each.has_rules
        embedded = embedded or each.embedded or each.has_embedded
        list_types = list_types or each.list_type in ("set", "map") or each.has_list_types
    return defaults, rules or bool(node.rules), embedded, list_types


class _Compiler:
    def __init__(self, definitions: Mapping[str, Spec]) -> None:
        self._definitions = definitions
        self._by_reference: dict[str, Node] = {}
        self.made: list[Node] = []

    def compile(self, spec: Spec) -> Node:
        reference, siblings = _reference(spec)
        if reference is None:
            return self._fill(Node(), spec)
        if siblings:
            return self._fill(Node(), {**self._definitions[reference], **siblings})
        if reference not in self._by_reference:
            node = self._by_reference[reference] = Node()
            self._fill(node, self._definitions[reference])
        return self._by_reference[reference]

    def _fill(self, node: Node, spec: Spec) -> Node:
        self.made.append(node)
        node.spec = spec
        node.types, node.int_or_string = _types(spec)
        node.nullable = bool(spec.get("nullable"))
        node.embedded = bool(spec.get("x-kubernetes-embedded-resource"))
        node.default = spec.get("default", ABSENT)
        if node.default is None:
            node.default = ABSENT
        node.list_type = spec.get("x-kubernetes-list-type", "")
        node.list_keys = tuple(spec.get("x-kubernetes-list-map-keys", ()))
        node.map_type = spec.get("x-kubernetes-map-type", "")
        node.patch_strategies = tuple(filter(None, spec.get("x-kubernetes-patch-strategy", "").split(",")))
        node.patch_key = spec.get("x-kubernetes-patch-merge-key", "")
        node.rules = tuple(spec.get("x-kubernetes-validations", ()))
        node.limits = _limits(spec, is_builtin=bool(self._definitions))
        self._fill_below(node, spec)
        if len(node.types) == 1 and not spec.keys() & _BOUNDS:
            node.unbound = {"string": str, "boolean": bool}.get(node.types[0])
        return node

    def _fill_below(self, node: Node, spec: Spec) -> None:
        node.properties = {name: self.compile(each) for name, each in spec.get("properties", {}).items()}
        additional = spec.get("additionalProperties")
        node.additional = self.compile(additional) if isinstance(additional, Mapping) else additional
        if isinstance(spec.get("items"), Mapping):
            node.items = self.compile(spec["items"])
        node.all_of = tuple(self.compile(each) for each in spec.get("allOf", ()))
        node.any_of = tuple(self.compile(each) for each in spec.get("anyOf", ()))
        node.one_of = tuple(self.compile(each) for each in spec.get("oneOf", ()))
        node.none_of = self.compile(spec["not"]) if "not" in spec else None
        node.has_branches = bool(node.all_of or node.any_of or node.one_of or node.none_of is not None)
        node.preserves_unknown = bool(spec.get("x-kubernetes-preserve-unknown-fields")) or not (
            node.types or node.properties or node.int_or_string
        )


def _reference(spec: Spec) -> tuple[str | None, dict[str, Any]]:
    """The `$ref` of a schema, plain or as the only part of `allOf`, and what stands beside it."""
    holder = spec
    if len(spec.get("allOf", ())) == 1 and REFERENCE in spec["allOf"][0]:
        holder = spec["allOf"][0]
    if REFERENCE not in holder or not isinstance(holder[REFERENCE], str):
        return None, {}
    return holder[REFERENCE], {key: value for key, value in spec.items() if key not in (REFERENCE, "allOf")}


def _types(spec: Spec) -> tuple[tuple[str, ...], bool]:
    if spec.get("x-kubernetes-int-or-string") or spec.get("format") == "int-or-string":
        return ("integer", "string"), True
    return ((spec["type"],) if spec.get("type") else ()), False


def _limits(spec: Spec, *, is_builtin: bool) -> Limits:
    pattern, wanted = spec.get("pattern", ""), spec.get("format", "")
    return Limits(
        enum=tuple(spec.get("enum") or ()),
        pattern=pattern,
        regex=compile_pattern(pattern) if pattern else None,
        # Go reads an empty string as no bytes; a custom kind's schema takes it for no base64.
        format="byte-or-empty" if is_builtin and wanted == "byte" else wanted,
        is_format=not is_builtin and spec.get("type") == "string" and format_check(wanted) is not None,
        multiple_of=spec.get("multipleOf"),
        minimum=spec.get("minimum"),
        maximum=spec.get("maximum"),
        exclusive_minimum=spec.get("exclusiveMinimum", False),
        exclusive_maximum=spec.get("exclusiveMaximum", False),
        min_length=spec.get("minLength"),
        max_length=spec.get("maxLength"),
        min_items=spec.get("minItems"),
        max_items=spec.get("maxItems"),
        min_properties=spec.get("minProperties"),
        max_properties=spec.get("maxProperties"),
        required=tuple(spec.get("required") or ()),
        required_keys=frozenset(spec.get("required") or ()),
    )
