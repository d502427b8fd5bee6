"""What cannot be merged: values of the wrong type, fields that the schema does not declare, keys that are missing or
given twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dbaas.apiserver.fields import elements
from dbaas.apiserver.fields.places import Type, list_key
from dbaas.apiserver.fields.walks import steps_of
from dbaas.apiserver.schemas.validation import TYPE_NAMES
from dbaas.apiserver.schemas.wording import format_json, format_plain, quote

_NO_KEY = (
    "associative list with keys has an element that omits all key fields {keys} "
    "(and doesn't have default values for any key fields)"
)
_GO_TYPES = {"object": "map[string]interface {}", "array": "[]interface {}", "string": "string", "boolean": "bool"}


def problems(value: Any, place: Type, path: str = "", *, allows_twice: bool = False) -> Iterator[str]:
    """Sentences such as `.spec.size: expected numeric (int or float), got string`.

    `allows_twice` elements of one key, which only an apply must not have.
    """
    if value is None or place.node is None:
        return
    if place.declared == "scalar":
        yield from _scalar_problems(value, place, path)
    elif place.declared == "list" and not isinstance(value, list):
        yield f"{path}: expected list, got &{{{_shown(value)}}}"
    elif place.declared == "map" and not isinstance(value, Mapping):
        yield f"{path}: expected map, got &{{{_shown(value)}}}"
    elif isinstance(value, list):
        yield from _list_problems(value, place, path, allows_twice)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            below = place.field(key)
            where = f"{path}.{key}"
            if below is None:
                yield f"{where}: field not declared in schema"
            else:
                yield from problems(each, below, where, allows_twice=allows_twice)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "map[" + " ".join(f"{key}:{_shown(value[key])}" for key in sorted(value)) + "]"
    if isinstance(value, list):
        return "[" + " ".join(map(_shown, value)) + "]"
    return value if isinstance(value, str) else format_plain(value)


def _scalar_problems(value: Any, place: Type, path: str) -> Iterator[str]:
    node = place.node
    if node is None:
        return
    if node.types[0] == "string" and node.limits.format not in ("", "byte", "byte-or-empty"):
        if isinstance(value, Mapping | list):
            yield f"{path}: expected any scalar, got &{{{_shown(value)}}}"
        return
    wanted, actual = node.types[0], TYPE_NAMES[type(value)]
    if wanted in ("integer", "number"):
        if actual not in ("integer", "number"):
            yield f"{path}: expected numeric (int or float), got {_GO_TYPES[actual]}"
    elif wanted != actual:
        yield f"{path}: expected {wanted}, got &value.valueUnstructured{{Value:{_go_literal(value)}}}"


def _go_literal(value: Any) -> str:
    return quote(value) if isinstance(value, str) else format_json(value)


def _list_problems(value: Sequence[Any], place: Type, path: str, allows_twice: bool) -> Iterator[str]:
    if place.is_atomic_list:
        for index, each in enumerate(value):
            yield from problems(each, place.items(), f"{path}[{index}]", allows_twice=allows_twice)
        return
    node = place.node
    keys = node.list_keys if node is not None and node.list_type == "map" else ()
    for index, each in enumerate(value):
        if keys and (problem := _key_problem(each, place, keys)):
            yield f"{path}: element {index}: {problem}"
            return
    seen: set[str] = set()
    for step, each in zip(steps_of(value, place), value, strict=True):
        if step in seen and not allows_twice:
            yield f"{path}: duplicate entries for key {elements.describe([step])}"
        seen.add(step)
        yield from problems(each, place.items(), path + elements.describe([step]), allows_twice=allows_twice)


def _key_problem(element: Any, place: Type, keys: tuple[str, ...]) -> str:
    if element is None:
        return "associative list with keys may not have a null element"
    if not isinstance(element, Mapping):
        return "associative list with keys may not have non-map elements"
    if not list_key(element, place.items(), keys):
        return _NO_KEY.format(keys=f"[{' '.join(map(quote, keys))}]")
    return ""
