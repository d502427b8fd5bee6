"""How an object or a list is shown: as it is, as its metadata only, or as rows of a Table.

All three work on stored entries, so that the plain form never opens an object.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol, cast

import msgspec
import orjson

from dbaas.apiserver.failures import bad_request
from dbaas.apiserver.negotiation import Wanted
from dbaas.apiserver.objects import decode_entry, encode_object
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.store import Entry
from dbaas.core.clock import Clock

IncludeObject = Literal["None", "Metadata", "Object"]


class _Headed(msgspec.Struct):
    metadata: msgspec.Raw


_HEADED = msgspec.json.Decoder(_Headed)


def raw_metadata(entry: Entry) -> bytes:
    """The JSON of the metadata, without opening it."""
    return bytes(_HEADED.decode(b"{" + entry.body).metadata)


class View(Protocol):
    """One way to show objects of one resource."""

    def one(self, entry: Entry) -> bytes:
        """The answer to a get, or the object of a watch event."""
        ...

    def many(self, entries: Iterable[Entry], metadata: Mapping[str, Any]) -> bytes:
        """The answer to a list; `metadata` is the list's."""
        ...

    def bookmark(self, metadata: Mapping[str, Any]) -> bytes:
        """An object that has nothing but this metadata."""
        ...


class PlainView:
    """The objects themselves. Items of built-in lists do not repeat their kind, as in Kubernetes."""

    def __init__(self, resource: Resource) -> None:
        self._resource = resource
        self._prefix = resource.prefix
        self._item_prefix = resource.prefix if resource.custom else b"{"

    def one(self, entry: Entry) -> bytes:
        return self._prefix + self._body(entry)

    def _body(self, entry: Entry) -> bytes:
        if self._resource.translation is None:
            return entry.body
        return encode_object(decode_entry(entry, self._resource), self._resource)[len(self._prefix) :]

    def many(self, entries: Iterable[Entry], metadata: Mapping[str, Any]) -> bytes:
        resource, prefix = self._resource, self._item_prefix
        if resource.custom:
            metadata = {"continue": "", **metadata}
        head = f'{{"kind":"{resource.list_kind}","apiVersion":"{resource.api_version}","metadata":'.encode()
        items = b",".join([prefix + self._body(entry) for entry in entries])
        return b"".join((head, orjson.dumps(metadata), b',"items":[', items, b"]}"))

    def bookmark(self, metadata: Mapping[str, Any]) -> bytes:
        return self._prefix + b'"metadata":' + orjson.dumps(metadata) + b"}"


class MetadataView:
    """`PartialObjectMetadata`: what owners, queues and caches of bulky kinds need."""

    def __init__(self, version: str) -> None:
        self._api_version = f"meta.k8s.io/{version}"
        self._prefix = f'{{"kind":"PartialObjectMetadata","apiVersion":"{self._api_version}","metadata":'.encode()

    def one(self, entry: Entry) -> bytes:
        return self._prefix + raw_metadata(entry) + b"}"

    def many(self, entries: Iterable[Entry], metadata: Mapping[str, Any]) -> bytes:
        head = f'{{"kind":"PartialObjectMetadataList","apiVersion":"{self._api_version}","metadata":'.encode()
        items = b",".join([self.one(entry) for entry in entries])
        return b"".join((head, orjson.dumps(metadata), b',"items":[', items, b"]}"))

    def bookmark(self, metadata: Mapping[str, Any]) -> bytes:
        return self._prefix + orjson.dumps(metadata) + b"}"


class TableView:
    """Rows of cells. In a watch only the first Table has the columns."""

    def __init__(self, resource: Resource, version: str, include: IncludeObject, clock: Clock) -> None:
        self._resource = resource
        self._version = version
        self._include = include
        self._clock = clock
        self._metadata = MetadataView(version)
        self._columns: list[dict[str, Any]] | None = [
            {
                "name": column.name,
                "type": column.type,
                "format": column.format,
                "description": column.description,
                "priority": column.priority,
            }
            for column in resource.columns
        ]

    def one(self, entry: Entry) -> bytes:
        return self._table([entry], {"resourceVersion": str(entry.version)})

    def many(self, entries: Iterable[Entry], metadata: Mapping[str, Any]) -> bytes:
        return self._table(entries, metadata)

    def bookmark(self, metadata: Mapping[str, Any]) -> bytes:
        return self._table([], metadata)

    def _table(self, entries: Iterable[Entry], metadata: Mapping[str, Any]) -> bytes:
        columns, self._columns = self._columns, None
        table = {
            "kind": "Table",
            "apiVersion": f"meta.k8s.io/{self._version}",
            "metadata": metadata,
            "columnDefinitions": columns,
            "rows": [self._row(entry) for entry in entries],
        }
        return orjson.dumps(table)

    def _row(self, entry: Entry) -> dict[str, Any]:
        stored = orjson.loads(b"{" + entry.body)  # columns know the stored form
        row: dict[str, Any] = {"cells": self._resource.cells(stored, self._clock.now())}
        if self._include == "Object":
            row["object"] = decode_entry(entry, self._resource)
        elif self._include == "Metadata":
            row["object"] = orjson.Fragment(self._metadata.one(entry))
        else:
            row["object"] = None
        return row


def choose_view(resource: Resource, wanted: Wanted, query: Mapping[str, str], clock: Clock) -> View:
    """Raises Failure 400."""
    if wanted.form == "Table":
        include = query.get("includeObject", "") or "Metadata"
        if include not in ("None", "Metadata", "Object"):
            raise bad_request(
                f'Unable to convert to Table as requested: includeObject: Invalid value: "{include}": '
                "must be 'Metadata', 'Object', 'None', or empty"
            )
        return TableView(resource, wanted.version, cast("IncludeObject", include), clock)
    if wanted.form in ("PartialObjectMetadata", "PartialObjectMetadataList"):
        return MetadataView(wanted.version)
    return PlainView(resource)
