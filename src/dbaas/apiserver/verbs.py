"""The verbs of the API on one target: get, list, watch, create, replace, patch, apply, delete."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson

from dbaas.apiserver.bodies import Patch, read_object, require_name
from dbaas.apiserver.deleting import Deleter
from dbaas.apiserver.failures import Failure
from dbaas.apiserver.list_options import asks_to_watch
from dbaas.apiserver.negotiation import JSON, Form, Wanted, encode, parse_accept, recode
from dbaas.apiserver.objects import decode_entry, make_entry
from dbaas.apiserver.options import read_delete_options, read_write_options
from dbaas.apiserver.reading import Reader, read_selection
from dbaas.apiserver.resources import Catalogue
from dbaas.apiserver.routing import Target, check_method
from dbaas.apiserver.scaling import read_scaling, scale_of
from dbaas.apiserver.store import Entry, Store
from dbaas.apiserver.views import choose_view
from dbaas.apiserver.watching import Watches
from dbaas.apiserver.writing import Writer, Written
from dbaas.contracts.transport import Request, Response
from dbaas.core.clock import Clock, format_time

ONE_FORMS: tuple[Form, ...] = ("Table", "PartialObjectMetadata")
LIST_FORMS: tuple[Form, ...] = ("Table", "PartialObjectMetadataList")


class Verbs:
    """Raises Failure for whatever is not a success."""

    def __init__(
        self, store: Store, catalogue: Catalogue, watches: Watches, clock: Clock, writer: Writer, deleter: Deleter
    ) -> None:
        self._catalogue = catalogue
        self._watches = watches
        self._clock = clock
        self._reader = Reader(store)
        self._writer = writer
        self._deleter = deleter

    async def answer(self, target: Target, request: Request) -> Response:
        check_method(target, request.method)
        notice = target.resource.habits.deprecation
        if not notice:
            return await self._dispatch(target, request)
        try:
            response = await self._dispatch(target, request)
        except Failure as failure:
            failure.warnings = (*failure.warnings, notice)
            raise
        return replace(response, headers=add_warnings(response.headers, [notice]))

    async def _dispatch(self, target: Target, request: Request) -> Response:
        match request.method:
            case "GET" if target.name:
                return self._get(target, request)
            case "GET" if asks_to_watch(request.query):
                return self._watch(target, request)
            case "GET":
                return self._list(target, request)
            case "POST":
                return await self._create(target, request)
            case _ if target.subresource == "scale":
                return await self._scale(target, request)
            case "PUT":
                return await self._replace(target, request)
            case "PATCH":
                return await self._patch(target, request)
        return await (self._delete(target, request) if target.name else self._delete_collection(target, request))

    def _get(self, target: Target, request: Request) -> Response:
        entry = self._reader.get(target, request.query)
        if target.subresource == "scale":
            return _show_scale(target, request, entry)
        wanted = parse_accept(request.headers.get("accept", ""), ONE_FORMS)
        body = choose_view(target.resource, wanted, request.query, self._clock).one(entry)
        return respond(200, body, wanted)

    def _list(self, target: Target, request: Request) -> Response:
        wanted = parse_accept(request.headers.get("accept", ""), LIST_FORMS)
        page = self._reader.list(target, request.query)
        view = choose_view(target.resource, wanted, request.query, self._clock)
        return respond(200, view.many(page.entries, page.metadata), wanted)

    def _watch(self, target: Target, request: Request) -> Response:
        resource = target.resource
        wanted = parse_accept(request.headers.get("accept", ""), (*ONE_FORMS, "PartialObjectMetadataList"))
        selection = read_selection(target, request.query)
        options = self._watches.read_options(request.query)
        view = choose_view(resource, wanted, request.query, self._clock)

        def is_served() -> bool:
            return self._catalogue.find(resource.group, resource.version, resource.plural) is not None

        stream = self._watches.open(selection, view, options, is_served)
        return Response(200, headers={"content-type": JSON}, stream=stream)

    async def _create(self, target: Target, request: Request) -> Response:
        wanted = parse_accept(request.headers.get("accept", ""), ONE_FORMS)
        options = read_write_options(request, "CreateOptions")
        obj, warnings = read_object(request, target.resource, options)
        if review := target.resource.review:
            answered = review(obj, format_time(self._clock.now()))
            return respond(201, encode(answered), Wanted(wanted.media_type), warnings)
        with _carrying(warnings):
            written = await self._writer.create(target, obj, options)
        return self._written(target, request, wanted, written, warnings)

    async def _scale(self, target: Target, request: Request) -> Response:
        resource = target.resource
        assert resource.scale is not None
        kind = "UpdateOptions" if request.method == "PUT" else "PatchOptions"
        options = read_write_options(request, kind)
        written = await self._writer.update(target, read_scaling(request, resource, resource.scale), options)
        return _show_scale(target, request, Entry.read("", 0, written.body[len(resource.prefix) :]))

    async def _replace(self, target: Target, request: Request) -> Response:
        wanted = parse_accept(request.headers.get("accept", ""), ONE_FORMS)
        options = read_write_options(request, "UpdateOptions")
        obj, warnings = read_object(request, target.resource, options)
        pristine = orjson.dumps(obj)
        with _carrying(warnings):
            if self._writer.is_absent(target):
                require_name(obj, target)
            written = await self._writer.update(target, lambda *_: orjson.loads(pristine), options, replaces=True)
        return self._written(target, request, wanted, written, warnings)

    async def _patch(self, target: Target, request: Request) -> Response:
        wanted = parse_accept(request.headers.get("accept", ""), ONE_FORMS)
        applies = request.headers.get("content-type", "").startswith("application/apply-patch")
        options = read_write_options(request, "PatchOptions", applies=applies)
        patch = Patch(request, target, options, self._clock)
        try:
            written = await self._writer.update(target, patch, options, applies=applies)
        except Failure as failure:
            told = patch.reword(failure)
            told.warnings = tuple(patch.warnings) if told is failure else ()
            raise told from failure
        return self._written(target, request, wanted, written, patch.warnings)

    async def _delete(self, target: Target, request: Request) -> Response:
        wanted = parse_accept(request.headers.get("accept", ""), ONE_FORMS)
        options = read_delete_options(request)
        obj, gone, warnings = await self._deleter.delete(target, options)
        resource = target.resource
        if gone and not resource.habits.returns_deleted:
            details = {"name": target.name, "group": resource.group, "kind": resource.plural}
            details = {key: value for key, value in details.items() if value} | {"uid": obj["metadata"]["uid"]}
            obj = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        status = 202 if options.asks_to_cascade and not gone else 200
        return respond(status, encode(obj), Wanted(wanted.media_type), warnings)

    async def _delete_collection(self, target: Target, request: Request) -> Response:
        wanted = parse_accept(request.headers.get("accept", ""), LIST_FORMS)
        options = read_delete_options(request)
        page = self._reader.list(target, request.query)
        warnings: list[str] = []
        for entry in page.entries:
            one = Target(target.resource, entry.namespace, entry.name)
            try:
                _, _, more = await self._deleter.delete(one, options)
            except Failure as failure:
                if failure.code != 404:  # else somebody was faster
                    raise
            else:
                warnings += more
        view = choose_view(target.resource, wanted, request.query, self._clock)
        return respond(200, view.many(page.entries, page.metadata), wanted, warnings)

    def _written(
        self, target: Target, request: Request, wanted: Wanted, written: Written, warnings: Iterable[str]
    ) -> Response:
        body = written.body
        if wanted.form:
            entry = make_entry("", 0, orjson.loads(body), target.resource)
            body = choose_view(target.resource, wanted, request.query, self._clock).one(entry)
        return respond(201 if written.created else 200, body, wanted, [*warnings, *written.warnings])


@contextmanager
def _carrying(warnings: Sequence[str]) -> Iterator[None]:
    """A refusal in here tells the warnings too."""
    try:
        yield
    except Failure as failure:
        if " cannot be handled as a " not in failure.message:  # else the object was not read at all
            failure.warnings = (*warnings, *failure.warnings)
        raise


def _show_scale(target: Target, request: Request, entry: Entry) -> Response:
    wanted = parse_accept(request.headers.get("accept", ""))
    assert target.resource.scale is not None
    scale = scale_of(decode_entry(entry, target.resource), target.resource.scale)
    return respond(200, orjson.dumps(scale), wanted)


def respond(status: int, body: bytes, wanted: Wanted, warnings: Iterable[str] = ()) -> Response:
    headers = add_warnings({"content-type": wanted.media_type}, warnings)
    return Response(status, recode(body, wanted.media_type), headers)


def add_warnings(headers: Mapping[str, str], warnings: Iterable[str]) -> dict[str, str]:
    """All warnings stand in one `Warning` header; the same text only once."""
    texts = [f"299 - {orjson.dumps(text).decode()}" for text in dict.fromkeys(warnings)]
    if not texts:
        return dict(headers)
    return {**headers, "warning": ", ".join([headers["warning"], *texts] if "warning" in headers else texts)}


def respond_failure(failure: Failure) -> Response:
    """A Status; clients that wait look for the seconds in its header."""
    response = respond_json(failure.status(), failure.code)
    response = replace(response, headers=add_warnings(response.headers, failure.warnings))
    seconds = (failure.details or {}).get("retryAfterSeconds")
    return response if seconds is None else replace(response, headers={**response.headers, "retry-after": str(seconds)})


def respond_json(value: Mapping[str, Any], status: int = 200, media_type: str = JSON) -> Response:
    return Response(status, encode(value, media_type), {"content-type": media_type})
