"""Get and list: what is selected, from which version, in which pieces."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from dbaas.apiserver.failures import Failure, bad_request, expired, not_found, version_too_large
from dbaas.apiserver.list_options import ListOptions, parse_version, read_list_options
from dbaas.apiserver.objects import decode_entry
from dbaas.apiserver.resources import Resource
from dbaas.apiserver.routing import Target
from dbaas.apiserver.selectors import METADATA_FIELDS, FieldSelector, LabelSelector, parse_fields, parse_labels
from dbaas.apiserver.store import Collection, Entry, Store
from dbaas.apiserver.store.collection import ExpiredError, key_of

INCONSISTENT = -1  # the version in a continue token that goes on although its list has expired
TOO_OLD = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True)
class Selection:
    """Which objects of a collection are meant."""

    resource: Resource
    namespace: str
    labels: LabelSelector
    fields: FieldSelector

    @property
    def is_everything(self) -> bool:
        return not self.labels.requirements and not self.fields.clauses

    def holds(self, entry: Entry) -> bool:
        if self.namespace and entry.namespace != self.namespace:
            return False
        if self.labels.requirements and not self.labels.matches(entry.labels):
            return False
        return not self.fields.clauses or self.fields.matches(self._field_reader(entry))

    def entries(self, collection: Collection, start: str = "") -> Iterator[Entry]:
        """In order, from a key on."""
        for entry in collection.select(self.namespace, start):
            if self.holds(entry):
                yield entry

    def _field_reader(self, entry: Entry) -> Callable[[str], str]:
        opened: dict[str, Any] = {}

        def read(field: str) -> str:
            if field == "metadata.name":
                return entry.name
            if field == "metadata.namespace":
                return entry.namespace
            if not opened:
                opened.update(decode_entry(entry, self.resource))
            return self.resource.selectable[field](opened)

        return read


def read_selection(target: Target, query: Mapping[str, str]) -> Selection:
    """Raises Failure 400."""
    known = (*METADATA_FIELDS, *target.resource.selectable)
    labels = parse_labels(query.get("labelSelector", ""))
    fields = parse_fields(query.get("fieldSelector", ""), known, custom=target.resource.custom)
    return Selection(target.resource, target.namespace, labels, fields)


@dataclass(frozen=True)
class Page:
    """One answer to a list; `metadata` is that of the list."""

    entries: list[Entry]
    metadata: dict[str, Any]


class Reader:
    """Sees what is committed."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, target: Target, query: Mapping[str, str]) -> Entry:
        """Raises Failure 404, 504."""
        wanted = parse_version(query.get("resourceVersion", ""))
        if wanted > self._store.version:
            raise version_too_large(wanted, self._store.version)
        key = key_of(target.namespace, target.name)
        entry = self._store.collection(target.resource.collection).get(key)
        if entry is None:
            raise not_found(target.resource, target.name)
        return entry

    def list(self, target: Target, query: Mapping[str, str]) -> Page:
        """Raises Failure 400, 410, 504."""
        selection = read_selection(target, query)
        options = read_list_options(query)
        collection = self._store.collection(target.resource.collection)
        version, start, limit = self._store.version, "", options.limit
        if options.token:
            version, start = _parse_token(options)
            if version == INCONSISTENT:
                version = self._store.version
            else:
                collection = _past(collection, version, _expired_token(start))
        elif exact := self._exact_version(options):
            version = exact
            collection = _past(collection, version, expired("The resourceVersion for the provided list is too old."))
        elif options.version == "0":
            limit = 0  # Kubernetes answers these from its cache, which has no pages
        return self._page(selection, collection, version, start, limit)

    def _page(self, selection: Selection, collection: Collection, version: int, start: str, limit: int) -> Page:
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        found = selection.entries(collection, start)
        if not limit:
            return Page(list(found), metadata)
        entries = list(islice(found, limit))
        following = next(found, None)
        if following is not None:
            metadata["continue"] = _format_token(version, entries[-1].key + "\0")
            if selection.is_everything:
                metadata["remainingItemCount"] = 1 + sum(1 for _ in found)
        return Page(entries, metadata)

    def _exact_version(self, options: ListOptions) -> int:
        """The past version that is asked for, 0 if the newest will do. Raises Failure 400, 504."""
        version = parse_version(options.version)
        if version > self._store.version:
            raise version_too_large(version, self._store.version)
        return version if options.match == "Exact" or (options.limit and not options.match) else 0


def _past(collection: Collection, version: int, failure: Failure) -> Collection:
    try:
        return collection.at(version)
    except ExpiredError as error:
        raise failure from error


def _format_token(version: int, start: str) -> str:
    token = orjson.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": start})
    return base64.urlsafe_b64encode(token).decode().rstrip("=")


def _parse_token(options: ListOptions) -> tuple[int, str]:
    token = options.token
    if options.version not in ("", "0"):
        raise bad_request("specifying resource version is not allowed when using continue")
    try:
        value = orjson.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return int(value["rv"]), str(value["start"])
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise bad_request(f"invalid continue token: continue key is not valid: {error}") from error


def _expired_token(start: str) -> Failure:
    failure = expired(TOO_OLD)
    failure.continue_token = _format_token(INCONSISTENT, start)
    return failure
