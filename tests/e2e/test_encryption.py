"""Servers of a cluster that encrypt: clients verify them, certificates are renewed, and nothing is restarted for it."""

from __future__ import annotations

import base64
import os
import signal
import socket
import ssl
import struct
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from dbaas.controllers.cluster.authority import AUTHORITY_LIFE, CERTIFICATE_LIFE
from dbaas.core.certificates import issue_certificate, make_authority
from dbaas.core.clock import SystemClock
from dbaas.core.key_pair import KeyPair
from dbaas.engines.postgres.server import PostgresServer
from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
USER = {
    "apiVersion": "dbaas.io/v1", "kind": "DatabaseUser", "metadata": {"name": "app"},
    "spec": {"instanceRef": {"name": "main"}},
}  # fmt: skip
DATABASE = {
    "apiVersion": "dbaas.io/v1", "kind": "Database", "metadata": {"name": "shop"},
    "spec": {"instanceRef": {"name": "main"}, "owner": "app"},
}  # fmt: skip
ASK = "SELECT ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


def cluster(tls: dict[str, Any] | None, size: int = 1) -> dict[str, Any]:
    spec: dict[str, Any] = {"engine": {"type": "postgres", "version": "15"}, "clusterSize": size}
    return {
        "apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": {"name": "main"},
        "spec": {**spec, **({"tls": tls} if tls is not None else {})},
    }  # fmt: skip


def apply(laptop: Laptop, *bodies: dict[str, Any], wait: bool = True) -> None:
    text = "---\n".join(yaml.safe_dump(body) for body in bodies)
    laptop.do("apply", "-f", "-", *(["--wait", "--timeout", "90s"] if wait else []), text=text)


@pytest.fixture
def encrypted(laptop: Laptop) -> Laptop:
    """A cluster that encrypts, and a login."""
    if PostgresServer().programs("15", encrypted=True) is None:
        pytest.skip(PostgresServer().missing_programs("15", encrypted=True))
    laptop.do("up", "-d")
    apply(laptop, cluster({}), USER)
    return laptop


class Client:
    """A program that has the published login and nothing else."""

    def __init__(self, laptop: Laptop, folder: Path) -> None:
        self._laptop = laptop
        self._file = folder / "trusted.crt"

    def connect(self, trusted: str | None = None) -> psycopg.Connection[Any]:
        login = self._laptop.secret("app-credentials")
        self._file.write_text(login["ca.crt"] if trusted is None else trusted)
        return psycopg.connect(
            host=login["host"], port=login["port"], user=login["username"], password=login["password"],
            dbname="postgres", sslmode=login["sslmode"], sslrootcert=str(self._file), autocommit=True,
        )  # fmt: skip

    def believes(self, trusted: str) -> bool:
        try:
            self.connect(trusted).close()
        except psycopg.OperationalError as error:
            assert "certificate verify failed" in str(error)
            return False
        return True


@pytest.fixture
def client(encrypted: Laptop, tmp_path: Path) -> Client:
    return Client(encrypted, tmp_path)


def pid(laptop: Laptop) -> int:
    return int(laptop.read("process", "main")["status"].get("pid", 0))


def test_who_has_the_published_login_is_sure_of_the_server_and_a_stranger_is_found_out(
    encrypted: Laptop, client: Client
) -> None:
    login = encrypted.secret("app-credentials")
    assert login["sslmode"] == "verify-full"
    assert "sslmode=verify-full" in login["uri"]
    with client.connect() as connection:
        assert connection.execute(ASK).fetchone()[0] is True  # type: ignore[index]
    stranger = make_authority("main-authority.default", SystemClock().now(), AUTHORITY_LIFE)
    assert not client.believes(stranger.certificate)
    apply(encrypted, DATABASE)
    assert encrypted.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", "--user", "app") == "t"


