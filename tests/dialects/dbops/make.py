"""Objects of the group, and of ours that stand behind them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dbaas.api.resource import Kind, Resource, build_resource
from dbaas.api.schema import build_schema
from dbaas.apiserver.schemas import Schema
from dbaas.contracts.dialect import Reflection
from dbaas.dialects.dbops import DIALECT

KINDS: Mapping[str, Kind] = {foreign.kind.kind: foreign.kind for foreign in DIALECT.kinds}
SERVER = {"instanceRef": {"name": "server"}}
MOMENT = "2026-01-01T00:00:00Z"


def unknown_fields(kind: str, reflection: Reflection) -> list[str]:
    """What of the status the group's schema does not have, and what does not fit it."""
    definition = next(each.definition for each in DIALECT.kinds if each.kind.kind == kind)
    schema = Schema.compile(build_schema(definition, {}))
    status = {name: value for name, value in reflection.status.items() if value is not None}
    body = foreign(kind, {}).body() | {"status": status}
    return [*schema.unknown_fields(body), *(str(c) for c in schema.validate(body) if c.field.startswith("status"))]


def foreign(kind: str, spec: Mapping[str, Any], **metadata: Any) -> Resource:
    status = metadata.pop("status", {})
    body = {
        "apiVersion": KINDS[kind].api_version, "kind": kind, "spec": dict(spec), "status": status,
        "metadata": {"name": "it", "namespace": "shop", "uid": "f", "generation": 1, **metadata},
    }  # fmt: skip
    return build_resource(KINDS[kind], body)


def child(kind: Kind, *conditions: tuple[str, str, str, str], **status: Any) -> Resource:
    """With conditions: type, status, reason, message."""
    told = [
        {"type": t, "status": s, "reason": r, "message": m, "lastTransitionTime": MOMENT} for t, s, r, m in conditions
    ]
    body = {
        "apiVersion": kind.api_version, "kind": kind.kind, "spec": {},
        "metadata": {"name": "it", "namespace": "shop", "uid": "c", "generation": 2},
        "status": {"observedGeneration": 2, "conditions": told, **status},
    }  # fmt: skip
    return build_resource(kind, body)
