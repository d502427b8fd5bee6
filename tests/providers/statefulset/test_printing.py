"""A real server whose container prints its log of JSON: whole, whoever of those that pass it on is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.contracts.provider import Instance
from dbaas.engines.postgres.server import PostgresServer
from dbaas.laptop.machine import server_user
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.scripts import build_init, build_run
from fixtures.laptop import free_port

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
VERSION, PASSWORD = "18", "pass word"
PATIENCE_SECONDS = 30.0


@pytest.fixture
def root() -> Iterator[Path]:
    """What a pod has: volume, scratch folder, mounted files. The servers' user owns it."""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        root, user = Path(folder), server_user()
        for name in ("volume", "run", "mounted/files"):
            (root / name).mkdir(parents=True)
        for path in (root, *root.rglob("*")) if user else ():
            os.chown(path, user.uid, user.gid)
        yield root


def declare(root: Path) -> tuple[Instance, Places]:
    spec = {
        "engine": {"type": "postgres", "version": VERSION}, "clusterSize": 1, "profile": "dev",
        "monitoring": {"logging": {"format": "json"}},
    }  # fmt: skip
    workload = PostgresServer().workload("main", DatabaseClusterSpec.model_validate(spec), "kubernetes")
    (instance,) = workload.instances
    port = free_port()
    for file in instance.files:
        (root / "mounted/files" / file.path).write_text(file.content or PASSWORD)
    places = Places(*(f"{root}/{name}" for name in ("volume", "run", "mounted", "words")), host="127.0.0.1")
    return replace(instance, ports=tuple(replace(each, number=port) for each in instance.ports)), places


def spawn(script: str, instance: Instance, root: Path) -> subprocess.Popen[bytes]:
    user = server_user()
    environment = {"PATH": f"{PostgresServer().programs(VERSION)}:/usr/bin:/bin", **instance.env}
    with (root / "printed").open("ab") as printed:
        return subprocess.Popen(
            ["/bin/sh", "-c", script], env=environment, stdout=printed, stderr=printed, cwd="/", start_new_session=True,
            user=user.uid if user else None, group=user.gid if user else None, extra_groups=[] if user else None,
        )  # fmt: skip


def until(holds: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := holds()):
        assert time.monotonic() < deadline, "it never was so"
        time.sleep(0.05)
    return found


def test_the_log_of_a_real_server_is_printed_whole_and_is_on_no_disk(root: Path) -> None:
    instance, places = declare(root)
    assert spawn(build_init(instance, places), instance, root).wait(PATIENCE_SECONDS) == 0
    (root / "printed").unlink()
    container = spawn(build_run(instance, places), instance, root)
    try:
        until(lambda: says(root, "ready to accept connections"))
        fail(instance, "before")
        until(lambda: says(root, "before"))
        find_descendant(container.pid, "postgres: logger").kill()
        find_descendant(container.pid, "cat").kill()
        fail(instance, "after")
        until(lambda: says(root, "after"))
        container.send_signal(signal.SIGTERM)
        assert container.wait(PATIENCE_SECONDS) == 0
        assert says(root, "database system is shut down")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(container.pid, signal.SIGKILL)  # as the end of a container does to what is beside the server
    failed = next(each for each in lines(root) if "before" in each["message"])
    assert (failed["error_severity"], failed["user"], failed["dbname"]) == ("ERROR", "postgres", "postgres")
    assert not [each for each in (root / "volume/log").iterdir() if not each.is_symlink()]


def lines(root: Path) -> list[dict[str, Any]]:
    """Those of JSON. What is said before there is a collector is text."""
    return [json.loads(each) for each in (root / "printed").read_text().splitlines() if each.startswith("{")]


def says(root: Path, words: str) -> bool:
    return any(words in each["message"] for each in lines(root))


def fail(instance: Instance, words: str) -> None:
    """Makes the server log an error with these words."""
    port = instance.ports[0].number
    login = {"host": "127.0.0.1", "port": port, "user": "postgres", "password": PASSWORD, "dbname": "postgres"}
    with psycopg.connect(**login, connect_timeout=10) as connection, pytest.raises(psycopg.errors.RaiseException):
        connection.execute(f"DO $$ BEGIN RAISE EXCEPTION '{words}'; END $$".encode())


def find_descendant(pid: int, title: str) -> psutil.Process:
    """By what it calls itself."""
    for each in psutil.Process(pid).children(recursive=True):
        with suppress(psutil.Error):
            if " ".join(each.cmdline()).strip() == title:
                return each
    pytest.fail(f"nothing calls itself {title!r}")
