"""The way from client-side to server-side apply.

`kubectl`, when it applies on the server, may take over the fields that its own annotation says it applied from the
client, and keeps that annotation true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from dbaas.apiserver.fields.managers import Manager
from dbaas.apiserver.fields.places import type_of
from dbaas.apiserver.fields.sets import FieldSet
from dbaas.apiserver.fields.walks import compare, fields_of
from dbaas.apiserver.schemas import Schema

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
LAST_APPLIED_MANAGER = "kubectl"


def allowed_conflicts(live: Mapping[str, Any], schema: Schema, manager: Manager) -> FieldSet:
    """Fields that were applied from the client and still have the value they were given."""
    text = _annotation(live)
    if manager.name != LAST_APPLIED_MANAGER or not text:
        return FieldSet()
    try:
        applied = orjson.loads(text)
    except orjson.JSONDecodeError:
        return FieldSet()
    if not isinstance(applied, dict) or applied.get("apiVersion") != manager.api_version:
        return FieldSet()
    root = type_of(schema)
    comparison = compare(applied, live, root)
    return fields_of(applied, root).difference(comparison.changed).difference(comparison.removed)


def renew_last_applied(merged: Mapping[str, Any], applied: Mapping[str, Any]) -> dict[str, Any]:
    """With the annotation as the client would write it now, if there is one."""
    if not _annotation(merged):
        return dict(merged)
    metadata = applied.get("metadata") or {}
    plain = {**metadata, "annotations": dict(metadata.get("annotations") or {})}
    plain["annotations"].pop(LAST_APPLIED, None)
    if not plain["annotations"]:
        del plain["annotations"]
    text = orjson.dumps({**applied, "metadata": plain}, option=orjson.OPT_SORT_KEYS).decode() + "\n"
    annotations = {**merged["metadata"]["annotations"], LAST_APPLIED: text}
    return {**merged, "metadata": {**merged["metadata"], "annotations": annotations}}


def _annotation(obj: Mapping[str, Any]) -> str:
    return str(((obj.get("metadata") or {}).get("annotations") or {}).get(LAST_APPLIED) or "")
