"""Requests as they come from the parser."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser

from dbaas.apiserver.incoming import Incoming


def read(*pieces: bytes) -> Incoming:
    """The first request in these bytes."""
    loop = asyncio.get_running_loop()
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16, auto_decompress=False)
    found = []
    for piece in pieces:
        messages, _, _ = parser.feed_data(piece)
        found += [Incoming(*each) for each in messages]
    return found[0]


def get(target: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"GET " + target + b" HTTP/1.1", b"Host: here", *headers, b"", b""])


async def test_headers_are_lower_case_and_the_proof_is_apart() -> None:
    request, proof = read(get(b"/api", b"Authorization: Bearer x", b"Accept: a/b")).take()
    assert (request.method, request.path, request.query, request.body) == ("GET", "/api", {}, b"")
    assert request.headers == {"host": "here", "accept": "a/b"}
    assert proof == "Bearer x"


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/a%20b/c", "/a b/c", {}),
        (b"/a?x=1&x=2&y=&z=a%26b+c", "/a", {"x": "1", "y": "", "z": "a&b c"}),
        (b"/a?", "/a", {}),
        (b"http://there:8080/a%2Fb?c=d", "/a/b", {"c": "d"}),
        (b"/%C3%A4?%C3%B6=%C3%BC", "/ä", {"ö": "ü"}),
        (b"/a%FF?b=%FF", "/a\ufffd", {"b": "\ufffd"}),
    ],
)
async def test_a_target_has_a_path_and_a_query(target: bytes, path: str, query: dict[str, str]) -> None:
    request, _ = read(get(target)).take()
    assert (request.path, request.query) == (path, query)


async def test_headers_that_are_no_text_can_still_be_written() -> None:
    request, _ = read(get(b"/", b"User-Agent: a\xffb")).take()
    assert request.headers["user-agent"] == "a\ufffdb"


async def test_a_body_is_whole_when_its_last_byte_has_come() -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n\r\n"
    assert not read(head + b"1234").is_whole
    whole = read(head + b"12", b"345")
    assert whole.is_whole
    assert whole.take()[0].body == b"12345"


async def test_a_body_in_frames_is_put_together_and_counted() -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n"
    incoming = read(head + b"3\r\nabc\r\n", b"4\r\ndefg\r\n", b"0\r\n\r\n")
    assert incoming.size == 7
    assert incoming.take()[0].body == b"abcdefg"


async def test_the_size_is_known_before_the_body_has_come() -> None:
    assert read(b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 500\r\n\r\n").size == 500


async def test_a_connection_ends_where_the_client_or_its_version_says_so() -> None:
    assert not read(get(b"/")).ends_connection
    assert read(get(b"/", b"Connection: close")).ends_connection
    old = read(b"GET / HTTP/1.0\r\n\r\n")
    assert (old.ends_connection, old.is_old) == (True, True)
    assert not read(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").ends_connection


async def test_consent_is_awaited_only_for_a_body_that_has_not_come() -> None:
    head = b"POST / HTTP/1.1\r\nHost: here\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
    assert read(head).awaits_consent
    assert not read(head + b"{}").awaits_consent
    assert not read(get(b"/")).awaits_consent
