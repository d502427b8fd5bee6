"""Field managers: the entries of `metadata.managedFields`, read and written as Kubernetes does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec.structs import replace

from dbaas.apiserver.fields.elements import ElementRefused
from dbaas.apiserver.fields.sets import FieldSet, from_json
from dbaas.apiserver.schemas.wording import quote

FIELDS_TYPE = "FieldsV1"
MOST_UPDATERS = 10
_ANCIENT = "ancient-changes"


class Manager(msgspec.Struct, frozen=True):
    """Who writes now. `time` is RFC 3339 to the second; `subresource` is "" or for example "status"."""

    name: str
    operation: Literal["Apply", "Update"]
    api_version: str
    subresource: str
    time: str

    @property
    def identity(self) -> Identity:
        version = self.api_version if self.operation == "Update" else ""
        return Identity(self.name or "unknown", self.operation, version, self.subresource)


class Identity(msgspec.Struct, frozen=True, order=True):
    """What makes two entries one manager: an applier is the same one in every version."""

    name: str
    operation: str
    api_version: str
    subresource: str

    def __str__(self) -> str:
        """As the messages of conflicts name it."""
        named = quote(self.name)
        if self.subresource:
            named += f" with subresource {quote(self.subresource)}"
        return f"{named} using {self.api_version}" if self.operation == "Update" else named


class Entry(msgspec.Struct, frozen=True):
    """What a manager owns, at which version it wrote, and when its fields last changed ("" if they never did)."""

    fields: FieldSet
    api_version: str
    time: str = ""


Managed = dict[Identity, Entry]


class ManagedRefused(ValueError):
    """managedFields that cannot be read."""


def read_managed(written: Any) -> Managed:
    """Raises ManagedRefused."""
    if not isinstance(written, Sequence) or isinstance(written, str):
        raise ManagedRefused("managedFields is not a list")
    return dict(_read_entry(each) for each in written)


def _read_entry(written: Any) -> tuple[Identity, Entry]:
    if not isinstance(written, Mapping):
        raise ManagedRefused("an entry is not an object")
    operation, version = written.get("operation"), written.get("apiVersion")
    if operation not in ("Apply", "Update") or not version or written.get("fieldsType") != FIELDS_TYPE:
        raise ManagedRefused("an entry has no operation, apiVersion or fieldsType")
    identity = Identity(
        written.get("manager", ""), operation, version if operation == "Update" else "", written.get("subresource", "")
    )
    try:
        fields = from_json(written.get("fieldsV1") or {})
    except ElementRefused as error:
        raise ManagedRefused(str(error)) from error
    return identity, Entry(fields, version, written.get("time") or "")


def write_managed(managed: Managed) -> list[dict[str, Any]]:
    """Appliers first, then by time, name, version and subresource."""
    entries = [_write_entry(identity, entry) for identity, entry in managed.items()]
    return sorted(entries, key=_place) if len(entries) > 1 else entries


def _place(entry: Mapping[str, Any]) -> tuple[str, ...]:
    names = ("operation", "time", "manager", "apiVersion", "subresource")
    return tuple(entry.get(name) or "" for name in names)


def _write_entry(identity: Identity, entry: Entry) -> dict[str, Any]:
    written: dict[str, Any] = {
        "manager": identity.name,
        "operation": identity.operation,
        "apiVersion": entry.api_version,
        "time": entry.time,
        "fieldsType": FIELDS_TYPE,
        "fieldsV1": entry.fields.to_json(),
        "subresource": identity.subresource,
    }
    return {key: value for key, value in written.items() if value != "" or key == "manager"}


def cap_updaters(managed: Managed) -> Managed:
    """Of more than ten managers that update, the oldest become one, so that the list cannot grow for ever."""
    updaters = [identity for identity in managed if identity.operation == "Update"]
    excess = len(updaters) - MOST_UPDATERS
    if excess <= 0:
        return managed
    capped = dict(managed)
    first: dict[str, Identity] = {}
    for identity in sorted(updaters, key=lambda each: (managed[each].time, each)):
        if excess == 0:
            break
        entry = capped[identity]
        bucket = Identity(_ANCIENT, "Update", entry.api_version, "")
        if entry.api_version not in first:
            first[entry.api_version] = identity
            continue
        if bucket not in capped:
            capped[bucket] = capped.pop(first[entry.api_version])
        capped[bucket] = replace(entry, fields=entry.fields.union(capped[bucket].fields))
        if identity != bucket:
            del capped[identity]
        excess -= 1
    return capped
