"""How the pooler is configured, and what a real server must have for it and gives nobody else."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import SecretKey
from dbaas.core.offload import InlineOffload
from dbaas.core.secrets import Secret
from dbaas.engines.postgres.engine import ENGINE
from dbaas.engines.postgres.pooling import POOLER_USER, build_pooler, prepare_pooler
from dbaas.engines.postgres.rules.clusters import pooler_is_known
from dbaas.engines.postgres.session import PostgresConnect
from dbaas.laptop.last_words import find_last_words
from fixtures.postgres import TestServer, log_in, own_server

ASKED = {"enabled": True}


def spec(**more: Any) -> DatabaseClusterSpec:
    return DatabaseClusterSpec.model_validate(
        {"engine": {"type": "postgres", "version": "18"}, "clusterSize": 1, **more}
    )


def test_only_who_asks_gets_one() -> None:
    assert build_pooler("main", spec()) is None
    assert build_pooler("main", spec(proxy={"enabled": False})) is None
    for size in (1, 3):
        assert ENGINE.server is not None
        assert ENGINE.server.workload("main", spec(proxy=ASKED, clusterSize=size)).pooler is not None


def test_it_knows_no_password_but_its_own_and_that_in_a_file_alone() -> None:
    pooler = build_pooler("main", spec(proxy=ASKED))
    assert pooler is not None
    secrets = [secret for file in pooler.instance.files for secret in [file.secret, *file.secrets.values()] if secret]
    assert secrets == [SecretKey("main-pooler", "password")] == [pooler.login]
    assert pooler.user == {"username": POOLER_USER, "drop": {"revokePrivileges": True}}
    assert not [word for word in pooler.instance.command if "PASSWORD" in word]


def test_it_encrypts_where_the_servers_do() -> None:
    pooler = build_pooler("main", spec(proxy=ASKED, tls={}))
    assert pooler is not None
    files = {file.path: file for file in pooler.leading_to("127.0.0.1", 5432).files}
    assert files["server.key"].secret == SecretKey("main-certificate", "tls.key")
    text = files["pgbouncer.ini"].content or ""
    assert "* = host=127.0.0.1 port=5432\n" in text
    assert "client_tls_key_file = server.key\n" in text


@pytest.mark.parametrize(
    ("version", "starts"), [("1.18.0", False), ("1.19.0", True), ("1.24.1", True), ("2.0.0", True)], ids=str
)
def test_a_version_that_cannot_ask_one_database_about_all_logins_says_so(
    tmp_path: Path, version: str, starts: bool
) -> None:
    program = tmp_path / "pgbouncer"
    program.write_text(f'#!/bin/sh\ncase $1 in --version) echo "PgBouncer {version}";; *) echo "started $1";; esac\n')
    program.chmod(0o755)
    pooler = build_pooler("main", spec(proxy=ASKED))
    assert pooler is not None
    places = {"$(HOST)": "127.0.0.1", "$(PORT_POOL)": "6432", "$(PROGRAMS)/pgbouncer": str(program)}
    command = [places.get(word, word) for word in pooler.instance.command]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode == 0) is starts
    if starts:
        assert ended.stdout == "started pgbouncer.ini\n"
        assert (tmp_path / "listen.ini").read_text() == "listen_addr = 127.0.0.1\nlisten_port = 6432\n"
    else:
        assert "install 1.19 or later" in find_last_words(ended.stderr)


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
