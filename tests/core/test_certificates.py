"""Tests of `core.certificates`; TLS itself is the judge of what they make."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dbaas.core.certificates import (
    BadCertificate,
    is_due,
    is_over,
    issue_certificate,
    make_authority,
    serves,
    split_bundle,
)
from dbaas.core.clock import SystemClock
from dbaas.core.key_pair import KeyPair
from dbaas.core.secrets import Secret

NOW = datetime(2030, 1, 1, tzinfo=UTC)
YEAR, MONTH = timedelta(days=365), timedelta(days=30)


async def _shakes_hands(pair: KeyPair, trusted: str, name: str, folder: Path) -> bool:
    """Whether a client that trusts an authority believes a server that shows the pair."""
    file = folder / "pair.pem"
    file.write_text(pair.certificate + pair.private_key.reveal())
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(file)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
    port = server.sockets[0].getsockname()[1]
    try:
        client = ssl.create_default_context(cadata=trusted)
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        said = await reader.readline()
        writer.close()
        return said == b"hello\n"
    except ssl.SSLCertVerificationError:
        return False
    finally:
        server.close()


async def test_who_trusts_the_authority_believes_its_servers_by_their_names(tmp_path: Path) -> None:
    now = SystemClock().now()
    authority, other = make_authority("ours", now, YEAR), make_authority("ours", now, YEAR)
    pair = issue_certificate(authority, ["a.shop.svc", "127.0.0.1"], now, MONTH)
    assert await _shakes_hands(pair, authority.certificate, "a.shop.svc", tmp_path)
    assert await _shakes_hands(pair, authority.certificate, "127.0.0.1", tmp_path)
    assert not await _shakes_hands(pair, authority.certificate, "b.shop.svc", tmp_path)
    assert not await _shakes_hands(pair, other.certificate, "a.shop.svc", tmp_path)
    assert await _shakes_hands(pair, other.certificate + authority.certificate, "a.shop.svc", tmp_path)


def test_it_is_due_after_two_thirds_of_its_life_and_over_at_its_end() -> None:
    pair = issue_certificate(make_authority("ours", NOW, YEAR), ["a"], NOW, MONTH)
    assert not is_due(pair.certificate, NOW + timedelta(days=19))
    assert is_due(pair.certificate, NOW + timedelta(days=21))
    assert not is_over(pair.certificate, NOW + timedelta(days=29))
    assert is_over(pair.certificate, NOW + MONTH)


def test_it_never_outlives_its_authority() -> None:
    authority = make_authority("ours", NOW, MONTH)
    pair = issue_certificate(authority, ["a"], NOW + timedelta(days=20), MONTH)
    assert is_over(pair.certificate, NOW + MONTH)


def test_what_serves_is_told_from_what_does_not() -> None:
    authority, other = make_authority("ours", NOW, YEAR), make_authority("ours", NOW, YEAR)
    pair, second = (issue_certificate(authority, ["a", "10.0.0.1"], NOW, MONTH) for _ in range(2))
    assert serves(pair, authority.certificate, ["a", "10.0.0.1"])
    assert not serves(pair, authority.certificate, ["a", "b"])
    assert not serves(pair, other.certificate, ["a"])
    assert not serves(KeyPair(pair.certificate, second.private_key), authority.certificate, ["a"])
    assert not serves(authority, authority.certificate, ["a"])
    assert serves(authority, authority.certificate, [])
    assert not serves(pair, other.certificate, [])


def test_a_bundle_is_split_into_its_certificates() -> None:
    first, second = (make_authority("ours", NOW, YEAR).certificate for _ in range(2))
    assert split_bundle(f"# old\n{first}\n{second}") == [f"# old\n{first}", second]
    assert split_bundle("") == []


def test_what_is_no_certificate_is_said_to_be_none_and_shows_nothing() -> None:
    authority = make_authority("ours", NOW, YEAR)
    with pytest.raises(BadCertificate, match="no PEM certificate"):
        is_due("hunter2", NOW)
    with pytest.raises(BadCertificate, match="no PEM key") as caught:
        issue_certificate(KeyPair(authority.certificate, Secret("hunter2")), ["a"], NOW, MONTH)
    assert "hunter2" not in str(caught.value)
