"""The schemas of the built-in kinds, as `/openapi/v3` has them: components that refer to each other by name.

The data is generated from a kube-apiserver by `tools/builtin_schemas.py`, without descriptions.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import orjson

PREFIX = "#/components/schemas/"


@cache
def definitions() -> MappingProxyType[str, dict[str, Any]]:
    """All components by name (`io.k8s.api.core.v1.Pod`); not to be changed."""
    return MappingProxyType(orjson.loads(files(__package__).joinpath("definitions.json").read_bytes()))


def components(name: str) -> dict[str, dict[str, Any]]:
    """A component and all that it refers to, for one OpenAPI document."""
    found: dict[str, dict[str, Any]] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = definitions()[each]
            waiting += _references(found[each])
    return found


def _references(node: object) -> list[str]:
    if isinstance(node, list):
        return [name for each in node for name in _references(each)]
    if not isinstance(node, dict):
        return []
    target = node.get("$ref")
    if isinstance(target, str):
        return [target.removeprefix(PREFIX)]
    return [name for each in node.values() for name in _references(each)]
