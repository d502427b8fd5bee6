"""Answers for machines: JSON, YAML, names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any

import click
import typer

from dbaas.api.resource import Resource
from dbaas.cli.kinds import ServedKind


class Format(StrEnum):
    """How `get` and others print."""

    TABLE = "table"
    WIDE = "wide"
    YAML = "yaml"
    JSON = "json"
    NAME = "name"

    @property
    def is_for_people(self) -> bool:
        return self in (Format.TABLE, Format.WIDE)


class _Choice(click.Choice[str]):
    """Takes a default that is a member, too, where click would take the name of the member for the word."""

    def normalize_choice(self, choice: str, ctx: click.Context | None) -> str:
        return super().normalize_choice(str(choice), ctx)


def _option(*known: Format) -> Any:
    """`-o` of a command that prints in these ways and no other."""
    choice = _Choice([form.value for form in known])
    return typer.Option("--output", "-o", help="How to print.", show_default=True, click_type=choice)


FormatOption = Annotated[Format, _option(*Format)]
DataOption = Annotated[Format, _option(Format.TABLE, Format.YAML, Format.JSON)]
NameOption = Annotated[Format, _option(Format.TABLE, Format.NAME)]


def dump(value: Any, form: Format) -> str:
    """JSON or YAML, in the order in which things are."""
    if form is Format.JSON:
        import json

        return json.dumps(value, indent=2, ensure_ascii=False)
    import yaml

    dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120).rstrip("\n")


def dump_objects(objects: Sequence[Resource], form: Format, *, as_list: bool) -> str:
    """One object alone unless `as_list`; else a List, as Kubernetes has it."""
    bodies = [order_fields(resource.body()) for resource in objects]
    if len(bodies) == 1 and not as_list:
        return dump(bodies[0], form)
    return dump({"apiVersion": "v1", "kind": "List", "items": bodies}, form)


def full_name(served: ServedKind, name: str) -> str:
    return f"{served.label}/{name}"


def order_fields(body: Mapping[str, Any]) -> dict[str, Any]:
    """What people look for first comes first."""
    first = ("apiVersion", "kind", "metadata", "type", "spec", "status")
    return {key: body[key] for key in (*first, *body) if key in body}
