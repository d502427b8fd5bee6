"""The types of values in expressions: how they are written, and which the values of a schema have.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md#values and, for schemas,
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from dbaas.apiserver.schemas.expressions.values import identifiers
from dbaas.apiserver.schemas.nodes import Spec

_WORD = re.compile(r"\s*([A-Za-z_]\w*|[(),])")
_FULL_NAMES = {
    "ip": "net.IP",
    "cidr": "net.CIDR",
    "quantity": "kubernetes.Quantity",
    "url": "kubernetes.URL",
    "format": "kubernetes.NamedFormat",
    "semver": "kubernetes.Semver",
}


@dataclass(frozen=True, slots=True)
class Type:
    """`fields` are those of an object. A variable stands for any type, in one call for the same one everywhere."""

    name: str
    parameters: tuple[Type, ...] = ()
    fields: Mapping[str, Type] | None = field(default=None, compare=False)
    is_variable: bool = False

    def __str__(self) -> str:
        if not self.parameters:
            return self.name
        return f"{self.name}({', '.join(map(str, self.parameters))})"

    @property
    def is_open(self) -> bool:
        """Whether any value may be there."""
        return self.name == "dyn"

    def with_parameters(self, *parameters: Type) -> Type:
        return Type(self.name, parameters, self.fields)


DYN, NULL, BOOL, INT, UINT = Type("dyn"), Type("null"), Type("bool"), Type("int"), Type("uint")
DOUBLE, STRING, BYTES = Type("double"), Type("string"), Type("bytes")
TIMESTAMP, DURATION = Type("timestamp"), Type("duration")
LIBRARY_TYPES = frozenset(_FULL_NAMES.values())


def list_of(element: Type) -> Type:
    return Type("list", (element,))


def map_of(key: Type, value: Type) -> Type:
    return Type("map", (key, value))


def type_of(instance: Type) -> Type:
    return Type("type", (instance,))


def optional_of(value: Type) -> Type:
    return Type("optional_type", (value,))


def read_types(text: str) -> list[Type]:
    """Of `string, list(A)`: types in the notation in which they are shown, capital letters are variables. The types of
    Kubernetes' own libraries go by a short name (`ip`)."""
    words = _WORD.findall(text)
    found: list[Type] = []
    while words:
        found.append(_read(words))
        if words and words[0] == ",":
            del words[0]
    return found


def _read(words: list[str]) -> Type:
    name = words.pop(0)
    parameters: list[Type] = []
    if words and words[0] == "(":
        while words.pop(0) != ")":
            parameters.append(_read(words))
    return Type(_FULL_NAMES.get(name, name), tuple(parameters), is_variable=len(name) == 1)


def declared_type(spec: Spec, path: str = "selfType", *, is_resource: bool = False) -> Type | None:
    """What rules see of a place in a schema; None where they see nothing. `path` becomes the name of an object's type.

    `is_resource`: the root of an object, where its kind and name are visible whatever the schema says.
    """
    if spec.get("x-kubernetes-int-or-string"):
        return DYN
    match spec.get("type"):
        case "array":
            items = _below(spec.get("items"), f"{path}.@idx")
            return list_of(items) if items is not None else None
        case "object":
            return _object_type(spec, path, is_resource=is_resource)
        case "string":
            return _TEXTS.get(spec.get("format", ""), STRING)
        case str(plain):
            return _SCALARS.get(plain)
    return None


_SCALARS = {"boolean": BOOL, "number": DOUBLE, "integer": INT}
_TEXTS = {"byte": BYTES, "duration": DURATION, "date": TIMESTAMP, "date-time": TIMESTAMP}


def _object_type(spec: Spec, path: str, *, is_resource: bool) -> Type | None:
    if isinstance(spec.get("additionalProperties"), Mapping):
        value = _below(spec["additionalProperties"], f"{path}.@elem")
        return map_of(STRING, value) if value is not None else None
    fields: dict[str, Type] = {}
    for name, below in (spec.get("properties") or {}).items():
        found = _below(below, f"{path}.{name}")
        if found is not None:
            fields |= dict.fromkeys(identifiers(name), found)
    if is_resource:
        names = {"name": STRING, "generateName": STRING}
        fields |= {"apiVersion": STRING, "kind": STRING, "metadata": Type(f"{path}.metadata", fields=names)}
    return Type(path, fields=fields)


def _below(spec: object, path: str) -> Type | None:
    if not isinstance(spec, Mapping):
        return None
    return declared_type(spec, path, is_resource=bool(spec.get("x-kubernetes-embedded-resource")))
