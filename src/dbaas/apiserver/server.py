"""The API server: a request goes in, an answer or a stream comes out. Implements `contracts.transport.Transport`.

All routing is here, so a request in-process and one over HTTP take the same path.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from dbaas.apiserver import discovery
from dbaas.apiserver.deleting import Deleter
from dbaas.apiserver.failures import Failure, NotServed, method_not_allowed, too_large, unavailable, unknown_path
from dbaas.apiserver.kinds import builtin_resources
from dbaas.apiserver.lifecycle import Lifecycle
from dbaas.apiserver.negotiation import JSON, encode, parse_accept
from dbaas.apiserver.objects import Objects
from dbaas.apiserver.openapi import OpenAPI
from dbaas.apiserver.registration import Registration
from dbaas.apiserver.resources import Catalogue
from dbaas.apiserver.routing import find_target
from dbaas.apiserver.store import Database, StorageError, Store
from dbaas.apiserver.store.collection import HISTORY_LIMIT
from dbaas.apiserver.store.database import MEMORY
from dbaas.apiserver.validating import Validation
from dbaas.apiserver.verbs import Verbs, respond_failure, respond_json
from dbaas.apiserver.watching import Watches
from dbaas.apiserver.writing import Writer
from dbaas.contracts.admission import Admission
from dbaas.contracts.transport import Request, Response
from dbaas.core.clock import Clock
from dbaas.core.offload import Offload
from dbaas.core.randomness import Randomness

BODY_LIMIT = 3 * 1024 * 1024


class ApiServer:
    """`start`, then `request` as often as wanted, then `stop`. `path` None keeps everything in memory."""

    def __init__(
        self,
        path: Path | None,
        clock: Clock,
        randomness: Randomness,
        offload: Offload,
        admission: Admission | None = None,
        history_limit: int = HISTORY_LIMIT,
    ) -> None:
        self._store = Store(Database(path or MEMORY), offload, history_limit)
        self._catalogue = Catalogue()
        self.watches = Watches(self._store, clock, randomness)
        objects = Objects(self._store)
        writer = Writer(objects, Validation(offload), clock, randomness, admission)
        deleter = Deleter(objects, clock, admission)
        self._verbs = Verbs(self._store, self._catalogue, self.watches, clock, writer, deleter)
        self._openapi = OpenAPI(self._catalogue)
        self._lifecycle = Lifecycle(self, self._store, self._catalogue, clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._ready = False

    async def start(self) -> None:
        """Raises StorageError, for example when another process has the file open."""
        await self._store.open()
        for resource in builtin_resources(self._catalogue):
            self._catalogue.add(resource)
        Registration(self._catalogue, self.watches).load(self._store)
        self._ready = True
        await self._lifecycle.make_namespaces()
        self._tasks = self._lifecycle.start()

    async def stop(self) -> None:
        """Ends all streams; what was submitted is committed first."""
        self._ready = False
        self.watches.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        await self._store.close()

    async def request(self, request: Request) -> Response:
        """Any failure is an answer. A stream ends when it is closed, at its timeout, or with `stop`."""
        try:
            return await self._answer(request)
        except NotServed as failure:
            return Response(404, failure.message.encode(), {"content-type": "text/plain; charset=utf-8"})
        except Failure as failure:
            return respond_failure(failure)
        except StorageError as error:
            causes = [{"reason": error.reason, "message": error.message}]
            message = f"Internal error occurred: {error.message}"
            return respond_failure(Failure(500, "InternalError", message, {"causes": causes}))

    async def _answer(self, request: Request) -> Response:
        if not self._ready:
            raise unavailable("the server is stopping or has not started")
        if len(request.body) > BODY_LIMIT:
            raise too_large(BODY_LIMIT)
        target = find_target(request.path, self._catalogue)
        if target is not None:
            return await self._verbs.answer(target, request)
        return self._answer_about_itself(request)

    def _answer_about_itself(self, request: Request) -> Response:
        path = request.path.rstrip("/") or "/"
        if request.method != "GET":
            raise method_not_allowed() if discovery.find_document(path, self._catalogue) else NotServed
        if path.startswith(discovery.HEALTH_PATHS):
            return Response(200, b"ok", {"content-type": "text/plain; charset=utf-8"})
        if path.startswith("/openapi/v3"):
            return self._describe_schema(path.removeprefix("/openapi/v3").strip("/"))
        wanted = parse_accept(request.headers.get("accept", ""), ("APIGroupDiscoveryList",))
        if path in ("/api", "/apis") and wanted.form:
            document = discovery.aggregated_document(path, wanted.version, self._catalogue)
            media_type = f"{JSON};g=apidiscovery.k8s.io;v={wanted.version};as=APIGroupDiscoveryList"
            return Response(200, encode(document), {"content-type": media_type})
        if path == "/version":
            return respond_json(discovery.version_document())
        if path == "/":
            return respond_json(discovery.root_document(self._catalogue))
        found = discovery.find_document(path, self._catalogue)
        if found is None:
            raise unknown_path() if self._catalogue.is_built_in(path) else NotServed
        return respond_json(found, media_type=wanted.media_type)

    def _describe_schema(self, place: str) -> Response:
        if not place:
            return respond_json(self._openapi.index())
        document = self._openapi.document(place)
        if document is None:
            raise unknown_path()
        return Response(200, document, {"content-type": JSON})
