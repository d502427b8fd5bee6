"""What makes a schema fit for a CustomResourceDefinition: the rules of structural schemas, in kube-apiserver's words.

Source: apiextensions-apiserver, `pkg/apiserver/schema/validation.go` and `pkg/apis/apiextensions/validation`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from dbaas.apiserver.schemas import wording
from dbaas.apiserver.schemas.causes import Cause
from dbaas.apiserver.schemas.equality import equal
from dbaas.apiserver.schemas.expressions.budgets import Budget
from dbaas.apiserver.schemas.expressions.problems import Site, rule_problems
from dbaas.apiserver.schemas.nodes import Spec, compile_node
from dbaas.apiserver.schemas.patterns import PatternRefused, compile_pattern
from dbaas.apiserver.schemas.pruning import prune
from dbaas.apiserver.schemas.validation import check

Level = Literal["root", "field", "item"]
TYPES = ("array", "boolean", "integer", "number", "object", "string")
_WITHOUT_TYPE = {
    "root": "must not be empty at the root",
    "field": "must not be empty for specified object fields",
    "item": "must not be empty for specified array items",
}
_INT_OR_STRING = [{"type": "integer"}, {"type": "string"}]
_NOT_IN_BRANCHES = {
    "type": "must be empty to be structural",
    "additionalProperties": "must be undefined to be structural",
    "default": "must be undefined to be structural",
    "title": "must be empty to be structural",
    "description": "must be empty to be structural",
    "nullable": "must be false to be structural",
    "x-kubernetes-preserve-unknown-fields": "must be false to be structural",
    "x-kubernetes-embedded-resource": "must be false to be structural",
    "x-kubernetes-int-or-string": "must be false to be structural",
    "x-kubernetes-list-map-keys": "must be empty to be structural",
    "x-kubernetes-list-type": "must be undefined to be structural",
    "x-kubernetes-map-type": "must be undefined to be structural",
    "x-kubernetes-validations": "must be empty to be structural",
}
_KEY_MAY_BE_ABSENT = (
    "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property"
)
_NOT_AT_ALL = {
    "$ref": "$ref is not supported",
    "patternProperties": "patternProperties is not supported",
    "uniqueItems": "uniqueItems cannot be set to true since the runtime complexity becomes quadratic",
    "definitions": "definitions is not supported",
    "dependencies": "dependencies is not supported",
}


@dataclass(frozen=True)
class _Place:
    """Where in the schema we are. `uncorrelatable` is the path of the list whose elements have no old selves."""

    path: str
    level: Level = "root"
    uncorrelatable: str = ""
    budget: Budget = field(default_factory=Budget)

    def child(self, key: str, level: Level = "field") -> _Place:
        return replace(self, path=f"{self.path}.{key}", level=level)


def schema_problems(spec: Spec, path: str) -> list[Cause]:
    """Why a schema cannot be that of a custom kind; empty if it can. `path` is where it stands in the definition."""
    root = _Place(path)
    return [*_problems(spec, root), *root.budget.problems(path)]


def _problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    for key, why in _NOT_AT_ALL.items():
        if spec.get(key):
            yield _forbidden(place, key, why)
    if any(spec.get(key) for key in _NOT_AT_ALL) or isinstance(spec.get("items"), list):
        if isinstance(spec.get("items"), list):
            yield _forbidden(place, "items", "items must be a schema object and not an array")
        return
    yield from _type_problems(spec, place)
    yield from _container_problems(spec, place)
    yield from _list_problems(spec, place)
    yield from _branch_problems(spec, place)
    yield from _pattern_problems(spec, place)
    yield from _default_problems(spec, place)
    is_resource = place.level == "root" or bool(spec.get("x-kubernetes-embedded-resource"))
    yield from rule_problems(spec, Site(place.path, place.uncorrelatable, is_resource, place.budget))
    yield from _problems_below(spec, place)


def _forbidden(place: _Place, key: str, why: str) -> Cause:
    return wording.without_value(f"{place.path}.{key}", why, "FieldValueForbidden")


def _type_problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    where, kind = f"{place.path}.type", spec.get("type", "")
    if spec.get("x-kubernetes-preserve-unknown-fields") is False:
        field = f"{place.path}.x-kubernetes-preserve-unknown-fields"
        yield wording.invalid(field, False, "must be true or undefined")
    if kind and kind not in TYPES:
        yield wording.unsupported(where, kind, TYPES)
    elif spec.get("x-kubernetes-embedded-resource") and kind != "object":
        why = "must be object if x-kubernetes-embedded-resource is true"
        yield wording.invalid(where, kind, why) if kind else wording.required(where, why)
    elif kind and kind != "object" and place.level == "root":
        yield wording.invalid(where, kind, "must be object at the root")
    elif not kind and not _is_open(spec):
        yield wording.required(where, _WITHOUT_TYPE[place.level])


def _is_open(spec: Spec) -> bool:
    return bool(spec.get("x-kubernetes-int-or-string") or spec.get("x-kubernetes-preserve-unknown-fields"))


def _container_problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    if spec.get("type") == "array" and spec.get("items") is None:
        yield wording.required(f"{place.path}.items", "must be specified")
    if spec.get("additionalProperties"):
        if spec.get("properties"):
            why = "additionalProperties and properties are mutual exclusive"
            yield _forbidden(place, "additionalProperties", why)
        if place.level == "root":
            yield _forbidden(place, "additionalProperties", "must not be used at the root")
    metadata = (spec.get("properties") or {}).get("metadata")
    if place.level == "root" and metadata is not None and not _only_restricts_the_name(metadata):
        why = "must not specify anything other than name and generateName, but metadata is implicitly specified"
        yield wording.without_value(f"{place.path}.properties[metadata]", why, "FieldValueForbidden")


def _only_restricts_the_name(metadata: Spec) -> bool:
    other = {key for key, value in metadata.items() if value and key not in ("type", "properties", "default")}
    return not other and set(metadata.get("properties") or {}) <= {"name", "generateName"}


def _list_problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    list_type, map_type = spec.get("x-kubernetes-list-type", ""), spec.get("x-kubernetes-map-type", "")
    if list_type not in ("", "atomic", "set", "map"):
        field = f"{place.path}.x-kubernetes-list-type"
        yield wording.unsupported(field, list_type, ("atomic", "set", "map"))
    if map_type not in ("", "atomic", "granular"):
        yield wording.unsupported(f"{place.path}.x-kubernetes-map-type", map_type, ("atomic", "granular"))
    items = spec.get("items") or {}
    if list_type == "map":
        yield from _key_problems(items, spec.get("x-kubernetes-list-map-keys") or [], place)
    elif list_type == "set" and items.get("type") == "object" and items.get("x-kubernetes-map-type") != "atomic":
        why = "must be atomic as item of a list with x-kubernetes-list-type=set"
        yield wording.invalid(f"{place.path}.items.x-kubernetes-map-type", items.get("x-kubernetes-map-type"), why)


def _key_problems(items: Spec, keys: list[str], place: _Place) -> Iterator[Cause]:
    where = f"{place.path}.x-kubernetes-list-map-keys"
    properties = items.get("properties") or {}
    if not keys:
        yield wording.required(where, "must not be empty if x-kubernetes-list-type is map")
    if items.get("type") != "object":
        why = "must be object if parent array's x-kubernetes-list-type is map"
        yield wording.invalid(f"{place.path}.items.type", items.get("type", ""), why)
    elif any(key not in properties for key in keys):
        yield wording.invalid(where, keys, "entries must all be names of item properties")
    else:
        for key in keys:
            if key not in (items.get("required") or ()) and properties[key].get("default") is None:
                yield wording.required(f"{place.path}.items.properties[{key}].default", _KEY_MAY_BE_ABSENT)


def _branch_problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    for key in ("anyOf", "allOf", "oneOf"):
        for index, branch in enumerate(spec.get(key) or ()):
            if key == "anyOf" and equal(spec[key], _INT_OR_STRING):
                continue
            yield from _problems_of_branch(branch, place.child(f"{key}[{index}]"))
    if spec.get("not") is not None:
        yield from _problems_of_branch(spec["not"], place.child("not"))


def _problems_of_branch(branch: Spec, place: _Place) -> Iterator[Cause]:
    for key, why in _NOT_IN_BRANCHES.items():
        if branch.get(key) or (key == "additionalProperties" and branch.get(key) is not None):
            yield _forbidden(place, key, why)
    for name, below in (branch.get("properties") or {}).items():
        if name == "metadata":
            why = "must not be specified in a nested context"
            yield wording.without_value(f"{place.path}.properties[metadata]", why, "FieldValueForbidden")
        yield from _problems_of_branch(below, place.child(f"properties[{name}]"))
    if isinstance(branch.get("items"), Mapping):
        yield from _problems_of_branch(branch["items"], place.child("items"))
    yield from _branch_problems(branch, place)
    yield from _pattern_problems(branch, place)


def _pattern_problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    pattern = spec.get("pattern")
    if pattern:
        try:
            compile_pattern(pattern)
        except PatternRefused as error:
            why = f"must be a valid regular expression, but isn't: {error}"
            yield wording.invalid(f"{place.path}.pattern", pattern, why)


def _default_problems(spec: Spec, place: _Place) -> Iterator[Cause]:
    default: Any = spec.get("default")
    if default is None:
        return
    try:
        node = compile_node(spec, {})
    except (PatternRefused, KeyError):
        return  # told where it stands
    if prune(default, node) is not default:
        yield wording.invalid(f"{place.path}.default", default, "must not have unknown fields")
    for cause in check(default, node, "").causes:
        yield replace(cause, field=f"{place.path}.default" + (f".{cause.field}" if cause.field else ""))


def _problems_below(spec: Spec, place: _Place) -> Iterator[Cause]:
    place = replace(place, budget=place.budget.below(spec))
    for name, below in (spec.get("properties") or {}).items():
        if place.level == "root" and name == "metadata":
            continue
        yield from _problems(below, place.child(f"properties[{name}]"))
    if isinstance(spec.get("additionalProperties"), Mapping):
        yield from _problems(spec["additionalProperties"], place.child("additionalProperties"))
    if isinstance(spec.get("items"), Mapping):
        loose = place.uncorrelatable or ("" if spec.get("x-kubernetes-list-type") == "map" else place.path)
        yield from _problems(spec["items"], replace(place.child("items", "item"), uncorrelatable=loose))