def test_a_new_certificate_is_shown_to_new_connections_and_old_ones_go_on(encrypted: Laptop, client: Client) -> None:
    before, running = encrypted.secret("main-certificate")["tls.crt"], pid(encrypted)
    with client.connect() as old:
        assert shown_by_server(encrypted) == before
        encrypted.do("delete", "secret", "main-certificate", "--no-wait")
        eventually(lambda: shown_by_server(encrypted) not in ("", before))
        assert old.execute("SELECT 1").fetchone() == (1,)
        client.connect().close()
    assert pid(encrypted) == running
    assert encrypted.read("process", "main")["status"]["restarts"] == 0


def test_a_certificate_of_ones_own_takes_over_and_a_spoiled_one_does_not(encrypted: Laptop, client: Client) -> None:
    company = make_authority("company", SystemClock().now(), AUTHORITY_LIFE)
    pair = issue_certificate(company, ["127.0.0.1"], SystemClock().now(), CERTIFICATE_LIFE)
    running, given = pid(encrypted), secret("given", pair, company)
    apply(encrypted, given, cluster({"secretName": "given"}))
    eventually(lambda: encrypted.secret("app-credentials")["ca.crt"] == company.certificate)
    eventually(lambda: client.believes(company.certificate))
    spoiled = KeyPair(pair.certificate, company.private_key)
    apply(encrypted, secret("given", spoiled, company), wait=False)
    eventually(lambda: "CertificateInvalid" in conditions(encrypted).get("Encrypted", ()))
    os.kill(pid(encrypted), signal.SIGKILL)
    eventually(lambda: pid(encrypted) not in (0, running) and encrypted.ready("cluster", "main")[0] == "True")
    assert client.believes(company.certificate)


def test_encryption_is_switched_off_and_on_again_without_a_restart(encrypted: Laptop, client: Client) -> None:
    running = pid(encrypted)
    apply(encrypted, cluster(None))
    eventually(lambda: encrypted.secret("app-credentials")["sslmode"] != "verify-full")
    with client.connect("") as connection:
        assert connection.execute(ASK).fetchone()[0] is False  # type: ignore[index]
    apply(encrypted, cluster({}))
    eventually(lambda: encrypted.secret("app-credentials")["sslmode"] == "verify-full")
    with client.connect() as connection:
        assert connection.execute(ASK).fetchone()[0] is True  # type: ignore[index]
    assert pid(encrypted) == running


def test_programs_that_cannot_encrypt_are_waited_for_with_what_to_install(laptop: Laptop) -> None:
    if PostgresServer().programs("18", encrypted=True) is not None:
        pytest.skip("this machine has programs of PostgreSQL 18 that can")
    laptop.do("up", "-d")
    body = cluster({})
    body["spec"]["engine"]["version"] = "18"
    apply(laptop, body, wait=False)
    eventually(lambda: laptop.ready("cluster", "main")[1] == "NotProvided")
    assert "postgresql-18" in laptop.ready("cluster", "main")[2]


def secret(name: str, pair: KeyPair, signer: KeyPair) -> dict[str, Any]:
    values = {"tls.crt": pair.certificate, "tls.key": pair.private_key.reveal(), "ca.crt": signer.certificate}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}


def shown_by_server(laptop: Laptop) -> str:
    """The certificate that a new connection is shown; empty where none is."""
    place = laptop.read("instance", "main")["spec"]["connection"]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((place["host"], place["port"])) as plain:
        plain.sendall(struct.pack("!ii", 8, 80877103))  # PostgreSQL's manual, "Message Formats": SSLRequest
        if plain.recv(1) != b"S":
            return ""
        with context.wrap_socket(plain) as encrypted:
            return ssl.DER_cert_to_PEM_cert(encrypted.getpeercert(binary_form=True) or b"")


def conditions(laptop: Laptop) -> dict[str, tuple[str, str]]:
    found = laptop.read("cluster", "main").get("status", {}).get("conditions", [])
    return {each["type"]: (each["status"], each["reason"]) for each in found}
