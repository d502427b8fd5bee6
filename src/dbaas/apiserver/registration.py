"""Keeps the catalogue in step with the CustomResourceDefinitions in the store."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from dbaas.apiserver.definitions import COLLECTION, collection_of, is_established, served_resources
from dbaas.apiserver.resources import Catalogue
from dbaas.apiserver.store import Change, Entry, Store
from dbaas.apiserver.watching import Watches


class Registration:
    """Each committed definition is served, from its commit on, until it is gone."""

    def __init__(self, catalogue: Catalogue, watches: Watches) -> None:
        self._catalogue = catalogue
        self._watches = watches
        self._specs: dict[str, Mapping[str, Any]] = {}

    def load(self, store: Store) -> None:
        """Takes what is there at start and listens for what changes."""
        for entry in store.collection(COLLECTION):
            self._serve(entry)
        store.listen(self._observe)

    def _observe(self, change: Change) -> None:
        if change.collection != COLLECTION:
            return
        if change.deleted:
            definition = _open(change.after)
            self._specs.pop(change.key, None)
            self._catalogue.remove(collection_of(definition))
            self._watches.wake()
        else:
            self._serve(change.after)

    def _serve(self, entry: Entry) -> None:
        definition = _open(entry)
        if self._specs.get(entry.key) == definition["spec"] or not is_established(definition):
            return
        self._specs[entry.key] = definition["spec"]
        self._catalogue.remove(collection_of(definition))
        for resource in served_resources(definition):
            self._catalogue.add(resource)
        self._watches.wake()


def _open(entry: Entry) -> Mapping[str, Any]:
    definition: Mapping[str, Any] = orjson.loads(b"{" + entry.body)
    return definition
