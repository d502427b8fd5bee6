"""How a whole answer goes out over HTTP: indented for people, compressed where it is large.

Source: apiserver `endpoints/handlers/responsewriters/writers.go` and `negotiation/negotiate.go`.
"""

from __future__ import annotations

import zlib
from dataclasses import replace

import orjson

from dbaas.apiserver.negotiation import JSON
from dbaas.contracts.transport import Request, Response
from dbaas.core.offload import Offload

COMPRESSED_FROM = 128 * 1024
_PEOPLE = ("curl", "Wget", "Mozilla/5.0")
_FAST = 1  # higher levels cost much time and save little
_GZIP_WINDOW = 31  # zlib's largest window, with the header of gzip


async def prepare_body(request: Request, response: Response, offload: Offload) -> Response:
    """The answer as this client wants its bytes. Streams stay as they are."""
    if response.stream is not None:
        return response
    if _is_for_people(request) and response.headers.get("content-type") == JSON:
        response = replace(response, body=orjson.dumps(orjson.loads(response.body), option=orjson.OPT_INDENT_2))
    if len(response.body) <= COMPRESSED_FROM or not _accepts_gzip(request):
        return response
    headers = {**response.headers, "content-encoding": "gzip", "vary": "Accept-Encoding"}
    return replace(response, body=await offload.run(_compress, response.body), headers=headers)


def _is_for_people(request: Request) -> bool:
    if chosen := request.query.get("pretty"):
        return chosen in ("1", "t", "T", "true", "TRUE", "True")
    return request.headers.get("user-agent", "").startswith(_PEOPLE)


def _accepts_gzip(request: Request) -> bool:
    return "gzip" in (each.strip() for each in request.headers.get("accept-encoding", "").split(","))


def _compress(body: bytes) -> bytes:
    return zlib.compress(body, _FAST, wbits=_GZIP_WINDOW)
