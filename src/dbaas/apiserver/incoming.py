"""What came over a connection, as a `Request`: the parser's message and the body that belongs to it."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from aiohttp import StreamReader
from aiohttp.http import HttpVersion11, RawRequestMessage

from dbaas.contracts.transport import Request


class Incoming:
    """One request of a connection. Its body may still be on the way."""

    def __init__(self, message: RawRequestMessage, body: StreamReader) -> None:
        self._message = message
        self._body = body
        self.wants_head = message.method == "HEAD"  # and nothing else
        self.only_reads = message.method in ("GET", "HEAD", "OPTIONS")
        self.ends_connection = message.should_close
        self.is_old = message.version < HttpVersion11  # HTTP/1.0 knows neither frames nor lasting connections
        self.awaits_consent = message.headers.get("expect", "").lower() == "100-continue" and not body.is_eof()

    @property
    def is_whole(self) -> bool:
        return self._body.is_eof() or self._message.method == "CONNECT"  # of which nothing is a body

    @property
    def size(self) -> int:
        """Of the body in bytes, as it is announced, or as much as has come."""
        return max(self._body.total_bytes, int(self._message.headers.get("content-length", 0)))

    def take(self) -> tuple[Request, str]:
        """The whole request, once, and how its sender says who that is, which goes no further."""
        headers = {name.lower(): _readable(value) for name, value in self._message.headers.items()}
        authorization = headers.pop("authorization", "")
        path, query = self._split()
        return Request(self._message.method, path, query, headers, self._body.read_nowait()), authorization

    def _split(self) -> tuple[str, dict[str, str]]:
        """The path without its escapes; of a key that is given twice the first value, as in Go."""
        raw, _, text = self._message.path.partition("?")
        if not raw.startswith("/"):  # with scheme and host, as proxies are asked
            raw, text = self._message.url.raw_path, self._message.url.raw_query_string
        path = unquote(raw) if "%" in raw else raw
        if not text:
            return path, {}
        query: dict[str, str] = {}
        for key, value in parse_qsl(text, keep_blank_values=True):
            query.setdefault(key, value)
        return path, query


def _readable(text: str) -> str:
    """Bytes that are no UTF-8 become the sign for that, as in Go; the parser lets them through as lone surrogates."""
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
