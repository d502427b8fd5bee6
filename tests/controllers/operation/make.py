"""Operations and a cluster by name and difference."""

from __future__ import annotations

from typing import Any

from controllers.make import make
from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.operation import OPS_REQUEST
from dbaas.api.resource import Resource
from dbaas.controllers.operation.request import Request, read_request
from fixtures.operations import OPERATIONS
from fixtures.registries import granite_spec

BORN = "2026-01-01T00:00:00Z"
BEGUN = {"startTime": BORN, "clusterUid": "uid-main"}
CHANGED = {**BEGUN, "clusterGeneration": 2}
ENDED = {**CHANGED, "completionTime": BORN}


def request(
    name: str, type_: str = "Restart", *, status: dict[str, Any] | None = None, born: str = BORN, version: str = "1",
    **spec: Any,
) -> Request:  # fmt: skip
    body = {"clusterRef": {"name": "main"}, "type": type_, **spec}
    metadata = {"creationTimestamp": born, "resourceVersion": version}
    return read_request(make(OPS_REQUEST, name, body, status=status or {}, **metadata), OPERATIONS)


def setting(name: str, value: str = "1") -> dict[str, Any]:
    return {"reconfiguring": {"config": [{"name": name, "value": value}]}}


def cluster(**more: Any) -> Resource:
    metadata = {name: more.pop(name) for name in ("annotations", "status", "uid") if name in more}
    return make(DATABASE_CLUSTER, "main", granite_spec(**more), **metadata)
