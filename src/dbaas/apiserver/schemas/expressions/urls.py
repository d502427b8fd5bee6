"""URLs for rules: `url` and what can be asked of one.

Source: https://kubernetes.io/docs/reference/using-api/cel/#kubernetes-url-library; which texts are URLs, and why others
are not, is Go's `net/url`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote_from_bytes, unquote_plus, unquote_to_bytes

from dbaas.apiserver.schemas.expressions.addresses import address_mistake
from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.things import Opaque, Value
from dbaas.apiserver.schemas.wording import quote

_LETTERS = r"A-Za-z0-9_.~\-"
_UNSAFE_IN_HOST = re.compile(rf"[^{_LETTERS}!$&'()*+,;=:\[\]<>\"%\x80-\U0010ffff]")
_USER = re.compile(rf"[{_LETTERS}:!$&'()*+,;=%@]*")
_ENCODED_PATH = re.compile(rf"[{_LETTERS}!$&'()*+,;=:@\[\]%/]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2}).{0,2}", re.DOTALL)
_PORT = re.compile(r"(?::[0-9]*)?")


class _Unreadable(ValueError):
    """A text that is no URL."""


class Url(NamedTuple):
    """`path` and `query` are as they were written, save what has to be escaped."""

    scheme: str
    user: str
    host: str
    path: str
    query: str
    rest: str  # what follows a scheme without a slash, and a fragment


def to_url(text: str) -> Opaque:
    """Raises Failure."""
    mistake = url_mistake(text)
    if mistake:
        raise Failure(f"URL parse error during conversion from string: {mistake}")
    whole, _, fragment = text.partition("#")
    found = _parse(whole) if whole else Url("", "", "", "", "", "")
    return Opaque("kubernetes.URL", found._replace(rest=found.rest + (f"#{fragment}" if fragment else "")))


def url_mistake(text: str) -> str:
    """Why a text is no URL; empty if it is one. What looks like a fragment is part of the path or the query here."""
    try:
        _parse(text)
    except _Unreadable as error:
        return f"parse {quote(text)}: {error}"
    return ""


def _parse(text: str) -> Url:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise _Unreadable("net/url: invalid control character in URL")
    if not text:
        raise _Unreadable("empty url")
    if text == "*":
        return Url("", "", "", "*", "", "")
    scheme, rest = _split_scheme(text)
    rest, _, query = rest.partition("?")
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme, "", "", "", query, rest)
        raise _Unreadable("invalid URI for request")
    user = host = ""
    if scheme and rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        user, host = _parse_authority(authority)
        rest = slash + path
    return Url(scheme, user, host, _escaped_path(rest), query, "")


def _split_scheme(text: str) -> tuple[str, str]:
    if text.startswith(":"):
        raise _Unreadable("missing protocol scheme")
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]*):", text)
    return (found[1].lower(), text[found.end() :]) if found else ("", text)


def _parse_authority(authority: str) -> tuple[str, str]:
    user, at, host = authority.rpartition("@")
    found = _parse_host(host)
    if at and _USER.fullmatch(user) is None:
        raise _Unreadable("net/url: invalid userinfo")
    _check_escapes(user)
    return user, found


def _parse_host(host: str) -> str:
    opening = host.rfind("[")
    if opening > 0:
        raise _Unreadable("invalid IP-literal")
    if opening == 0:
        return _parse_literal(host)
    _, colon, port = host.rpartition(":")
    _check_port(colon + port if colon else "")
    return _unescape_host(host)


def _parse_literal(host: str) -> str:
    closing = host.rfind("]")
    if closing < 0:
        raise _Unreadable("missing ']' in host")
    _check_port(host[closing + 1 :])
    name, zone_mark, zone = host[1:closing].partition("%25")
    inside = _unescape_host(name) + (f"%{_decode(zone)}" if zone_mark else "")
    mistake = address_mistake(inside)
    if mistake:
        raise _Unreadable(f"invalid host: {mistake}")
    if ":" not in inside:
        raise _Unreadable("invalid IP-literal")
    return f"[{inside}]{host[closing + 1 :]}"


def _check_port(text: str) -> None:
    if _PORT.fullmatch(text) is None:
        raise _Unreadable(f"invalid port {quote(text)} after host")


def _unescape_host(text: str) -> str:
    for found in re.finditer(rf"%[0-7].|{_BAD_ESCAPE.pattern}|{_UNSAFE_IN_HOST.pattern}", text, re.DOTALL):
        if not found.group().startswith("%"):
            raise _Unreadable(f"invalid character {quote(found.group())} in host name")
        if found.group() != "%25":
            raise _Unreadable(f"invalid URL escape {quote(found.group())}")
    return _decode(text)


def _check_escapes(text: str) -> None:
    found = _BAD_ESCAPE.search(text)
    if found is not None:
        raise _Unreadable(f"invalid URL escape {quote(found.group())}")


def _decode(text: str) -> str:
    _check_escapes(text)
    return unquote_to_bytes(text).decode(errors="replace")


def _escaped_path(text: str) -> str:
    _check_escapes(text)
    if _ENCODED_PATH.fullmatch(text):
        return text
    return quote_from_bytes(unquote_to_bytes(text), safe="/$&+,;=:@")


def _host_and_port(url: Url) -> tuple[str, str]:
    host, colon, port = url.host.rpartition(":")
    if not colon or _PORT.fullmatch(f":{port}") is None:
        host, port = url.host, ""
    return (host[1:-1] if host.startswith("[") and host.endswith("]") else host), port


def _query_of(url: Url) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in url.query.partition("#")[0].split("&"):
        key, _, value = part.partition("=")
        if part and ";" not in part and _BAD_ESCAPE.search(part) is None:
            found.setdefault(unquote_plus(key), []).append(unquote_plus(value))
    return found


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "url": to_url,
    "isURL": lambda text: not url_mistake(text),
    "getScheme": lambda url: url.content.scheme,
    "getHost": lambda url: url.content.host,
    "getHostname": lambda url: _host_and_port(url.content)[0],
    "getPort": lambda url: _host_and_port(url.content)[1],
    "getEscapedPath": lambda url: url.content.path,
    "getQuery": lambda url: _query_of(url.content),
}
