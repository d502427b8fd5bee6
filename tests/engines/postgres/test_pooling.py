"""How the pooler is configured, and what a real server must have for it and gives nobody else."""

from __future__ import annotations

import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.pooling import Pooler
from dbaas.contracts.provider import Instance, SecretKey, Site
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.engine import ENGINE
from dbaas.engines.postgres.pooling import POOLER_USER, build_pooler, prepare_pooler
from dbaas.engines.postgres.rules.clusters import pooler_is_known
from dbaas.engines.postgres.session import PostgresConnect
from dbaas.laptop.last_words import find_last_words
from fixtures.postgres import TestServer, log_in, own_server

ASKED = {"enabled": True}
SITES: tuple[Site, ...] = ("laptop", "kubernetes")


def spec(**more: Any) -> DatabaseClusterSpec:
    return DatabaseClusterSpec.model_validate(
        {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1, **more}
    )


def build(site: Site = "laptop", **more: Any) -> Pooler:
    pooler = build_pooler("main", spec(proxy=ASKED, **more), site)
    assert pooler is not None
    return pooler


def configuration(instance: Instance) -> str:
    return {file.path: file.content for file in instance.files}["pgbouncer.ini"] or ""


def test_only_who_asks_gets_one() -> None:
    assert build_pooler("main", spec(), "laptop") is None
    assert build_pooler("main", spec(proxy={"enabled": False}), "laptop") is None
    for size in (1, 3):
        assert ENGINE.server is not None
        assert ENGINE.server.workload("main", spec(proxy=ASKED, clusterSize=size)).pooler is not None


def test_it_knows_no_password_but_its_own_and_that_in_a_file_alone() -> None:
    pooler = build()
    secrets = [secret for file in pooler.instance.files for secret in [file.secret, *file.secrets.values()] if secret]
    assert secrets == [SecretKey("main-pooler", "password")] == [pooler.login]
    assert pooler.user == {"username": POOLER_USER, "drop": {"revokePrivileges": True}}
    assert not [word for word in pooler.instance.command if "PASSWORD" in word]


def test_it_encrypts_where_the_servers_do() -> None:
    pooler = build(tls={})
    files = {file.path: file for file in pooler.leading_to("127.0.0.1", 5432).files}
    assert files["server.key"].secret == SecretKey("main-certificate", "tls.key")
    text = files["pgbouncer.ini"].content or ""
    assert "* = host=127.0.0.1 port=5432 connect_query='SELECT" in text
    assert "client_tls_key_file = server.key\n" in text
    assert "client_tls_ca_file = server.crt\n" in text, "no file of the machine is needed"


def test_on_kubernetes_it_takes_servers_as_they_are_until_all_of_them_can_prove_who_they_are() -> None:
    pooler = build("kubernetes", tls={})
    assert pooler.strict is not None
    before, after = pooler.instance, pooler.strict
    assert "server_tls_sslmode = prefer\n" in configuration(before)
    assert "server_tls_sslmode = verify-full\nserver_tls_ca_file = ca.crt\n" in configuration(after)
    assert "prefer" not in configuration(after)
    assert {file.path: file.secret for file in after.files}["ca.crt"] == SecretKey("main-certificate", "ca.crt")
    assert replace(before, files=()) == replace(after, files=())
    assert build("kubernetes").strict is None and build("laptop", tls={}).strict is None


def test_all_that_it_is_told_can_be_told_again_while_it_runs() -> None:
    for site in SITES:
        assert {file.on_change for file in build(site, tls={}).instance.files} == {"reload"}


def start(tmp_path: Path, path: str) -> subprocess.CompletedProcess[str]:
    """As a provider would start it, where programs are found at that path."""
    places = {"$(HOST)": "127.0.0.1", "$(PORT_POOL)": "6432"}
    command = [places.get(word, word) for word in build().instance.command]
    return subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=False, env={"PATH": f"{path}:/usr/bin:/bin"}
    )


@pytest.mark.parametrize(
    ("version", "starts"), [("1.18.0", False), ("1.19.0", True), ("1.24.1", True), ("2.0.0", True)], ids=str
)
def test_a_version_that_cannot_ask_one_database_about_all_logins_says_so(
    tmp_path: Path, version: str, starts: bool
) -> None:
    program = tmp_path / "pgbouncer"
    program.write_text(f'#!/bin/sh\ncase $1 in --version) echo "PgBouncer {version}";; *) echo "started $1";; esac\n')
    program.chmod(0o755)
    ended = start(tmp_path, str(tmp_path))
    assert (ended.returncode == 0) is starts
    if starts:
        assert ended.stdout == "started pgbouncer.ini\n"
        assert (tmp_path / "listen.ini").read_text() == "listen_addr = 127.0.0.1\nlisten_port = 6432\n"
    else:
        told = find_last_words(ended.stderr)
        assert f"{program} is PgBouncer 1.18.0" in told
        assert "1.19 or later is needed: install the package pgbouncer of Debian 13" in told


