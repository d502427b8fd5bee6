"""Answers for people and for wires."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator

import pytest

from dbaas.apiserver.sending import COMPRESSED_FROM, prepare_body
from dbaas.contracts.transport import Request, Response
from dbaas.core.offload import InlineOffload

JSON = {"content-type": "application/json"}
LARGE = b'{"a":"' + b"x" * COMPRESSED_FROM + b'"}'


async def prepared(response: Response, headers: dict[str, str] | None = None, **query: str) -> Response:
    return await prepare_body(Request("GET", "/", query, headers or {}), response, InlineOffload())


async def test_only_what_is_large_is_compressed_and_only_for_those_who_can_read_it() -> None:
    for accepted in ("gzip", "deflate, gzip", "gzip,br"):
        answer = await prepared(Response(200, LARGE, JSON), {"accept-encoding": accepted})
        assert answer.headers == {**JSON, "content-encoding": "gzip", "vary": "Accept-Encoding"}
        assert gzip.decompress(answer.body) == LARGE
        assert len(answer.body) < len(LARGE) / 10
    for refused in ("", "deflate", "identity", "*"):
        assert await prepared(Response(200, LARGE, JSON), {"accept-encoding": refused}) == Response(200, LARGE, JSON)
    small = Response(200, b"{}", JSON)
    assert await prepared(small, {"accept-encoding": "gzip"}) == small


async def test_people_get_lines() -> None:
    lines = b'{\n  "a": {\n    "b": []\n  }\n}'
    plain = Response(200, b'{"a":{"b":[]}}', JSON)
    assert (await prepared(plain, pretty="true")).body == lines
    assert (await prepared(plain, {"user-agent": "curl/8.1"})).body == lines
    assert (await prepared(plain, {"user-agent": "curl/8.1"}, pretty="false")) == plain
    assert await prepared(plain, {"user-agent": "kubectl/v1.35"}) == plain
    text = Response(200, b"ok", {"content-type": "text/plain"})
    assert await prepared(text, pretty="1") == text


async def test_streams_stay_as_they_are() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b""
        pytest.fail("the stream was read")

    watched = Response(200, headers=JSON, stream=pieces())
    assert await prepared(watched, {"accept-encoding": "gzip"}, pretty="true") is watched
