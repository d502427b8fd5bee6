"""The verbs of the Kubernetes API over any transport: builds requests, reads answers, raises what went wrong.

The paths, content types and query options are those of the Kubernetes API reference ("API concepts").
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import msgspec
import orjson

from dbaas.api.resource import FIELD_MANAGER, Key, Kind, Resource
from dbaas.contracts.client import ApiError
from dbaas.contracts.rest import Change, Page, Propagation, Selection, WatchEvent, knows_nothing
from dbaas.contracts.transport import Request, Response, Transport, TransportError
from dbaas.kube.answers import error_of, status_error
from dbaas.kube.decoding import (
    decode_identity,
    decode_items,
    decode_line,
    decode_list,
    decode_object,
    decode_version,
)

JSON = "application/json"
APPLY_PATCH = "application/apply-patch+yaml"
TABLE = f"{JSON};as=Table;v=v1;g=meta.k8s.io,{JSON}"
METADATA = f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
METADATA_LIST = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
PAGE_SIZE = 500
LAGS = 504  # the server's memory has not come to the version that is asked for, or its store has gone back behind it

PatchType = Literal["merge", "json", "strategic"]
_PATCH_TYPES = {
    "merge": "application/merge-patch+json",
    "json": "application/json-patch+json",
    "strategic": "application/strategic-merge-patch+json",
}
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')


@dataclass(frozen=True)
class Writing:
    """How writes are made: in whose name, whether only tried, and what becomes of unknown fields.

    `validation` is Strict, Warn, Ignore, or empty for the server's default. `warn` gets each warning of the server.
    """

    field_manager: str = FIELD_MANAGER
    dry_run: bool = False
    validation: str = ""
    warn: Callable[[str], None] | None = None


class RestClient:
    """Implements `contracts.rest.Rest` and adds what only command lines need."""

    def __init__(self, transport: Transport, writing: Writing | None = None) -> None:
        self._transport = transport
        self._writing = writing or Writing()

    async def get(self, kind: Kind, key: Key, *, version: str = "") -> Resource:
        path, query = kind.path(key.namespace, key.name), {"resourceVersion": version} if version else {}
        try:
            answer = await self._send(Request("GET", path, query, {"accept": JSON}), f"get {kind} {key}")
        except ApiError as error:
            if not version or error.code != LAGS:
                raise
            return await self.get(kind, key)
        return _decode(kind, answer)

    async def list_page(self, kind: Kind, selection: Selection, *, limit: int = PAGE_SIZE, token: str = "") -> Page:
        query = _selecting(selection) | {"limit": str(limit)} | ({"continue": token} if token else {})
        accept = METADATA_LIST if selection.metadata_only else JSON
        request = Request("GET", kind.path(selection.namespace), query, {"accept": accept})
        response = await self._send(request, f"list {kind.plural}")
        try:
            page = decode_list(response.body)
            items = decode_items(kind, page.items or ())
        except msgspec.DecodeError as error:
            raise TransportError(f"cannot read the list of {kind.plural}: {error}") from error
        return Page(items, page.metadata.resourceVersion, page.metadata.continue_)

    async def list(self, kind: Kind, selection: Selection | None = None) -> Sequence[Resource]:
        """All pages of it."""
        items: list[Resource] = []
        token = ""
        while True:
            page = await self.list_page(kind, selection or Selection(), token=token)
            items.extend(page.items)
            if not (token := page.token):
                return items

    async def watch(
        self, kind: Kind, selection: Selection, *, version: str, timeout_seconds: float
    ) -> AsyncGenerator[WatchEvent, None]:
        query = _selecting(selection) | {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(int(timeout_seconds)),
        }
        accept = METADATA if selection.metadata_only else JSON
        request = Request("GET", kind.path(selection.namespace), query, {"accept": accept})
        response = await self._send(request, f"watch {kind.plural}")
        if response.stream is None:
            raise TransportError(f"cannot watch {kind.plural}: the answer is not a stream")
        try:
            async for piece in response.stream:
                for line in piece.splitlines():
                    if line:
                        yield _decode_event(kind, line, selection)
        finally:
            await end_stream(response.stream)

    async def create(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        key = key_of(body)
        request = Request("POST", kind.path(key.namespace), self._options(), _sends(JSON), orjson.dumps(body))
        return _decode(kind, await self._send(request, f"create {kind} {key}"))

    async def replace(self, kind: Kind, body: Mapping[str, Any], *, subresource: str = "") -> Resource:
        """PUT: `metadata.resourceVersion` in the body is the precondition."""
        key = key_of(body)
        path = kind.path(key.namespace, key.name, subresource)
        request = Request("PUT", path, self._options(), _sends(JSON), orjson.dumps(body))
        return _decode(kind, await self._send(request, f"replace {kind} {key}"))

    async def apply(self, kind: Kind, body: Mapping[str, Any], *, force: bool = False) -> Resource:
        key = key_of(body)
        query = self._options() | {"force": "true" if force else "false"}
        request = Request("PATCH", kind.path(key.namespace, key.name), query, _sends(APPLY_PATCH), orjson.dumps(body))
        return _decode(kind, await self._send(request, f"apply {kind} {key}"))

    async def patch(
        self,
        kind: Kind,
        key: Key,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        *,
        subresource: str = "",
        manager: str = "",
        patch_type: PatchType = "merge",
    ) -> Resource:
        path = kind.path(key.namespace, key.name, subresource)
        headers = _sends(_PATCH_TYPES[patch_type])
        options = self._options() | ({"fieldManager": manager} if manager else {})
        request = Request("PATCH", path, options, headers, orjson.dumps(patch))
        what = f"{subresource} of {kind}" if subresource else str(kind)
        return _decode(kind, await self._send(request, f"patch {what} {key}"))

    async def delete(
        self, kind: Kind, key: Key, *, uid: str = "", propagation: Propagation = "Background"
    ) -> Resource | None:
        options: dict[str, Any] = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": propagation}
        if uid:
            options["preconditions"] = {"uid": uid}
        if self._writing.dry_run:
            options["dryRun"] = ["All"]
        path = kind.path(key.namespace, key.name)
        request = Request("DELETE", path, {}, _sends(JSON), orjson.dumps(options))
        response = await self._send(request, f"delete {kind} {key}")
        if _members(response).get("kind") == "Status":
            return None
        deleted = _decode(kind, response)
        return deleted if deleted.metadata.is_deleting else None  # some kinds answer with what was there

    async def table(self, kind: Kind, selection: Selection, name: str = "") -> dict[str, Any]:
        """As the server prints it (`meta.k8s.io/v1` Table, each row with its whole object)."""
        query = {} if name else _selecting(selection)
        path = kind.path(selection.namespace, name)
        request = Request("GET", path, {**query, "includeObject": "Object"}, {"accept": TABLE})
        return _members(await self._send(request, f"get {kind.plural}"))

    async def read(self, path: str, query: Mapping[str, str] | None = None, accept: str = JSON) -> dict[str, Any]:
        """Anything else that is JSON: discovery, OpenAPI, version."""
        return _members(await self._send(Request("GET", path, query or {}, {"accept": accept}), f"read {path}"))

    def _options(self) -> dict[str, str]:
        options = {"fieldManager": self._writing.field_manager}
        if self._writing.dry_run:
            options["dryRun"] = "All"
        if self._writing.validation:
            options["fieldValidation"] = self._writing.validation
        return options

    async def _send(self, request: Request, attempted: str) -> Response:
        response = await self._transport.request(request)
        if self._writing.warn is not None:
            for text in _WARNING.findall(response.headers.get("warning", "")):
                self._writing.warn(text.replace('\\"', '"').replace("\\\\", "\\"))
        if response.status < 300:
            return response
        if response.stream is not None:
            await end_stream(response.stream)
        raise error_of(response, attempted)


async def end_stream(stream: AsyncIterator[bytes]) -> None:
    """Closes what a transport streams; plain iterators have nothing to close."""
    close = getattr(stream, "aclose", None)
    if close is not None:
        await close()


def key_of(body: Mapping[str, Any]) -> Key:
    metadata = body.get("metadata") or {}
    return Key(metadata.get("namespace") or "", metadata.get("name") or "")


def _sends(content_type: str) -> dict[str, str]:
    return {"accept": JSON, "content-type": content_type}


def _selecting(selection: Selection) -> dict[str, str]:
    query = {"labelSelector": selection.labels, "fieldSelector": selection.fields}
    return {name: value for name, value in query.items() if value}


def _decode(kind: Kind, response: Response) -> Resource:
    try:
        return decode_object(kind, response.body)
    except msgspec.DecodeError as error:
        raise TransportError(f"cannot read the answer about {kind}: {error}") from error


def _members(response: Response) -> dict[str, Any]:
    try:
        decoded = orjson.loads(response.body)
    except orjson.JSONDecodeError as error:
        raise TransportError(f"cannot read the answer: {error}") from error
    if not isinstance(decoded, dict):
        raise TransportError("cannot read the answer: it is not an object")
    return decoded


def _decode_event(kind: Kind, line: bytes, selection: Selection) -> WatchEvent:
    try:
        event = decode_line(line)
        if event.type == "ERROR":
            raise status_error(bytes(event.object), 0, f"watch {kind.plural}")
        if event.type == "BOOKMARK":
            return WatchEvent("BOOKMARK", decode_version(event.object))
        if event.type != "DELETED" and selection.knows is not knows_nothing:
            key, version = decode_identity(event.object)
            if selection.knows(key, version):
                return WatchEvent("BOOKMARK", version)
        resource = decode_object(kind, event.object)
    except msgspec.DecodeError as error:
        raise TransportError(f"cannot read a watch of {kind.plural}: {error}") from error
    if event.type not in ("ADDED", "MODIFIED", "DELETED"):
        raise TransportError(f"cannot read a watch of {kind.plural}: unknown change {event.type!r}")
    return WatchEvent(cast("Change", event.type), resource.metadata.resourceVersion, resource)
