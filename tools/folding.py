"""Folds variants of an object into one Helm template, in which what differs stands under its condition.

The variants are what is made under each combination of some switches; nothing is written twice that is the same in all.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

END = "{{- end }}"
Mode = tuple[str, ...]
"""One value for each switch."""
Variants = Mapping[Mode, Any]


@dataclass(frozen=True)
class Values:
    """In the place of a value: what stands at `path` in the values. `optional`: with its key only where it is given."""

    path: str
    optional: bool = False


@dataclass(frozen=True)
class Switch:
    """`conditions` says in Helm's words which of its values is meant: for one value, or for several."""

    conditions: Mapping[frozenset[str], str]


class Template:
    """Lines of a template that gives each of the variants under its own mode. Raises ValueError where none can."""

    def __init__(self, switches: Sequence[Switch]) -> None:
        self._switches = switches

    def fold(self, variants: Variants, everywhere: Collection[Mode]) -> list[str]:
        """Of one object. Under the modes of `everywhere` that have no variant there is none."""
        return self._under(variants, everywhere, self._mapping(variants, 0))

    def _mapping(self, variants: Variants, indent: int) -> list[str]:
        lines: list[str] = []
        for key in _merge([list(each) for each in variants.values()]):
            having = {mode: body[key] for mode, body in variants.items() if key in body}
            lines = _join(lines, self._under(having, variants, self._entry(key, having, indent)))
        return lines

    def _entry(self, key: str, variants: Variants, indent: int) -> list[str]:
        pad = " " * indent
        if all(isinstance(value, dict) and value for value in variants.values()):
            return [f"{pad}{key}:", *self._mapping(variants, indent + 2)]
        if all(isinstance(value, list) and value for value in variants.values()):
            return [f"{pad}{key}:", *self._list(variants, indent + 2)]
        lines: list[str] = []
        for having in _alternatives(variants):
            value = next(iter(having.values()))
            alone = len(having) == len(variants)
            written = _write(key, value, indent) if alone else self._entry(key, having, indent)
            lines = _join(lines, self._under(having, variants, written))
        return lines

    def _list(self, variants: Variants, indent: int) -> list[str]:
        """Objects at the same places are folded; else items stand in the order that suits all."""
        lengths = {len(items) for items in variants.values()}
        if len(lengths) == 1 and all(isinstance(item, dict) for items in variants.values() for item in items):
            places = [{mode: items[place] for mode, items in variants.items()} for place in range(lengths.pop())]
            return [line for place in places for line in self._item(place, indent)]
        lines: list[str] = []
        known = {_name(item): item for items in variants.values() for item in items}
        for name in _merge([[_name(item) for item in items] for items in variants.values()]):
            having = {m: known[name] for m, items in variants.items() if name in {_name(item) for item in items}}
            lines = _join(lines, self._under(having, variants, self._item(having, indent)))
        return lines

    def _item(self, variants: Variants, indent: int) -> list[str]:
        first, pad = next(iter(variants.values())), " " * indent
        if not isinstance(first, dict):
            return [f"{pad}- {_scalar(first)}"]
        lines = self._mapping(variants, indent + 2)
        if lines[0].startswith(pad + "  "):
            return [f"{pad}- {lines[0].lstrip()}", *lines[1:]]
        return [f"{pad}-", *lines]

    def _under(self, having: Collection[Mode], within: Collection[Mode], lines: list[str]) -> list[str]:
        terms: list[str] = []
        chosen: list[frozenset[str]] = []
        for place, switch in enumerate(self._switches):
            values, possible = (frozenset(mode[place] for mode in modes) for modes in (having, within))
            chosen.append(values)
            if values != possible:
                terms.append(f"({switch.conditions[values]})")
        meant = {m for m in within if all(value in some for value, some in zip(m, chosen, strict=True))}
        if meant != set(having):
            raise ValueError(f"no condition says when this is there: {lines}")
        if not terms:
            return lines
        together = f"and {' '.join(terms)}" if len(terms) > 1 else terms[0][1:-1]
        return [f"{{{{- if {together} }}}}", *lines, END]


def _join(lines: list[str], others: list[str]) -> list[str]:
    """What stands under the same condition as what is before it comes under that one."""
    if not lines or not others or (lines[-1], others[-1]) != (END, END) or not others[0].startswith("{{- if"):
        return [*lines, *others]
    begin = max(place for place, line in enumerate(lines) if line.startswith("{{- if"))
    if lines[begin] != others[0] or END in lines[begin:-1] or END in others[1:-1]:
        return [*lines, *others]
    return [*lines[:-1], *others[1:]]


def _write(key: str, value: object, indent: int) -> list[str]:
    pad, inner = " " * indent, indent + 2
    if not isinstance(value, Values):
        return [f"{pad}{key}: {_scalar(value)}"]
    if not value.optional:
        return [f"{pad}{key}:", f"{pad}  {{{{- toYaml $.Values.{value.path} | nindent {inner} }}}}"]
    given = [f"{pad}{key}:", f"{pad}  {{{{- toYaml . | nindent {inner} }}}}"]
    return [f"{{{{- with $.Values.{value.path} }}}}", *given, END]


def _alternatives(variants: Variants) -> list[dict[Mode, Any]]:
    """Those with the same value together."""
    found: dict[str, dict[Mode, Any]] = {}
    for mode, value in variants.items():
        found.setdefault(_name(value), {})[mode] = value
    return list(found.values())


def _merge(sequences: Sequence[Sequence[str]]) -> list[str]:
    """All items, in an order in which each sequence is found again."""
    merged: list[str] = []
    for sequence in sorted(sequences, key=len, reverse=True):
        place = 0
        for item in sequence:
            if item in merged:
                place = merged.index(item) + 1
            else:
                merged.insert(place, item)
                place += 1
    for sequence in sequences:
        if [item for item in merged if item in sequence] != list(sequence):
            raise ValueError(f"no order suits all: {sequences}")
    return merged


def _name(item: object) -> str:
    return json.dumps(item, sort_keys=True, default=repr)


def _scalar(value: object) -> str:
    """On one line."""
    if isinstance(value, str) and "\n" in value:
        return json.dumps(value)
    text: str = yaml.safe_dump(value, width=float("inf"), default_flow_style=True, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...")
