"""A custom kind with every kind of field, for schemas, apply and patches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest_asyncio

from fixtures.control_plane import Answer, Api

GROUP = "specimens.example.com"
VERSION = f"{GROUP}/v1"
TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "integer"}


def keyed(*keys: str, **properties: Any) -> dict[str, Any]:
    fields = {"type": "object", "required": [keys[0]], "properties": dict.fromkeys(keys, TEXT) | properties}
    return {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys), "items": fields}


FIELDS: dict[str, Any] = {
    "size": NUMBER,
    "name": TEXT,
    "list": keyed("name", v=TEXT),
    "ports": keyed("port", "protocol", protocol={**TEXT, "default": "TCP"}),
    "set": {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
    "atom": {"type": "array", "items": TEXT},
    "map": {"type": "object", "additionalProperties": TEXT},
    "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": TEXT},
    "block": {"type": "object", "properties": {"a": TEXT, "b": NUMBER}},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {"known": TEXT}},
    "any": {"x-kubernetes-preserve-unknown-fields": True},
    "inner": {"type": "object", "x-kubernetes-embedded-resource": True, "x-kubernetes-preserve-unknown-fields": True},
    "either": {"x-kubernetes-int-or-string": True},
    "none": {**TEXT, "nullable": True},
    "short": {**TEXT, "minLength": 2, "maxLength": 5, "pattern": "^[a-z]+$"},
    "enum": {**TEXT, "enum": ["a", "b"]},
    "number": {**NUMBER, "minimum": 1, "maximum": 10, "multipleOf": 2},
    "open": {"type": "number", "minimum": 0.5, "exclusiveMinimum": True, "maximum": 2.5, "exclusiveMaximum": True},
    "flag": {"type": "boolean"},
    "few": {"type": "array", "minItems": 1, "maxItems": 2, "items": {**TEXT, "minLength": 1}},
    "needs": {"type": "object", "required": ["x", "y"], "properties": {"x": TEXT, "y": NUMBER}},
    "limits": {
        "type": "object",
        "minProperties": 1,
        "maxProperties": 2,
        "additionalProperties": {**NUMBER, "minimum": 3},
    },
    "one": {
        "type": "object",
        "properties": {"a": TEXT, "b": TEXT},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    },
    "some": {
        "type": "object",
        "properties": {"a": TEXT, "b": NUMBER},
        "anyOf": [{"required": ["a"]}, {"required": ["b"], "properties": {"b": {"minimum": 5}}}],
    },
    "all": {
        "type": "object",
        "properties": {"a": TEXT, "b": NUMBER},
        "allOf": [{"required": ["a"]}, {"properties": {"b": {"minimum": 5}}}],
    },
    "not": {**TEXT, "not": {"enum": ["bad"]}},
    "colour": {**TEXT, "default": "grey"},
    "deep": {"type": "object", "default": {}, "properties": {"port": {**NUMBER, "default": 5}, "name": TEXT}},
    **{name: {**TEXT, "format": name} for name in ("date-time", "duration", "uuid", "byte", "ipv4", "cidr", "int32")},
    "long": {**NUMBER, "format": "int64"},
}
STATUS = {
    "phase": TEXT,
    "count": {**NUMBER, "minimum": 1},
    "conditions": keyed("type", status={**TEXT, "enum": ["T", "F"]}),
}


def definition(plural: str, kind: str, spec: dict[str, Any], group: str = GROUP) -> dict[str, Any]:
    """A CustomResourceDefinition of one version with a status subresource."""
    schema = {
        "type": "object",
        "properties": {"spec": spec, "status": {"type": "object", "properties": STATUS}},
    }
    version = {"name": "v1", "served": True, "storage": True, "subresources": {"status": {}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind},
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


DEFINITION = definition("specimens", "Specimen", {"type": "object", "properties": FIELDS})


@dataclass(frozen=True)
class Specimens:
    """The specimens of one test's namespace."""

    api: Api
    plural: str = "specimens"
    kind: str = "Specimen"

    @property
    def path(self) -> str:
        return self.api.collection(self.plural, GROUP)

    def at(self, name: str = "one", subresource: str = "") -> str:
        return f"{self.path}/{name}" + (f"/{subresource}" if subresource else "")

    def obj(self, spec: Any = None, **more: Any) -> dict[str, Any]:
        metadata = {"name": "one", **more.pop("metadata", {})}
        made = {"apiVersion": VERSION, "kind": self.kind, "metadata": metadata, **more}
        return made if spec is None else {**made, "spec": spec}

    async def create(self, spec: Any, **more: Any) -> Any:
        """The stored object."""
        answer = await self.api.post(self.path, self.obj(spec, **more), fieldManager="maker")
        assert answer.status == 201, answer.body
        return answer.body

    async def apply(self, spec: Any, manager: str = "m", *, force: bool = False, **more: Any) -> Answer:
        query = {"force": "true"} if force else {}
        subresource = more.pop("subresource", "")
        return await self.api.apply(self.at("one", subresource), self.obj(spec, **more), manager, **query)

    async def causes(self, spec: Any) -> list[str]:
        """Why an object cannot be created, sorted, each with its field."""
        checked = self.obj(spec, metadata={"name": "checked"})
        answer = await self.api.post(self.path, checked, dryRun="All", fieldValidation="Ignore")
        return listed(answer)


def listed(answer: Answer) -> list[str]:
    """The causes of a 422, sorted: kube-apiserver has them in no order."""
    assert answer.status in (200, 201, 422), answer.body
    causes = answer.body["details"]["causes"] if answer.status == 422 else []
    return sorted(f"{each['field']}: {each['message']}" for each in causes)


@pytest_asyncio.fixture
async def specimens(api: Api) -> Specimens:
    await api.define(DEFINITION)
    return Specimens(api)
