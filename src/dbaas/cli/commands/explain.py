"""`dbaas explain`: what the fields of our kinds mean; needs no server."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbaas.cli.exits import WrongUsage
from dbaas.cli.suggestions import suggest
from dbaas.cli.terminal import Terminal, open_terminal

if TYPE_CHECKING:
    from dbaas.api.kinds import Definition

WIDTH = 100
_BOUNDS = {
    "default": "default", "minimum": "at least", "maximum": "at most", "minLength": "characters at least",
    "maxLength": "characters at most", "minItems": "items at least", "maxItems": "items at most", "pattern": "pattern",
    "format": "format",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ExplainOptions:
    """What to explain."""

    path: Annotated[str, typer.Argument(metavar="KIND[.FIELD…]", help="database, database.spec.owner, users.spec.")]
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="With all fields below.")] = False


def run(options: ExplainOptions) -> None:
    """Explain a kind or one of its fields."""
    from dbaas.api.schema import build_schema
    from dbaas.contracts.registry import find_registry

    terminal = open_terminal(os.environ)
    name, *fields = options.path.split(".")
    definition = find_definition(name)
    schema = build_schema(definition, find_registry().blocks(definition.kind.kind))
    schema["properties"].pop("metadata", None)
    for line in explain(definition, schema, fields, terminal, recursive=options.recursive):
        terminal.print(line)


def find_definition(name: str) -> Definition:
    """By any of the names that `get` takes."""
    from dbaas.api.kinds import DEFINITIONS, LAPTOP_DEFINITIONS
    from dbaas.cli.kinds import ServedKind

    definitions = (*DEFINITIONS, *LAPTOP_DEFINITIONS)
    known = {n: d for d in definitions for n in ServedKind(d.kind, d.kind.kind.lower()).names}
    if name.lower() in known:
        return known[name.lower()]
    kinds = ", ".join(definition.kind.plural for definition in definitions)
    advice = filter(None, [suggest(name.lower(), known), f"kinds: {kinds}"])
    raise WrongUsage(f"there is no kind {name!r}", *advice)


def explain(
    definition: Definition, schema: Mapping[str, Any], fields: list[str], terminal: Terminal, *, recursive: bool
) -> Iterator[str]:
    place = definition.kind.kind
    for field in fields:
        schema = _descend(schema, field, place)
        place = f"{place}.{field}"
    yield terminal.style(place, "strong") + f"  <{_type(schema)}>"
    yield from textwrap.wrap(str(schema.get("description") or ""), WIDTH, initial_indent="  ", subsequent_indent="  ")
    for line in _bounds(schema):
        yield f"  {line}"
    children = _properties(schema)
    if children:
        yield ""
        yield terminal.style("Fields", "strong")
        yield from _list(schema, terminal, 2, recursive=recursive)


def _descend(schema: Mapping[str, Any], field: str, place: str) -> Mapping[str, Any]:
    children = _properties(schema)
    if field in children:
        child: Mapping[str, Any] = children[field]
        return child
    advice = filter(None, [suggest(field, children), f"fields: {', '.join(children) or 'none'}"])
    raise WrongUsage(f"{place} has no field {field!r}", *advice)


def _list(schema: Mapping[str, Any], terminal: Terminal, spaces: int, *, recursive: bool) -> Iterator[str]:
    required = schema.get("items", schema).get("required") or ()
    for name, child in _properties(schema).items():
        mark = " (required)" if name in required else ""
        yield " " * spaces + terminal.style(name, "strong") + f"  <{_type(child)}>{mark}"
        indent = " " * (spaces + 4)
        yield from textwrap.wrap(
            str(child.get("description") or ""), WIDTH, initial_indent=indent, subsequent_indent=indent
        )
        if recursive:
            yield from _list(child, terminal, spaces + 4, recursive=True)


def _properties(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of an object, or of the objects in a list."""
    found: Mapping[str, Any] = schema.get("items", schema).get("properties") or {}
    return found


def _type(schema: Mapping[str, Any]) -> str:
    if schema.get("x-kubernetes-int-or-string"):
        return "integer or string"
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_type(schema['additionalProperties'])}"
    return str(schema.get("type") or "any")


def _bounds(schema: Mapping[str, Any]) -> Iterator[str]:
    if "enum" in schema:
        yield f"one of: {', '.join(str(value) for value in schema['enum'])}"
    for key, text in _BOUNDS.items():
        if key in schema:
            yield f"{text}: {schema[key]}"
    for rule in schema.get("x-kubernetes-validations") or ():
        yield f"rule: {rule.get('message') or rule['rule']}"
