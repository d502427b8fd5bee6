"""OpenAPI v3 of what is served: enough that `kubectl explain` and its validation know every field.

One document for each group and version. Paths say which operations exist and that writes take `fieldValidation`.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from dbaas.apiserver.builtins.definitions import PREFIX, components
from dbaas.apiserver.negotiation import APPLY_PATCH, JSON, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH
from dbaas.apiserver.resources import Catalogue, Resource

OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
LIST_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta"
WRITE_PARAMETERS = ("dryRun", "fieldManager", "fieldValidation")
LIST_PARAMETERS = (
    "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
    "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch",
)  # fmt: skip
_ENVELOPE = {
    "apiVersion": {
        "type": "string",
        "description": "The version of the schema that this object is written in, as group/version.",
    },
    "kind": {"type": "string", "description": "The name of the kind of this object, in CamelCase."},
    "metadata": {
        "description": "Standard object metadata: name, namespace, labels, annotations, owners.",
        "allOf": [{"$ref": PREFIX + OBJECT_META}],
    },
}


class OpenAPI:
    """Documents are made when first asked for, and anew when the catalogue has changed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._documents: dict[str, bytes] = {}
        self._revision = -1

    def index(self) -> dict[str, Any]:
        """Where each document is; the hash in the URL changes with its content."""
        paths = {}
        for group, versions in self._catalogue.groups().items():
            for version in versions:
                place = f"apis/{group}/{version}" if group else f"api/{version}"
                digest = hashlib.sha512(self.document(place) or b"").hexdigest().upper()
                paths[place] = {"serverRelativeURL": f"/openapi/v3/{place}?hash={digest}"}
        return {"paths": paths}

    def document(self, place: str) -> bytes | None:
        """`place` is `api/v1` or `apis/<group>/<version>`; None where nothing is served."""
        if self._revision != self._catalogue.revision:
            self._documents.clear()
            self._revision = self._catalogue.revision
        if place not in self._documents:
            group, version = ("", place[4:]) if place.startswith("api/") else place[5:].rpartition("/")[::2]
            resources = self._catalogue.in_group(group, version)
            if not resources:
                return None
            self._documents[place] = orjson.dumps(_document(resources))
        return self._documents[place]


def _document(resources: list[Resource]) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {**components(OBJECT_META), **components(LIST_META)}
    for resource in resources:
        name = component_name(resource)
        schemas.update(resource.components)
        schemas[name] = _schema(resource)
        if resource.review is None:
            schemas[name + "List"] = _list_schema(resource, name)
        paths.update(_paths(resource, name))
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "v1.35.4"},
        "paths": paths,
        "components": {"schemas": schemas},
    }


def component_name(resource: Resource) -> str:
    """`io.dbaas.v1.Database`: the group backwards, the version, the kind."""
    for name, schema in resource.components.items():
        if schema is resource.document:
            return name
    backwards = ".".join(reversed((resource.group or "core").split(".")))
    return f"{backwards}.{resource.version}.{resource.kind}"


def _identity(resource: Resource, suffix: str = "") -> dict[str, str]:
    return {"group": resource.group, "kind": resource.kind + suffix, "version": resource.version}


def _schema(resource: Resource) -> dict[str, Any]:
    document = dict(resource.document)
    if resource.custom:
        document["properties"] = {**(document.get("properties") or {}), **_ENVELOPE}
    document["x-kubernetes-group-version-kind"] = [_identity(resource)]
    return document


def _list_schema(resource: Resource, name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["items"],
        "properties": {
            "apiVersion": _ENVELOPE["apiVersion"],
            "kind": _ENVELOPE["kind"],
            "metadata": {"allOf": [{"$ref": PREFIX + LIST_META}]},
            "items": {"type": "array", "items": {"allOf": [{"$ref": PREFIX + name}]}},
        },
        "x-kubernetes-group-version-kind": [_identity(resource, "List")],
    }


def _paths(resource: Resource, name: str) -> dict[str, Any]:
    root = f"/apis/{resource.group}/{resource.version}" if resource.group else f"/api/{resource.version}"
    collection = (
        f"{root}/namespaces/{{namespace}}/{resource.plural}" if resource.namespaced else f"{root}/{resource.plural}"
    )
    placed = [_path_parameter("namespace")] if resource.namespaced else []
    if resource.review is not None:
        return {collection: {"post": _operation(resource, "post", name, WRITE_PARAMETERS, (JSON,))}}
    paths: dict[str, Any] = {
        collection: {
            "get": _operation(resource, "list", name + "List", LIST_PARAMETERS),
            "post": _operation(resource, "post", name, WRITE_PARAMETERS, (JSON,)),
            "delete": _operation(resource, "deletecollection", name, LIST_PARAMETERS),
            "parameters": placed,
        },
    }
    patches = (APPLY_PATCH, JSON_PATCH, MERGE_PATCH) + (() if resource.custom else (STRATEGIC_PATCH,))
    for part in ("", *(f"/{each}" for each in resource.subresources if each != "finalize")):
        operations = {
            "get": _operation(resource, "get", name, ()),
            "put": _operation(resource, "put", name, WRITE_PARAMETERS, (JSON,)),
            "patch": _operation(resource, "patch", name, (*WRITE_PARAMETERS, "force"), patches),
            "parameters": [*placed, _path_parameter("name")],
        }
        if not part:
            parameters = ("dryRun", "gracePeriodSeconds", "orphanDependents", "propagationPolicy")
            operations["delete"] = _operation(resource, "delete", name, parameters)
        paths[f"{collection}/{{name}}{part}"] = operations
    if resource.namespaced:
        everywhere = _operation(resource, "list", name + "List", LIST_PARAMETERS)
        paths[f"{root}/{resource.plural}"] = {"get": everywhere}
    return paths


def _operation(
    resource: Resource, action: str, schema: str, parameters: tuple[str, ...], body: tuple[str, ...] = ()
) -> dict[str, Any]:
    reference = {"schema": {"$ref": PREFIX + schema}}
    operation: dict[str, Any] = {
        "responses": {"200": {"description": "OK", "content": {JSON: reference}}},
        "parameters": [
            {"name": name, "in": "query", "schema": {"type": _PARAMETER_TYPES.get(name, "string")}}
            for name in parameters
        ],
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": _identity(resource),
    }
    if body:
        content = {each: {"schema": {"type": "object"}} if action == "patch" else reference for each in body}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


_PARAMETER_TYPES = {
    "allowWatchBookmarks": "boolean", "force": "boolean", "gracePeriodSeconds": "integer", "limit": "integer",
    "orphanDependents": "boolean", "sendInitialEvents": "boolean", "timeoutSeconds": "integer", "watch": "boolean",
}  # fmt: skip


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
