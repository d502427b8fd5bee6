"""What tells how servers on a laptop do: exporters that tell metrics, and logs of JSON."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from e2e.conftest import Laptop, eventually
from fixtures.laptop import free_port

pytestmark = [pytest.mark.real_server, pytest.mark.slow]
WRONG = "#!/bin/sh\necho 'FATAL: I am another program' >&2\nexit 3\n"


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder before all others that programs are looked for in, and which the servers' user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="dbaas-programs-"))
    folder.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    yield folder
    shutil.rmtree(folder)


def install(program: Path, folder: Path) -> None:
    """In one go, as a package manager does it."""
    shutil.copyfile(program, folder / ".new")
    (folder / ".new").chmod(0o755)
    (folder / ".new").rename(folder / "postgres_exporter")


def cluster(size: int) -> str:
    monitoring = {"metrics": {"port": free_port()}, "logging": {"format": "json", "level": "info"}}
    engine = {"type": "postgres", "version": "18"}
    ends = {"deletionPolicy": "Delete", "deletionProtection": False}
    spec = {"engine": engine, "clusterSize": size, "monitoring": monitoring, **ends}
    body = {"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": {"name": "main"}, "spec": spec}
    return yaml.safe_dump(body)


def monitored(laptop: Laptop) -> tuple[str, str, str]:
    conditions = laptop.read("cluster", "main")["status"].get("conditions", [])
    found = next((each for each in conditions if each["type"] == "Monitored"), {})
    return found.get("status", ""), found.get("reason", ""), found.get("message", "")


def exporters(laptop: Laptop) -> dict[str, str]:
    return dict(laptop.read("cluster", "main")["status"]["monitoring"].get("exporters", {}))


def scrape(endpoint: str) -> str:
    """Empty where nobody answers."""
    with suppress(OSError), urllib.request.urlopen(f"http://{endpoint}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
    return ""


def read_json(laptop: Laptop, server: str) -> list[dict[str, Any]]:
    """All lines of a server's own log; fails where one is of anything else."""
    (path, _) = laptop.read("process", server)["status"]["logs"]
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_a_server_is_watched_by_an_exporter_that_is_told_of_healed_and_taken_away_with_it(
    laptop: Laptop, programs: Path, exporter_program: Path
) -> None:
    (programs / "postgres_exporter").write_text(WRONG)
    (programs / "postgres_exporter").chmod(0o755)
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=cluster(1))
    eventually(lambda: "I am another program" in monitored(laptop)[2])
    assert monitored(laptop)[:2] == ("False", "ExporterNotReady")
    install(exporter_program, programs)
    eventually(lambda: monitored(laptop)[0] == "True")
    endpoint = laptop.read("cluster", "main")["status"]["monitoring"]["endpoint"]
    assert exporters(laptop) == {"main": endpoint}
    eventually(lambda: "\npg_up 1" in scrape(endpoint))
    pid = laptop.read("process", "main-exporter")["status"]["pid"]
    password = laptop.secret("main-exporter")["password"]
    for seen in ("environ", "cmdline"):
        assert password not in Path(f"/proc/{pid}/{seen}").read_text()
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: laptop.read("process", "main-exporter")["status"].get("pid") not in (None, pid))
    eventually(lambda: "\npg_up 1" in scrape(endpoint))
    assert exporters(laptop) == {"main": endpoint}

    with pytest.raises(psycopg.errors.DivisionByZero):
        laptop.sql("SELECT 1 / 0")
    eventually(lambda: any("division by zero" in each["message"] for each in read_json(laptop, "main")))
    assert "division by zero" in laptop.do("logs", "main", "--tail", "0")
    logs = [Path(each) for each in laptop.read("process", "main")["status"]["logs"]]

    laptop.do("delete", "cluster", "main", "--wait", "--timeout", "60s")
    assert laptop.run("get", "process", "main-exporter").code != 0
    assert laptop.run("get", "user", "main-exporter").code != 0
    assert scrape(endpoint) == ""
    assert not any(each.exists() for each in (Path(f"/proc/{pid}"), *logs))


def test_each_of_several_servers_is_watched_and_writes_lines_of_json(
    laptop: Laptop, programs: Path, exporter_program: Path
) -> None:
    install(exporter_program, programs)
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "110s", text=cluster(2))
    eventually(lambda: monitored(laptop)[0] == "True")
    places = exporters(laptop)
    assert sorted(places) == ["main", "main-2"] and len({*places.values()}) == 2
    for endpoint in places.values():
        eventually(lambda where=endpoint: "\npg_up 1" in scrape(where))
    told = {name: re.findall(r"^pg_replication_is_replica (\d)", scrape(at), re.M) for name, at in places.items()}
    assert sorted(value for found in told.values() for value in found) == ["0", "1"]
    for name in places:
        assert any("ready to accept" in each["message"] for each in read_json(laptop, name))