def test_where_it_is_not_installed_it_says_which_version_of_what_to_install(tmp_path: Path) -> None:
    if any((Path(folder) / "pgbouncer").exists() for folder in ("/usr/bin", "/bin")):
        pytest.skip("it is installed")
    ended = start(tmp_path, "/nowhere")
    assert ended.returncode == 1
    assert "not installed, and 1.19 or later is needed: install the package pgbouncer" in find_last_words(ended.stderr)


@contextmanager
def listener(answer: bytes) -> Iterator[int]:
    """A port that answers one client like that, and says nothing where there is no answer."""
    with socket.create_server(("127.0.0.1", 0)) as served:

        def serve() -> None:
            connection, _ = served.accept()
            with connection:
                asked = connection.recv(8)
                connection.sendall(answer if asked == bytes.fromhex("0000000804d21630") else b"?")
                connection.recv(1)

        thread = threading.Thread(target=serve)
        thread.start()
        yield served.getsockname()[1]
        thread.join(10)


@pytest.mark.parametrize(("answer", "holds"), [(b"N", True), (b"G", True), (b"E", False), (b"", False)], ids=repr)
def test_on_kubernetes_it_must_answer_itself(answer: bytes, holds: bool) -> None:
    """Connections to a program that is halted are accepted as well."""
    ready, alive = build("kubernetes").instance.ready, build("kubernetes").instance.alive
    assert ready is not None and alive is not None and ready.command == alive.command
    with listener(answer) as port:
        command = [word.replace("$(PORT_POOL)", str(port)) for word in ready.command]
        assert (subprocess.run(command, check=False, timeout=10).returncode == 0) is holds


def test_where_nobody_listens_it_is_not_ready() -> None:
    ready = build("kubernetes").instance.ready
    assert ready is not None
    command = [word.replace("$(PORT_POOL)", "1") for word in ready.command]
    assert subprocess.run(command, check=False, capture_output=True, timeout=10).returncode != 0


@pytest.mark.parametrize(("type_", "fits"), [(None, True), ("PgBouncer", True), ("haproxy", False)])
def test_another_program_is_refused(type_: str | None, fits: bool) -> None:
    assert bool(pooler_is_known(spec(proxy={**ASKED, "type": type_}))) is not fits


@pytest.mark.real_server
async def test_the_login_of_the_pooler_is_told_of_ordinary_logins_and_nobody_else_is_told_anything() -> None:
    with own_server("15") as server:
        session = await PostgresConnect(InlineOffload())(server.address, "postgres")
        try:
            assert await prepare_pooler(session) is None
            await _make_logins(server)
            missing = await prepare_pooler(session)
            assert missing
            await session.execute(missing)
            assert await prepare_pooler(session) == ()
            async with await log_in(server.address) as admin:
                await admin.execute("GRANT EXECUTE ON FUNCTION dbaas_pooler.user_search(text) TO PUBLIC")
            again = await prepare_pooler(session)
            assert again
            await session.execute(again)
        finally:
            await session.close()
        pooler = replace(server.address, username=POOLER_USER, password=Secret("p"))
        async with await log_in(pooler) as asking:
            found = {}
            for name in ("app", "postgres", "chief", "copier", "group", "former", "nobody"):
                cursor = await asking.execute("SELECT name, verifier FROM dbaas_pooler.user_search(%s)", (name,))
                found[name] = await cursor.fetchall()
            assert {name for name, rows in found.items() if rows} == {"app"}
            ((name, verifier),) = found["app"]
            assert (name, verifier[:14]) == ("app", "SCRAM-SHA-256$")
        async with await log_in(replace(pooler, username="app")) as other:
            with pytest.raises(Exception, match="permission denied"):
                await other.execute("SELECT * FROM dbaas_pooler.user_search('app')")


async def _make_logins(server: TestServer) -> None:
    async with await log_in(server.address) as admin:
        for name, options in (
            (POOLER_USER, "LOGIN"), ("app", "LOGIN"), ("chief", "LOGIN SUPERUSER"),
            ("copier", "LOGIN REPLICATION"), ("group", "NOLOGIN"),
            ("former", "LOGIN VALID UNTIL '2020-01-01'"),
        ):  # fmt: skip
            await admin.execute(f"CREATE ROLE \"{name}\" {options} PASSWORD 'p'".encode())
