"""Tests of `kube.proxies`."""

from __future__ import annotations

import pytest

from dbaas.kube.proxies import find_proxy

FAR = "https://api.example.com:6443"


@pytest.mark.parametrize(
    ("server", "environment", "expected"),
    [
        (FAR, {}, ""),
        (FAR, {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        (FAR, {"https_proxy": "p:1"}, "http://p:1"),
        (FAR, {"HTTP_PROXY": "http://p:1"}, ""),
        ("http://api.example.com", {"HTTP_PROXY": "http://p:1"}, "http://p:1"),
        ("https://localhost:1", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("https://127.0.0.3:1", {"HTTPS_PROXY": "http://p:1"}, ""),
        ("https://[::1]:1", {"HTTPS_PROXY": "http://p:1"}, ""),
    ],
)
def test_the_environment_names_a_proxy_for_each_scheme(server: str, environment: dict[str, str], expected: str) -> None:
    assert find_proxy(server, environment) == expected


@pytest.mark.parametrize(
    ("server", "exempt", "is_straight"),
    [
        (FAR, "*", True),
        (FAR, "other.com, example.com", True),
        (FAR, ".example.com", True),
        (FAR, "*.example.com", True),
        (FAR, "API.example.com:6443", True),
        (FAR, "api.example.com:443", False),
        (FAR, "ample.com", False),
        ("https://example.com", ".example.com", False),
        ("https://10.1.2.3", "10.0.0.0/8", True),
        ("https://10.1.2.3", "11.0.0.0/8,broken/x", False),
        ("https://10.1.2.3:6443", "10.1.2.3", True),
        ("https://10.1.2.3:6443", "10.1.2.3:6443", True),
        ("https://[fd00::1]:6443", "fd00::1", True),
        ("https://[fd00::1]:6443", "[fd00::1]:6443", True),
        ("https://[fd00::1]:6443", "fd00::/8", True),
        (FAR, "", False),
    ],
)
def test_what_is_exempt_is_reached_straight(server: str, exempt: str, is_straight: bool) -> None:
    assert (find_proxy(server, {"HTTPS_PROXY": "http://p:1", "NO_PROXY": exempt}) == "") is is_straight
