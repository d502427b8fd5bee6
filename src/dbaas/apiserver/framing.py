"""What stands around the body of an answer in HTTP/1.1: its head, and the frames of one that comes in pieces.

Source: RFC 9112, sections 6 and 7.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

LAST_PIECE = b"0\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_ON_ONE_LINE = str.maketrans("\r\n", "  ")


def make_head(status: int, headers: Mapping[str, str], framing: bytes, second: int) -> bytes:
    """`framing` is whole header lines about the body and the connection; `second`, of any clock, says when the date
    must be looked at again."""
    return _opening(status, tuple(headers.items())) + framing + _date(second)


def frame(piece: bytes) -> bytes:
    """A piece, which must not be empty, of a body whose length nobody knows yet."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)


@lru_cache(maxsize=128)
def _opening(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    lines = [f"HTTP/1.1 {status} {_PHRASES.get(status, '')}"]
    lines += [f"{name}: {value}".translate(_ON_ONE_LINE) for name, value in headers]
    return "\r\n".join([*lines, ""]).encode()


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return f"date: {formatdate(usegmt=True)}\r\n\r\n".encode()
