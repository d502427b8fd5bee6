"""The scripts of a pod upgrade the data of a real server: what is on it stays, and the way back is what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, Instance
from dbaas.contracts.upgrade import UPGRADE_FAILED
from dbaas.engines.postgres.server import PostgresServer
from dbaas.laptop.machine import server_user
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.scripts import build_init, build_run
from fixtures.laptop import free_port
from fixtures.postgres import require_programs

pytestmark = [pytest.mark.real_server, pytest.mark.slow, pytest.mark.timeout(180)]
PASSWORD = "it's: a \\ pässword"
START_SECONDS = 60.0


@dataclass
class Volume:
    """Of the only instance of a cluster, with what is mounted beside it."""

    root: Path
    port: int

    @property
    def places(self) -> Places:
        root = str(self.root)
        return Places(f"{root}/v", f"{root}/r", f"{root}/m", f"{root}/words", host="127.0.0.1")

    def instance(self, version: str) -> Instance:
        spec = {"engine": {"type": "postgres", "version": version}, "clusterSize": 1, "profile": "dev"}
        workload = PostgresServer().workload("main", DatabaseClusterSpec.model_validate(spec), "kubernetes")
        (made,) = workload.instances
        return replace(made, ports=tuple(replace(port, number=self.port) for port in made.ports))

    def start(self, version: str) -> int:
        """The first container of a pod; that of version 18 has the programs of 16 as well."""
        instance = self.instance(version)
        for file in instance.files:
            (self.root / "m/files" / file.path).write_text(file.content or PASSWORD)
        older = {"16": require_programs("16")} if version == "18" else {}
        return self._spawn(build_init(instance, self.places, older=older), version).wait()

    @contextmanager
    def served(self, version: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        assert self.start(version) == 0, self.words
        process = self._spawn(build_run(self.instance(version), self.places), version)
        try:
            with self._connect() as connection:
                yield connection
        finally:
            process.terminate()
            process.wait(30)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # as the end of a container does to what is beside the server

    def _spawn(self, script: str, version: str) -> subprocess.Popen[bytes]:
        user = server_user()
        instance = self.instance(version)
        environment = {"PATH": f"{require_programs(version)}:/usr/local/bin:/usr/bin:/bin", **instance.env}
        with (self.root / "log").open("ab") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", script], env=environment, stdout=log, stderr=log, cwd="/", start_new_session=True,
                user=user.uid if user else None, group=user.gid if user else None, extra_groups=[] if user else None,
            )  # fmt: skip

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg.connect(
                    host="127.0.0.1", port=self.port, user="postgres", password=PASSWORD, dbname="postgres",
                    autocommit=True,
                )  # fmt: skip
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self.root / "log").read_text()[-3000:]
                time.sleep(0.1)

    @property
    def words(self) -> str:
        return (self.root / "words").read_text().strip()

    @property
    def keeps_old(self) -> bool:
        return (self.root / "v/data.before").exists()


@pytest.fixture
def volume() -> Iterator[Volume]:
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        root, user = Path(folder), server_user()
        for name in ("v", "r", "m/files"):
            (root / name).mkdir(parents=True)
        (root / "words").touch()
        if user:
            for path in (root, *root.rglob("*")):
                os.chown(path, user.uid, user.gid)
        yield Volume(root, free_port())


def ask(connection: psycopg.Connection[tuple[object, ...]], sql: str) -> object:
    row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None


def test_a_volume_of_16_is_served_by_18_with_all_that_is_on_it_and_never_again_by_16(volume: Volume) -> None:
    with volume.served("16") as old:
        old.execute("CREATE ROLE keeper LOGIN PASSWORD 'secret'")
        old.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS number")
    with volume.served("18") as new:
        assert str(ask(new, "SHOW server_version")).startswith("18")
        assert ask(new, "SELECT count(*) FROM kept") == 1000
        assert ask(new, "SELECT count(*) FROM pg_roles WHERE rolname = 'keeper'") == 1
        deadline = time.monotonic() + START_SECONDS
        while volume.keeps_old:
            assert time.monotonic() < deadline, "what it was made from goes when it serves"
            time.sleep(0.2)
        assert ask(new, "SELECT reltuples FROM pg_class WHERE relname = 'kept'") == 1000
        assert not (volume.root / "v/password").exists()
    assert volume.start("16") == 1
    assert volume.words.startswith(f"{DATA_OF_OTHER_VERSION}: the data was made by version 18")


def test_what_cannot_be_upgraded_is_served_by_the_version_that_made_it(volume: Volume) -> None:
    with volume.served("16") as old:
        old.execute("CREATE TABLE parent (number int)")
        old.execute("CREATE TABLE child () INHERITS (parent)")
        old.execute("ALTER TABLE ONLY parent ALTER number SET NOT NULL")  # which no child of 18 may lack
    assert volume.start("18") == 1
    assert volume.words.startswith(f"{UPGRADE_FAILED}: the data stays as it was, because it cannot be upgraded: ")
    assert "NOT NULL" in volume.words
    with volume.served("16") as old:
        old.execute("ALTER TABLE child ALTER number SET NOT NULL")
    assert volume.start("18") == 0
    with volume.served("16") as old:  # 18 has not served yet
        assert ask(old, "SELECT count(*) FROM child") == 0
    with volume.served("18") as new:
        assert ask(new, "SELECT count(*) FROM child") == 0
