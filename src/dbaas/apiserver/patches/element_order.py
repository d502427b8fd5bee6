"""The order of a list that a strategic merge patch was merged into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.apiserver.schemas.equality import equal


def arrange(merged: Sequence[Any], wanted: Sequence[Any], server: Sequence[Any], key: str) -> list[Any]:
    """Elements that `wanted` names come in its order, the others in the server's; where both meet, an element stays
    behind those that it followed on the server."""
    named = [each for each in merged if _index(wanted, each, key) is not None]
    others = [each for each in merged if _index(wanted, each, key) is None]
    named.sort(key=lambda each: _index(wanted, each, key) or 0)
    others.sort(key=lambda each: _rank(server, each, key))
    arranged: list[Any] = []
    while named and others:
        one, other = _index(server, others[0], key), _index(server, named[0], key)
        first = others if one is not None and other is not None and one < other else named
        arranged.append(first.pop(0))
    return arranged + named + others


def _rank(order: Sequence[Any], element: Any, key: str) -> int:
    found = _index(order, element, key)
    return len(order) if found is None else found


def _index(order: Sequence[Any], element: Any, key: str) -> int | None:
    wanted = identity(element, key)
    return next((index for index, each in enumerate(order) if equal(identity(each, key), wanted)), None)


def identity(element: Any, key: str) -> Any:
    """What tells elements of a list apart: the value of a key, or the element itself."""
    return element.get(key) if key and isinstance(element, Mapping) else element
