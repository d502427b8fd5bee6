"""What a pod of a pooler runs, with a real PgBouncer before a primary, and before a replica that is found instead."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.pooling import Pooler
from dbaas.core.offload import InlineOffload
from dbaas.engines.postgres.pooling import POOLER_USER, build_pooler, prepare_pooler
from dbaas.engines.postgres.session import PostgresConnect
from dbaas.providers.statefulset.filling import FILL
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.scripts import build_run
from fixtures.laptop import free_port
from fixtures.postgres import PASSWORD, TestServer, own_server, server_user

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
VERSION, LIMIT_SECONDS = "15", 20.0
PROGRAMS = Path(f"/usr/lib/postgresql/{VERSION}/bin")
SPEC = {"engine": {"type": "postgres", "version": VERSION}, "clusterSize": 2, "proxy": {"enabled": True}}


@dataclass
class Pod:
    """The files that Kubernetes would mount, and the script that is the container's first process."""

    top: Path
    pooler: Pooler
    port: int
    process: subprocess.Popen[bytes]

    def lead_to(self, port: int) -> None:
        mount(self.top, self.pooler, port)

    def reach(self, database: str = "postgres") -> tuple[int, bool] | None:
        """The port of the server where a client gets to, and whether that takes writes."""
        with suppress(psycopg.OperationalError), self.connect(database) as connection:
            row = connection.execute("SELECT inet_server_port(), NOT pg_is_in_recovery()").fetchone()
            return (row[0], row[1]) if row else None
        return None

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user="app", password="a", dbname=database, connect_timeout=3,
            autocommit=True,
        )  # fmt: skip

    def answers(self) -> bool:
        """As its probes ask."""
        ready = self.pooler.instance.ready
        assert ready is not None
        command = [word.replace("$(PORT_POOL)", str(self.port)) for word in ready.command]
        return subprocess.run(command, check=False, capture_output=True, timeout=10).returncode == 0

    def wait(self) -> int:
        """Its exit code; where it does not end, the failure tells what still runs, and what it has said."""
        try:
            return self.process.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired as error:
            left = ["ps", "-o", "pid,ppid,stat,etimes,args", "-g", str(self.process.pid)]
            error.add_note(subprocess.run(left, capture_output=True, text=True, check=False).stdout)
            error.add_note((self.top / "log").read_text())
            raise

    def find_program(self) -> int:
        (found,) = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "pgbouncer.ini"], capture_output=True, check=True
        ).stdout.split()
        return int(found)


def mount(top: Path, pooler: Pooler, port: int) -> None:
    for file in pooler.leading_to("127.0.0.1", port).files:
        (top / "mounted" / "files" / file.path).write_text(file.content or "")


@contextmanager
def running(server: TestServer) -> Iterator[Pod]:
    top, user = Path(server.folder) / "pod", server_user()
    pooler = build_pooler("main", DatabaseClusterSpec.model_validate(SPEC), "kubernetes")
    assert pooler is not None
    for folder in ("data", "run", "mounted/files", "mounted/scripts", "mounted/secrets/userlist.txt"):
        (top / folder).mkdir(parents=True)
    port = free_port()
    instance = replace(pooler.instance, ports=(replace(pooler.instance.ports[0], number=port),))
    places = Places(str(top / "data"), str(top / "run"), str(top / "mounted"), host="127.0.0.1")
    mount(top, pooler, server.port)
    (top / "mounted/secrets/userlist.txt/PASSWORD").write_text("p")
    (top / "mounted/scripts/fill").write_text(FILL)
    (top / "mounted/scripts/run").write_text(build_run(instance, places))
    shutil.copytree(find_assets(), top / "assets")
    os.chown(top / "data", user.uid, user.gid)
    with (top / "log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/sh", top / "mounted/scripts/run"], stdout=log, stderr=log, start_new_session=True,
            env={"PATH": f"{top}/assets/bin:/usr/bin:/bin"}, **as_user(),
        )  # fmt: skip
    try:
        yield Pod(top, pooler, port, process)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def find_assets() -> Path:
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pgbouncer-assets"
    if not folder.is_dir():
        message = f"{folder} is missing: run ensure_pgbouncer"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return folder


def as_user() -> dict[str, Any]:
    user = server_user()
    return {"user": user.uid, "group": user.gid, "extra_groups": []} if os.geteuid() == 0 else {}


@contextmanager
def replica_of(server: TestServer) -> Iterator[int]:
    """Its port."""
    folder, port = Path(server.folder) / "replica", free_port()
    copy = [PROGRAMS / "pg_basebackup", "-D", folder, "-R", "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres"]
    environment = {**os.environ, "PGPASSWORD": PASSWORD}
    subprocess.run([*copy, "--checkpoint=fast"], check=True, env=environment, cwd=server.folder, **as_user())
    settings = {"port": str(port), "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "hot_standby": "on"}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    with (Path(server.folder) / "replica.log").open("wb") as log:
        process = subprocess.Popen(
            [PROGRAMS / "postgres", "-D", folder, *options], stdout=log, stderr=log, cwd=server.folder, **as_user()
        )
    try:
        until(lambda: serves(port))
        yield port
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait()


def serves(port: int) -> bool:
    with suppress(psycopg.OperationalError):
        psycopg.connect(host="127.0.0.1", port=port, user="postgres", password=PASSWORD, dbname="postgres").close()
        return True
    return False


def until(holds: Any) -> None:
    limit = time.monotonic() + LIMIT_SECONDS
    while not holds():
        assert time.monotonic() < limit
        time.sleep(0.1)


async def prepare(server: TestServer) -> None:
    session = await PostgresConnect(InlineOffload())(server.address, "postgres")
    try:
        for name, password in ((POOLER_USER, "p"), ("app", "a")):
            with psycopg.connect(
                host="127.0.0.1", port=server.port, user="postgres", password=PASSWORD, dbname="postgres"
            ) as admin:
                admin.execute(f"CREATE ROLE \"{name}\" LOGIN PASSWORD '{password}'".encode())
        missing = await prepare_pooler(session)
        assert missing
        await session.execute(missing)
    finally:
        await session.close()


async def test_no_client_gets_to_a_replica_and_a_pooler_that_is_halted_or_ends_is_told_by_its_probe() -> None:
    most = {"max_connections": "50", "max_worker_processes": "8", "wal_level": "replica", "max_wal_senders": "4"}
    with own_server(VERSION, **most) as server:
        await prepare(server)
        with replica_of(server) as replica, running(server) as pod:
            until(lambda: pod.reach() == (server.port, True))
            pod.lead_to(replica)
            until(lambda: f"port={replica}" in (pod.top / "data/pgbouncer.ini").read_text())
            until(lambda: pod.reach("template1") is None)
            assert [pod.reach("template1") for _ in range(3)] == [None] * 3
            assert "terminating connection" in (Path(server.folder) / "replica.log").read_text(), "it has been there"
            pod.lead_to(server.port)
            until(lambda: pod.reach("template1") == (server.port, True))
            program = pod.find_program()
            os.kill(program, signal.SIGSTOP)
            assert not pod.answers(), "though connections are accepted for it"
            os.kill(program, signal.SIGCONT)
            assert pod.answers()
            with pod.connect() as held:
                held.execute("SELECT 1")
                pod.process.send_signal(signal.SIGTERM)
                until(lambda: not pod.answers())
                assert held.execute("SELECT 1").fetchone() == (1,), "it waits for its clients to leave"
            assert pod.wait() == 0
