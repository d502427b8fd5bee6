"""Tests of `kube.access`."""

from __future__ import annotations

import ssl

import pytest

from dbaas.core.secrets import Secret
from dbaas.kube.access import Access, BadKubeconfig, build_ssl_context


def test_plain_http_needs_no_tls() -> None:
    assert build_ssl_context(Access("http://127.0.0.1:1")) is None


def test_servers_are_verified_unless_said_otherwise() -> None:
    strict = build_ssl_context(Access("https://h"))
    assert strict is not None
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    lax = build_ssl_context(Access("https://h", verify=False))
    assert lax is not None
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)


def test_certificates_that_cannot_be_read_name_the_context_and_no_secret() -> None:
    broken = "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"
    for access in (
        Access("https://h", "main", ca=broken),
        Access("https://h", "main", certificate=broken, private_key=Secret("hunter2")),
    ):
        with pytest.raises(BadKubeconfig, match="cannot use the certificates of context 'main'") as caught:
            build_ssl_context(access)
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("server", "expected"),
    [("http://127.0.0.1:8080", True), ("https://[::1]:6443", True), ("https://localhost", True), ("https://h", False)],
)
def test_it_is_known_whether_the_server_is_on_this_machine(server: str, expected: bool) -> None:
    assert Access(server).is_loopback is expected
