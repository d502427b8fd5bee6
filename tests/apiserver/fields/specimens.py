"""A schema with every kind of list and map, and objects of it."""

from __future__ import annotations

from typing import Any, Literal

from dbaas.apiserver.fields import Manager
from dbaas.apiserver.schemas import Schema

TEXT = {"type": "string"}
VERSION = "example.com/v1"
T1, T2, T3 = (f"2026-01-01T00:00:0{second}Z" for second in (1, 2, 3))


def keyed(*keys: str, **properties: Any) -> dict[str, Any]:
    fields = {"type": "object", "properties": dict.fromkeys(keys, TEXT) | properties}
    return {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys), "items": fields}


SPEC: dict[str, Any] = {
    "size": {"type": "integer"},
    "name": TEXT,
    "list": keyed("name", v=TEXT),
    "ports": keyed("port", "protocol", protocol={**TEXT, "default": "TCP"}),
    "set": {"type": "array", "x-kubernetes-list-type": "set", "items": TEXT},
    "atom": {"type": "array", "items": TEXT},
    "map": {"type": "object", "additionalProperties": TEXT},
    "whole": {"type": "object", "x-kubernetes-map-type": "atomic", "additionalProperties": TEXT},
    "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
    "either": {"x-kubernetes-int-or-string": True},
    "none": {**TEXT, "nullable": True},
}
STATUS = {"phase": TEXT, "conditions": keyed("type", status=TEXT)}
SCHEMA = Schema.compile(
    {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": SPEC},
            "status": {"type": "object", "properties": STATUS},
        },
    }
)


def obj(spec: Any = None, **more: Any) -> dict[str, Any]:
    """A widget; `metadata` is added to its name."""
    metadata = {"name": "a", **more.pop("metadata", {})}
    made = {"apiVersion": VERSION, "kind": "Widget", "metadata": metadata, **more}
    return made if spec is None else {**made, "spec": spec}


def manager(
    name: str, time: str = T1, operation: Literal["Apply", "Update"] = "Apply", subresource: str = ""
) -> Manager:
    return Manager(name, operation, VERSION, subresource, time)


def owners(obj_or_entries: Any) -> dict[str, Any]:
    """What each manager owns, by its name (an updater's with `!`, one of a subresource with `/status`)."""
    entries = (
        obj_or_entries if isinstance(obj_or_entries, list) else obj_or_entries["metadata"].get("managedFields", [])
    )
    return {
        each["manager"]
        + ("!" if each["operation"] == "Update" else "")
        + (f"/{each['subresource']}" if "subresource" in each else ""): each["fieldsV1"]
        for each in entries
    }


def times(made: dict[str, Any]) -> dict[str, str | None]:
    return {each["manager"]: each.get("time") for each in made["metadata"]["managedFields"]}
