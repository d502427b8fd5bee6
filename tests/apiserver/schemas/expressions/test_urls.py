"""URLs; `tests/conformance` proves more."""

from __future__ import annotations

import pytest

from dbaas.apiserver.schemas.expressions.failures import Failure
from dbaas.apiserver.schemas.expressions.urls import FUNCTIONS, to_url, url_mistake


def test_a_url_has_parts() -> None:
    url = to_url("HTTPS://user:p@[::1]:80/c d?k=%41+&k=b;x&k=c#f")
    asked = ("Scheme", "Host", "Hostname", "Port", "EscapedPath", "Query")
    assert [FUNCTIONS[f"get{part}"](url) for part in asked] == [
        "https", "[::1]:80", "::1", "80", "/c%20d", {"k": ["A ", "c"]},
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty url"),
        ("x", "invalid URI for request"),
        (":x", "missing protocol scheme"),
        ("/%zz", 'invalid URL escape "%zz"'),
        ("http://a b/", 'invalid character " " in host name'),
        ("http://a:b/", 'invalid port ":b" after host'),
        ("http://[::1/", "missing ']' in host"),
        ("http://[zz]/", "invalid host: ParseAddr"),
        ("http://[1.2.3.4]/", "invalid IP-literal"),
        ("http://a\nb", "invalid control character in URL"),
    ],
)
def test_what_is_no_url_is_told_why(text: str, reason: str) -> None:
    assert reason in url_mistake(text)
    assert not FUNCTIONS["isURL"](text)
    with pytest.raises(Failure, match="URL parse error"):
        to_url(text)


def test_a_url_without_a_host_is_one() -> None:
    assert FUNCTIONS["getHost"](to_url("mailto:x")) == ""
    assert FUNCTIONS["getEscapedPath"](to_url("/a/b%2Fc")) == "/a/b%2Fc"
