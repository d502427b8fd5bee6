"""Encryption with a real server: each mode, each way in which it fails, and nothing left behind."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from dbaas.contracts.engine import Address, LoginRefused, Tls, Untrusted
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.probe import probe
from dbaas.engines.postgres.session import PostgresConnect
from dbaas.engines.postgres.tls import certificates, find_sign, mode_of
from fixtures.certificates import Authority, Signed
from fixtures.postgres import PASSWORD, TestServer, log_in, start_server, stop_server

pytestmark = pytest.mark.real_server
connect = PostgresConnect(InlineOffload())
# Users called "guarded" prove themselves by a certificate as well, and "encrypted" is let in only with encryption.
ACCESS = """\
hostssl   all guarded   127.0.0.1/32 scram-sha-256 clientcert=verify-full
hostssl   all encrypted 127.0.0.1/32 scram-sha-256
hostnossl all postgres  127.0.0.1/32 scram-sha-256
hostssl   all postgres  127.0.0.1/32 scram-sha-256
"""


@dataclass
class TlsServer:
    """PostgreSQL 15, which alone of ours is built with OpenSSL, and who signs for it."""

    server: TestServer
    authority: Authority
    stranger: Authority
    signed: Signed
    count: int = 0

    def address(self, mode: str, ca: str | None = None) -> Address:
        tls = Tls(mode, self.authority.certificate if ca is None else ca)
        return replace(self.server.address, options={}, tls=tls)

    async def present(self, signed: Signed | None) -> None:
        """From now on the server shows that certificate; with none it offers no encryption."""
        self.count += 1
        data, name = Path(self.server.folder) / "data", f"server-{self.count}"
        owner = data.stat()
        texts = {f"{name}.crt": signed.certificate, f"{name}.key": signed.key} if signed else {}
        for file, text in {**texts, "ca.crt": self.authority.certificate, "pg_hba.conf": ACCESS}.items():
            (data / file).write_text(text)
            (data / file).chmod(0o600)
            os.chown(data / file, owner.st_uid, owner.st_gid)
        settings = {"ssl": "on" if signed else "off", "ssl_cert_file": f"{name}.crt", "ssl_key_file": f"{name}.key"}
        await self._set({**settings, "ssl_ca_file": "ca.crt"})

    async def _set(self, settings: dict[str, str]) -> None:
        connection = await log_in(self.server.address)
        for name, value in settings.items():
            await connection.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.close()
        seen = ""
        while seen != settings["ssl_cert_file"]:
            connection = await log_in(self.server.address)
            seen = str(((await (await connection.execute("SHOW ssl_cert_file")).fetchone()) or [""])[0])
            await connection.close()


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    memory = Path("/dev/shm")
    parent = memory if os.access(memory, os.W_OK) else Path(tempfile.gettempdir())
    server = start_server("15", Path(tempfile.mkdtemp(prefix="dbaas-postgres-tls-", dir=parent)))
    folder = tmp_path_factory.mktemp("authorities")
    authority, stranger = Authority(folder / "ours"), Authority(folder / "stranger")
    yield TlsServer(server, authority, stranger, authority.sign("server", "127.0.0.1"))
    stop_server(server)


@pytest.fixture
async def tls(started: TlsServer) -> TlsServer:
    await started.present(started.signed)
    return started


async def fail(address: Address) -> tuple[str, str]:
    """Reason and message of the refusal."""
    with pytest.raises((Untrusted, LoginRefused)) as caught:
        await connect(address, None)
    return caught.value.reason, caught.value.message


@pytest.mark.parametrize(
    ("mode", "encryption"),
    [("disable", "off"), ("allow", "off"), ("prefer", "on"), ("require", "on"),
     ("verify-ca", "verified"), ("verify-full", "verified")],
)  # fmt: skip
async def test_each_mode_gives_what_it_promises(tls: TlsServer, mode: str, encryption: str) -> None:
    session = await connect(tls.address(mode), None)
    facts = await probe(session)
    (row,) = await session.fetch("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
    await session.close()
    assert (facts.encryption, row[0]) == (encryption, encryption != "off")


async def test_a_server_signed_by_a_stranger_is_not_trusted(tls: TlsServer) -> None:
    reason, message = await fail(tls.address("verify-ca", tls.stranger.certificate))
    assert reason == "CertificateNotTrusted"
    assert "the server's certificate is not trusted: self-signed certificate in certificate chain" in message


async def test_an_expired_certificate_is_told_as_such(tls: TlsServer) -> None:
    await tls.present(tls.authority.sign("server", "127.0.0.1", days=-1))
    reason, message = await fail(tls.address("verify-full"))
    assert (reason, message.rpartition(": ")[2]) == ("CertificateExpired", "certificate has expired")


async def test_a_certificate_for_another_host_fails_only_where_the_host_counts(tls: TlsServer) -> None:
    await tls.present(tls.authority.sign("elsewhere", "127.0.0.9"))
    reason, message = await fail(tls.address("verify-full"))
    assert reason == "HostNameMismatch"
    assert 'does not match host name "127.0.0.1"' in message
    await (await connect(tls.address("verify-ca"), None)).close()


async def test_a_server_without_encryption_is_refused_where_it_is_asked_for(tls: TlsServer) -> None:
    await tls.present(None)
    reason, message = await fail(tls.address("require"))
    assert (reason, message.rpartition(": ")[2]) == (
        "TLSNotOffered", "the server offers no encryption, and it is asked for"
    )  # fmt: skip
    session = await connect(tls.address("prefer"), None)
    assert (await probe(session)).encryption == "off"
    await session.close()


async def test_an_authority_that_is_no_certificate_is_told_as_such(tls: TlsServer) -> None:
    assert (await fail(tls.address("verify-full", "not a certificate")))[0] == "CertificateInvalid"


async def make_role(tls: TlsServer, name: str) -> None:
    connection = await log_in(tls.server.address)
    await connection.execute(f"DROP ROLE IF EXISTS {name}")
    await connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD.replace(chr(39), chr(39) * 2)}'")
    await connection.close()


async def test_a_certificate_of_ours_logs_in_where_the_server_asks_for_it(tls: TlsServer) -> None:
    await make_role(tls, "guarded")
    bare = replace(tls.address("verify-full"), username="guarded")
    reason, message = await fail(bare)
    assert reason == "LoginRefused" and "valid client certificate" in message
    ours = tls.authority.sign("guarded")
    address = replace(bare, tls=replace(bare.tls, certificate=ours.certificate, key=Secret(ours.key)))
    await (await connect(address, None)).close()
    assert "PRIVATE KEY" not in repr(address)
    theirs = tls.stranger.sign("guarded")
    strange = replace(bare, tls=replace(bare.tls, certificate=theirs.certificate, key=Secret(theirs.key)))
    reason, message = await fail(strange)
    assert reason == "CertificateRefused", message


async def test_a_certificate_and_a_key_that_do_not_fit_are_told_as_such(tls: TlsServer) -> None:
    one, other = tls.authority.sign("guarded"), tls.authority.sign("guarded")
    address = tls.address("verify-full")
    mixed = replace(address, tls=replace(address.tls, certificate=one.certificate, key=Secret(other.key)))
    assert (await fail(mixed))[0] == "CertificateInvalid"


async def test_a_login_that_must_be_encrypted_is_told_so(tls: TlsServer) -> None:
    await make_role(tls, "encrypted")
    reason, message = await fail(replace(tls.address("disable"), username="encrypted"))
    assert reason == "LoginRefused" and "no encryption" in message


async def test_files_are_private_while_they_are_there_and_gone_afterwards(tls: TlsServer) -> None:
    ours = tls.authority.sign("guarded")
    address = replace(tls.address("verify-full"), tls=Tls("", "ca", ours.certificate, Secret(ours.key)))
    async with certificates(address, InlineOffload()) as parameters:
        key = Path(parameters["sslkey"])
        assert key.read_text() == ours.key
        assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert not key.parent.exists()


def test_the_block_counts_where_the_instance_says_nothing_of_tls() -> None:
    address = Address("h", 1, "u", Secret(""), options={"sslMode": "verify-ca"})
    assert mode_of(address) == "verify-ca"
    assert mode_of(replace(address, tls=Tls("require"))) == "require"


def test_what_has_nothing_to_do_with_encryption_is_no_sign_of_it() -> None:
    assert find_sign('FATAL:  password authentication failed for user "app"') is None
