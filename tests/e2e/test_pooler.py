"""Clients of a pooler: they log in with what the server knows of them, and go on when the server is another one."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from dbaas.engines.postgres.server import PostgresServer
from dbaas.providers.process.installed import find_program
from e2e.conftest import Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
ENSURE = Path(__file__).parents[2] / "tools" / "ensure_pgbouncer"
USER = {
    "apiVersion": "dbaas.io/v1", "kind": "DatabaseUser", "metadata": {"name": "app"},
    "spec": {"instanceRef": {"name": "main"}},
}  # fmt: skip


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pgbouncer-assets" / "bin"
    if not folder.is_dir():
        message = f"{folder} is missing: run {ENSURE.name}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def cluster(version: str, size: int, **more: Any) -> dict[str, Any]:
    spec = {"engine": {"type": "postgres", "version": version}, "clusterSize": size, "proxy": {"enabled": True}}
    return {
        "apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": {"name": "main"}, "spec": {**spec, **more},
    }  # fmt: skip


def apply(laptop: Laptop, *bodies: dict[str, Any]) -> None:
    text = "---\n".join(yaml.safe_dump(body) for body in bodies)
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "110s", text=text)
    eventually(lambda: laptop.read("cluster", "main")["status"].get("proxy", {}).get("ready"))


def connect(laptop: Laptop, login: str = "app-credentials", **more: Any) -> psycopg.Connection[Any]:
    """By the pooler, with a published login."""
    host, _, port = laptop.read("cluster", "main")["status"]["proxy"]["endpoint"].partition(":")
    values = laptop.secret(login)
    usual = {"host": host, "port": port, "password": values["password"], "dbname": "postgres"}
    return psycopg.connect(user=values["username"], autocommit=True, connect_timeout=20, **{**usual, **more})


def test_whoever_the_server_lets_in_is_let_in_and_nobody_else(laptop: Laptop, program: None) -> None:
    laptop.do("up", "-d")
    apply(laptop, cluster("18", 1), USER)
    with connect(laptop) as connection:
        assert connection.execute("SELECT current_user").fetchone() == ("app",)
    for refused in ({"password": "wrong"}, {"login": "main-credentials"}):
        with pytest.raises(psycopg.OperationalError):
            connect(laptop, **refused)
    administrator = laptop.secret("main-credentials")["password"]
    folder = laptop.home
    found = subprocess.run(["grep", "-rl", administrator, str(folder)], capture_output=True, text=True, check=False)
    assert not [line for line in found.stdout.splitlines() if "pooler" in line]
    plain = cluster("18", 1)
    del plain["spec"]["proxy"]
    laptop.do("apply", "-f", "-", text=yaml.safe_dump(plain))
    eventually(lambda: not there(laptop, "process", "main-pooler") and not there(laptop, "user", "main-pooler"))
    assert "proxy" not in laptop.read("cluster", "main")["status"]
    apply(laptop, cluster("18", 1))
    assert lets_in(laptop)


def there(laptop: Laptop, kind: str, name: str) -> bool:
    return laptop.run("get", kind, name).code == 0


def lets_in(laptop: Laptop, **more: Any) -> bool:
    with suppress(psycopg.Error), connect(laptop, **more) as connection:
        return connection.execute("SELECT NOT pg_is_in_recovery()").fetchone() == (True,)
    return False


def test_without_the_program_the_cluster_serves_and_says_what_to_install(laptop: Laptop) -> None:
    if find_program("pgbouncer") is not None:
        pytest.skip("it is installed")
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", text=yaml.safe_dump(cluster("18", 1)))
    eventually(lambda: "not installed" in laptop.ready("cluster", "main")[2])
    status, reason, message = laptop.ready("cluster", "main")
    assert (status, reason) == ("False", "PoolerNotReady")
    assert "the cluster serves, but its pooler is not ready" in message
    assert "1.19 or later is needed: install the package pgbouncer of Debian 13" in message
    assert laptop.sql("SELECT 1") == [(1,)]
    laptop.do("delete", "cluster", "main", "--timeout", "60s")


def test_clients_can_encrypt_and_verify_the_pooler_as_they_do_each_of_several_servers(
    laptop: Laptop, program: None, tmp_path: Path
) -> None:
    if PostgresServer().programs("15", encrypted=True) is None:
        pytest.skip(PostgresServer().missing_programs("15", encrypted=True))
    laptop.do("up", "-d")
    apply(laptop, cluster("15", 2), USER)
    before = [laptop.read("process", name)["status"]["pid"] for name in ("main", "main-2", "main-pooler")]
    apply(laptop, cluster("15", 2, tls={}))
    eventually(lambda: laptop.secret("app-credentials")["sslmode"] == "verify-full")
    trusted = tmp_path / "ca.crt"
    trusted.write_text(laptop.secret("app-credentials")["ca.crt"])
    status = laptop.read("cluster", "main")["status"]
    for place in (*status["database"]["endpoints"].values(), status["proxy"]["endpoint"]):
        host, _, port = place.partition(":")
        eventually(lambda where=(host, port): encrypts(laptop, trusted, *where))
    assert [laptop.read("process", name)["status"]["pid"] for name in ("main", "main-2", "main-pooler")] == before


def encrypts(laptop: Laptop, trusted: Path, host: str, port: str) -> bool:
    """From the client to there, and from there to the server."""
    verified = {"sslmode": "verify-full", "sslrootcert": str(trusted)}
    with suppress(psycopg.OperationalError), connect(laptop, host=host, port=port, **verified) as connection:
        row = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").fetchone()
        return row == (True,) and connection.pgconn.ssl_in_use
    return False


def test_when_the_primary_is_lost_clients_go_on_at_the_same_place(laptop: Laptop, program: None) -> None:
    laptop.do("up", "-d")
    apply(laptop, cluster("18", 2), USER)
    status = laptop.read("cluster", "main")["status"]
    primary, endpoint = status["database"]["primaryInstance"], status["proxy"]["endpoint"]
    assert lets_in(laptop)
    os.kill(laptop.read("process", primary)["status"]["pid"], signal.SIGKILL)
    eventually(lambda: lets_in(laptop))
    eventually(
        lambda: laptop.read("cluster", "main")["status"]["database"].get("primaryInstance") not in (None, primary)
    )
    eventually(lambda: lets_in(laptop))
    assert laptop.read("cluster", "main")["status"]["proxy"]["endpoint"] == endpoint
