"""Steps of a path inside an object, written as `fieldsV1` writes them: `f:name`, `k:{"name":"x"}`, `v:"x"`, `i:0`.

The written form is the identity: two steps are the same exactly when their texts are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from dbaas.apiserver.schemas.wording import format_json, format_plain, quote

SELF = "."
_KINDS = {"f": 0, "k": 1, "v": 2, "i": 3}


class ElementRefused(ValueError):
    """A text that is no step of a path."""


def field(name: str) -> str:
    return f"f:{name}"


def key(fields: Mapping[str, Any]) -> str:
    if len(fields) == 1:
        ((name, content),) = fields.items()
        if isinstance(content, str):
            return _text_key(name, content)
    return f"k:{format_json(dict(fields))}"


@lru_cache(maxsize=8192)
def _text_key(name: str, content: str) -> str:
    """The most frequent kind of key."""
    return f"k:{format_json({name: content})}"


def value(scalar: Any) -> str:
    return f"v:{format_json(scalar)}"


@lru_cache(maxsize=8192)
def parse(element: str) -> tuple[str, Any]:
    """Kind (`f`, `k`, `v`, `i`) and content. Raises ElementRefused."""
    kind, separator, text = element[:1], element[1:2], element[2:]
    if separator != ":" or kind not in _KINDS:
        raise ElementRefused(f"unknown path element {element!r}")
    if kind == "f":
        return kind, text
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise ElementRefused(f"path element {element!r} is not JSON: {error}") from error
    if kind == "k" and not isinstance(content, dict):
        raise ElementRefused(f"path element {element!r} is not a key")
    return kind, content


def normalise(element: str) -> str:
    """The canonical text of a step that somebody else wrote. Raises ElementRefused."""
    kind, content = parse(element)
    return element if kind == "f" else f"{kind}:{format_json(content)}"


def describe(path: Sequence[str]) -> str:
    """A path for people: `.spec.ports[port=80,protocol="TCP"].name`."""
    return "".join(map(_describe_one, path))


def _describe_one(element: str) -> str:
    kind, content = parse(element)
    if kind == "f":
        return f".{content}"
    if kind == "k":
        return f"[{','.join(f'{name}={_describe_value(content[name])}' for name in sorted(content))}]"
    return f"[={_describe_value(content)}]" if kind == "v" else f"[{content}]"


def _describe_value(content: Any) -> str:
    if content is None:
        return "null"
    if isinstance(content, str):
        return quote(content)
    return format_plain(content) if isinstance(content, bool | int | float) else format_json(content)


@lru_cache(maxsize=8192)
def rank(element: str) -> tuple[int, tuple[Any, ...]]:
    """The order of steps: fields by name, then keys, values and indexes."""
    kind, content = parse(element)
    if kind == "f":
        return 0, (content.encode(),)
    if kind == "k":
        return 1, tuple((name, _rank_value(content[name])) for name in sorted(content))
    return _KINDS[kind], (_rank_value(content),)


def _rank_value(content: Any) -> tuple[int, Any]:
    """Numbers before strings before booleans, each by size."""
    if isinstance(content, bool):
        return 2, content
    if isinstance(content, int | float):
        return 0, content
    return (1, content.encode()) if isinstance(content, str) else (3, format_json(content))
