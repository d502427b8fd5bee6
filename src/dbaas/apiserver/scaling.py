"""The scale subresource: any kind that counts replicas, seen as an `autoscaling/v1` Scale.

Source: apiextensions-apiserver, `pkg/registry/customresource/etcd.go`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from dbaas.apiserver.decoding import describe_syntax_error
from dbaas.apiserver.failures import Failure, bad_request, invalid
from dbaas.apiserver.negotiation import JSON, JSON_PATCH, MERGE_PATCH, require_media_type
from dbaas.apiserver.patches import PatchRefused, json_patch, merge_patch
from dbaas.apiserver.resources import Resource, Scale
from dbaas.apiserver.schemas import Cause
from dbaas.contracts.transport import Request

API_VERSION, KIND = "autoscaling/v1", "Scale"
KEPT_METADATA = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
LARGEST = 2**31 - 1


def scale_of(obj: Mapping[str, Any], scale: Scale) -> dict[str, Any]:
    """An object as its Scale; what it does not say is 0."""
    metadata = {key: obj["metadata"][key] for key in KEPT_METADATA if key in obj["metadata"]}
    status: dict[str, Any] = {"replicas": _read(obj, scale.status_path) or 0}
    if scale.selector_path and (selector := _read(obj, scale.selector_path)):
        status["selector"] = selector
    replicas = _read(obj, scale.spec_path)
    spec = {"replicas": replicas} if replicas else {}
    return {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec, "status": status}


def read_scaling(
    request: Request, resource: Resource, scale: Scale
) -> Callable[[dict[str, Any] | None, bool], dict[str, Any]]:
    """Makes the scaled object from the stored one. Raises Failure 400, 415."""
    if request.method == "PUT":
        require_media_type(request.headers, (JSON,))
        media_type = ""
    else:
        media_type = require_media_type(request.headers, (JSON_PATCH, MERGE_PATCH), default="")
    try:
        sent = orjson.loads(request.body)
    except orjson.JSONDecodeError as error:
        raise bad_request(f"error decoding scale: {describe_syntax_error(request.body, error)}") from error
    if media_type != JSON_PATCH and not isinstance(sent, dict):
        raise bad_request("error decoding scale: it is not an object")

    def transform(old: dict[str, Any] | None, _: bool) -> dict[str, Any]:
        obj = old or {}
        wanted = _merge(scale_of(obj, scale), sent, media_type)
        return _scaled(obj, wanted, resource, scale)

    return transform


def _merge(current: dict[str, Any], sent: Any, media_type: str) -> Mapping[str, Any]:
    try:
        if media_type == JSON_PATCH:
            return json_patch(current, sent)
        if media_type == MERGE_PATCH:
            return merge_patch(current, sent)
    except PatchRefused as error:
        raise Failure(error.status, error.reason, error.message) from error
    found: Mapping[str, Any] = sent
    return found


def _scaled(obj: dict[str, Any], wanted: Mapping[str, Any], resource: Resource, scale: Scale) -> dict[str, Any]:
    metadata = wanted.get("metadata") or {}
    replicas = (wanted.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request(f"error decoding scale: spec.replicas is no integer: {replicas!r}")
    if not 0 <= replicas <= LARGEST:
        text = "should be a non-negative integer" if replicas < 0 else f"should be less than or equal to {LARGEST}"
        cause = Cause(scale.spec_path, f"Invalid value: {replicas}: {text}")
        raise invalid(resource.kind, resource.group, obj["metadata"]["name"], [cause])
    for field in ("uid", "resourceVersion"):
        if metadata.get(field):
            obj["metadata"][field] = metadata[field]
    *path, last = _split(scale.spec_path)
    place = scaled = dict(obj)
    for part in path:
        below = place[part] = dict(place.get(part) or {})
        place = below
    place[last] = replicas
    return scaled


def _split(path: str) -> list[str]:
    return path.removeprefix(".").split(".")


def _read(obj: Mapping[str, Any], path: str) -> Any:
    value: Any = obj
    for part in _split(path):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
