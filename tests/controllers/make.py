"""Objects by name and difference, for tests that need no API server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.database import DATABASE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Kind, Resource, build_resource


def make(kind: Kind, name: str, spec: Mapping[str, Any], **metadata: Any) -> Resource:
    status = metadata.pop("status", {})
    body = {
        "apiVersion": kind.api_version, "kind": kind.kind, "spec": dict(spec), "status": status,
        "metadata": {"name": name, "namespace": "default", "uid": f"uid-{name}", "generation": 1, **metadata},
    }  # fmt: skip
    return build_resource(kind, body)


def database(name: str = "shop", spec: Mapping[str, Any] | None = None, **metadata: Any) -> Resource:
    return make(DATABASE, name, {"instanceRef": {"name": "main"}, **(spec or {})}, **metadata)


def instance(name: str = "main", spec: Mapping[str, Any] | None = None, **metadata: Any) -> Resource:
    connection = {"host": "db.test", "port": 7000, "secretRef": {"name": "admin"}}
    return make(DATABASE_INSTANCE, name, {"engine": "basalt", "connection": connection, **(spec or {})}, **metadata)


def with_conditions(*conditions: tuple[str, str, str]) -> dict[str, Sequence[dict[str, str]]]:
    """A status: type, status and reason of each."""
    return {
        "conditions": [
            {"type": type_, "status": status, "reason": reason, "lastTransitionTime": "2026-01-01T00:00:00Z"}
            for type_, status, reason in conditions
        ]
    }
