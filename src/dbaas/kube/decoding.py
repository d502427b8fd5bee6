"""From the API's JSON to resources: managedFields are dropped on the way in, everything else stays bytes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from dbaas.api.resource import FIELD_MANAGER, Key, Kind, Metadata, Resource

Members = dict[str, msgspec.Raw]


class _Entry(msgspec.Struct):
    """One of `metadata.managedFields`."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    fieldsV1: msgspec.Raw = msgspec.Raw(b"{}")  # noqa: N815 - wire name


class ListMeta(msgspec.Struct):
    """`metadata` of a list."""

    resourceVersion: str = ""  # noqa: N815 - wire name
    continue_: str = msgspec.field(default="", name="continue")


class ObjectList(msgspec.Struct):
    """Any list; its items may be null where it is empty."""

    metadata: ListMeta
    items: list[msgspec.Raw] | None = None


class WatchLine(msgspec.Struct):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct):
    metadata: ListMeta


class _Identity(msgspec.Struct):
    name: str = ""
    resourceVersion: str = ""  # noqa: N815 - wire name
    namespace: str = ""


class _Identified(msgspec.Struct):
    metadata: _Identity


_IDENTIFIED = msgspec.json.Decoder(_Identified)
_BOOKMARK = msgspec.json.Decoder(_Bookmark)
_MEMBERS = msgspec.json.Decoder(Members)
_METADATA = msgspec.json.Decoder(Metadata)
_ENTRIES = msgspec.json.Decoder(list[_Entry])
_ENCODER = msgspec.json.Encoder()
decode_list = msgspec.json.Decoder(ObjectList).decode
decode_line = msgspec.json.Decoder(WatchLine).decode


def decode_object(kind: Kind, raw: bytes | msgspec.Raw) -> Resource:
    """Raises msgspec.DecodeError (or ValidationError, one of its kind) where it is not an object with metadata.

    Items of a list lack apiVersion and kind, and headers have those of PartialObjectMetadata: here they get their own.
    """
    members = _MEMBERS.decode(raw)
    metadata = _MEMBERS.decode(members.pop("metadata", msgspec.Raw(b"{}")))
    managed = metadata.pop("managedFields", None)
    header = msgspec.Raw(_ENCODER.encode(metadata))
    members = {
        "apiVersion": msgspec.Raw(_ENCODER.encode(kind.api_version)),
        "kind": msgspec.Raw(_ENCODER.encode(kind.kind)),
        "metadata": header,
        **{name: value for name, value in members.items() if name not in ("apiVersion", "kind")},
    }
    return Resource(kind, _METADATA.decode(header), _ENCODER.encode(members), _applied_fields(managed))


def decode_version(raw: msgspec.Raw) -> str:
    """Of a bookmark, whose object has nothing else."""
    return _BOOKMARK.decode(raw).metadata.resourceVersion


def decode_identity(raw: msgspec.Raw) -> tuple[Key, str]:
    """Of an object, which version of what it is. Raises as `decode_object` does."""
    found = _IDENTIFIED.decode(raw).metadata
    return Key(found.namespace, found.name), found.resourceVersion


def decode_items(kind: Kind, items: Sequence[msgspec.Raw]) -> list[Resource]:
    return [decode_object(kind, item) for item in items]


def _applied_fields(managed: msgspec.Raw | None) -> bytes:
    if managed is None or b'"Apply"' not in bytes(managed):
        return b""
    for entry in _ENTRIES.decode(managed):
        if entry.manager == FIELD_MANAGER and entry.operation == "Apply" and not entry.subresource:
            return _share(bytes(entry.fieldsV1))
    return b""


@lru_cache(maxsize=128)
def _share(fields: bytes) -> bytes:
    """The same bytes once: objects that are made alike are owned alike, and caches keep what is owned of each."""
    return fields
