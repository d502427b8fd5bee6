"""How large the values of a schema can be, which is where estimates of the cost of rules start.

Source: Kubernetes, `apiserver/pkg/cel/common/schemas.go` and `limits.go`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dbaas.apiserver.schemas.expressions.values import escape
from dbaas.apiserver.schemas.nodes import Spec

LARGEST_REQUEST = 3 * 1024 * 1024
_BYTES_OF_LETTER = 4
_LONGEST_TEXT = LARGEST_REQUEST - len('""')
_TIMES = {"duration": (32, 3), "date": (12, 12), "date-time": (32, 21)}
_SCALARS = {"boolean": 4, "number": 1, "integer": 1}


@dataclass(frozen=True, slots=True)
class Extent:
    """`most` counts bytes, elements or entries and is 0 for what has no size; `least_bytes` are those of its shortest
    JSON."""

    most: int = 0
    least_bytes: int = 1
    element: Extent | None = None
    key: Extent | None = None
    fields: Mapping[str, Extent] = field(default_factory=dict)

    @property
    def most_in_a_request(self) -> int:
        """How often such a value can be in one object."""
        return LARGEST_REQUEST // (self.least_bytes + 1)

    def below(self, steps: Sequence[str]) -> Extent | None:
        """`@items`, `@values` and `@keys` lead into lists and maps; None where the schema says nothing."""
        here: Extent | None = self
        for step in steps:
            if here is None:
                return None
            if step in ("@items", "@values"):
                here = here.element
            else:
                here = here.key if step == "@keys" else here.fields.get(step)
        return here


def extent_of(spec: Spec, *, is_resource: bool = False) -> Extent | None:
    """None where rules see nothing. `is_resource`: the root of an object."""
    if spec.get("x-kubernetes-int-or-string"):
        return Extent(_text_limit(spec), 1)
    match spec.get("type"):
        case "array":
            items = _below(spec.get("items"))
            return None if items is None else _container(spec.get("maxItems"), items.least_bytes + 1, items)
        case "object" if isinstance(spec.get("additionalProperties"), Mapping):
            value = _below(spec["additionalProperties"])
            key = Extent(0, 2)
            return None if value is None else _container(spec.get("maxProperties"), value.least_bytes + 6, value, key)
        case "object":
            return _object(spec, is_resource=is_resource)
        case "string":
            return _text(spec)
        case str(plain) if plain in _SCALARS:
            return Extent(0, _SCALARS[plain])
    return None


def _below(spec: object) -> Extent | None:
    if not isinstance(spec, Mapping):
        return None
    return extent_of(spec, is_resource=bool(spec.get("x-kubernetes-embedded-resource")))


def _container(limit: int | None, bytes_each: int, element: Extent, key: Extent | None = None) -> Extent:
    most = (LARGEST_REQUEST - 2) // bytes_each if limit is None else max(limit, 0)
    return Extent(most, 2, element, key)


def _object(spec: Spec, *, is_resource: bool) -> Extent:
    fields: dict[str, Extent] = {}
    least_bytes = len("{}")
    for name, below in _properties(spec, is_resource=is_resource).items():
        found = _below(below)
        if found is None:
            continue
        identifier = escape(name)
        if identifier is not None:
            fields[identifier] = found
        if name in (spec.get("required") or ()) and below.get("default") is None:
            least_bytes += len(name.encode()) + found.least_bytes + len('"":,')
    return Extent(0, least_bytes, fields=fields)


def _properties(spec: Spec, *, is_resource: bool) -> Mapping[str, Spec]:
    """With those that every object has; where the schema tells of all of these, what it tells."""
    declared: Mapping[str, Spec] = spec.get("properties") or {}
    if not is_resource:
        return declared
    text: Spec = {"type": "string"}
    names = {"name": text, "generateName": text}
    metadata = declared.get("metadata") or {}
    told = [
        declared.get("kind"),
        declared.get("apiVersion"),
        *((metadata.get("properties") or {}).get(n) for n in names),
    ]
    if metadata.get("type") == "object" and all(each is not None and each.get("type") == "string" for each in told):
        return declared
    return {**declared, "kind": text, "apiVersion": text, "metadata": {"type": "object", "properties": names}}


def _text(spec: Spec) -> Extent:
    kind = spec.get("format", "")
    if kind in _TIMES:
        return Extent(*_TIMES[kind])
    if kind == "byte" and spec.get("maxLength") is not None:
        return Extent(max(spec["maxLength"], 0), 2)
    if spec.get("maxLength") is None and spec.get("enum") and kind != "byte":
        return Extent(max(len(each.encode()) if isinstance(each, str) else 0 for each in spec["enum"]), 2)
    return Extent(_text_limit(spec), 2)


def _text_limit(spec: Spec) -> int:
    longest = spec.get("maxLength")
    return _LONGEST_TEXT if longest is None else max(longest, 0) * _BYTES_OF_LETTER
