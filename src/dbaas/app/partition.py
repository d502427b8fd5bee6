"""Parts several operators in one cluster by label: each sees and makes only objects of our kinds that have its labels.

A wrapper around the API, so that nothing else need know: lists and watches select by the labels, what is made gets
them, and an object without them is not found. Kinds that are not ours (Secrets, Namespaces) are seen as they are.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Collection, Mapping
from dataclasses import replace
from typing import Any

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import NotFound
from dbaas.contracts.rest import Page, Propagation, Rest, Selection, WatchEvent
from dbaas.core.errors import DbaasError

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_TERM = re.compile(rf"(?P<key>(?:[a-z0-9.-]{{1,253}}/)?{_NAME})={{1,2}}(?P<value>(?:{_NAME})?)")


class BadSelector(DbaasError):
    """The text is no list of labels with values."""

    reason = "BadSelector"


def parse_labels(text: str) -> Mapping[str, str]:
    """`key=value`, several with commas between them: what is made gets them, so other selectors would not do.

    Raises BadSelector.
    """
    labels: dict[str, str] = {}
    for term in filter(None, map(str.strip, text.split(","))):
        found = _TERM.fullmatch(term)
        if found is None:
            raise BadSelector(f"cannot use selector {text!r}: {term!r} is not of the form key=value")
        labels[found["key"]] = found["value"]
    return labels


class PartitionedRest:
    """Implements `contracts.rest.Rest`. `kinds` are those that are parted."""

    def __init__(self, rest: Rest, labels: Mapping[str, str], kinds: Collection[Kind]) -> None:
        self._rest = rest
        self._labels = labels
        self._kinds = frozenset(kinds)

    async def get(self, kind: Kind, key: Key, *, version: str = "") -> Resource:
        found = await self._rest.get(kind, key, version=version)
        if kind in self._kinds and not self._labels.items() <= found.metadata.labels.items():
            raise NotFound(f"cannot get {kind} {key}: it is another operator's", code=404, reason="NotFound")
        return found

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = 500, token: str = "") -> Page:
        return await self._rest.list_page(kind, self._narrow(kind, selection), limit=limit, token=token)

    def watch(
        self, kind: Kind, selection: Selection, *, version: str, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        narrow = self._narrow(kind, selection)
        return self._rest.watch(kind, narrow, version=version, timeout_seconds=timeout_seconds)

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        return await self._rest.create(kind, self._label(kind, body))

    async def apply(self, kind: Kind, body: Mapping[str, Any], *, force: bool = False) -> Resource:
        return await self._rest.apply(kind, self._label(kind, body), force=force)

    async def patch(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, subresource: str = "", manager: str = ""
    ) -> Resource:
        return await self._rest.patch(kind, key, patch, subresource=subresource, manager=manager)

    async def delete(
        self, kind: Kind, key: Key, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Resource | None:
        return await self._rest.delete(kind, key, uid=uid, propagation=propagation)

    def _narrow(self, kind: Kind, selection: Selection) -> Selection:
        if kind not in self._kinds:
            return selection
        terms = [selection.labels, *(f"{name}={value}" for name, value in self._labels.items())]
        return replace(selection, labels=",".join(filter(None, terms)))

    def _label(self, kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any]:
        if kind not in self._kinds:
            return body
        metadata = body.get("metadata") or {}
        return {**body, "metadata": {**metadata, "labels": {**(metadata.get("labels") or {}), **self._labels}}}
