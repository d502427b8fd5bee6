"""A control plane that is killed under load has lost nothing that it answered, and finishes what it began."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import QUICKSTART, Laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

UNITS = 15
ANSWERED = 150


def units() -> str:
    here = {"instanceRef": {"kind": "DatabaseCluster", "name": "main"}}
    objects = []
    for name in (f"load-{number}" for number in range(UNITS)):
        links = {"userRef": {"name": name}, "databaseRef": {"name": name}}
        privileges = [{"on": "database", "privileges": ["CONNECT"]}]
        objects.append(("DatabaseUser", name, {**here, "databaseRef": {"name": name}}))
        objects.append(("Database", name, {**here, "owner": name}))
        objects.append(("DatabaseGrant", name, {**links, "privileges": privileges}))
    return "\n---\n".join(
        json.dumps({"apiVersion": "dbaas.io/v1", "kind": kind, "metadata": {"name": name}, "spec": spec})
        for kind, name, spec in objects
    )


async def write_until_killed(laptop: Laptop) -> list[str]:
    """Eight clients create objects one after another; the control plane is killed amid them. What was answered."""
    answered: list[str] = []
    url = f"http://127.0.0.1:{(laptop.home / 'port').read_text().strip()}/api/v1/namespaces/default/configmaps"
    token = (laptop.home / "token").read_text().strip()

    async def write(session: aiohttp.ClientSession, client: int) -> None:
        for number in range(1_000_000):
            name = f"written-{client}-{number}"
            body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
            try:
                async with session.post(url, json=body) as response:
                    assert response.status == 201
                    await response.read()
            except aiohttp.ClientError:
                return
            answered.append(name)
            if len(answered) == ANSWERED:
                laptop.kill()

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        await asyncio.gather(*(write(session, client) for client in range(8)))
    return answered


def test_no_answered_write_is_lost(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    answered = asyncio.run(write_until_killed(laptop))
    laptop.do("up", "-d")
    kept = {line.rpartition("/")[2] for line in laptop.do("get", "configmaps", "-o", "name").splitlines()}
    assert len(answered) >= ANSWERED
    assert set(answered) - kept == set()


def test_killed_again_and_again_under_load_it_settles_and_does_nothing_twice(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    pid = laptop.read("process", "main")["status"]["pid"]
    laptop.do("apply", "-f", "-", text=units())
    for made in (1, UNITS // 2, UNITS):
        eventually(lambda least=made: count_databases(laptop) >= least)
        laptop.kill()
        assert "servers still run" in laptop.run("status").err
        laptop.do("up", "-d")
    laptop.do("wait", "all", "--timeout", "100s")
    assert laptop.read("process", "main")["status"]["pid"] == pid
    assert "0 statements; nothing was executed" in laptop.do("plan", "-f", "-", text=units())
    log = (laptop.home / "logs" / "default.main.log").read_text()
    assert "already exists" not in log
    assert count_databases(laptop) == UNITS


def count_databases(laptop: Laptop) -> int:
    return int(laptop.sql("SELECT count(*) FROM pg_database WHERE datname LIKE 'load-%'")[0][0])


def test_a_database_that_was_left_closed_is_finished(shop: Laptop) -> None:
    shop.sql("CREATE DATABASE half ALLOW_CONNECTIONS false")  # as far as a crash at the wrong moment gets
    here = "instanceRef: {kind: DatabaseCluster, name: main}, postgres: {schemas: [{name: inside}]}"
    text = f"{{apiVersion: dbaas.io/v1, kind: Database, metadata: {{name: half}}, spec: {{{here}}}}}"
    shop.do("apply", "-f", "-", "--wait", "--timeout", "30s", text=text)
    assert shop.sql("SELECT 1 FROM pg_namespace WHERE nspname = 'inside'", database="half") == [(1,)]
    assert shop.sql("SELECT has_database_privilege('public', 'half', 'CONNECT')") == [(False,)]


def test_a_server_that_is_killed_comes_back_by_itself(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    laptop.query("CREATE TABLE sales.kept (what text)", "--user", "shop-owner")
    laptop.kill_server("main")
    eventually(lambda: "Healing" in laptop.do("describe", "cluster", "main"))
    eventually(lambda: "Crashed" in laptop.do("describe", "process", "main"))
    laptop.do("wait", "all", "--timeout", "60s")
    assert laptop.query("SELECT count(*) FROM sales.kept") == "0"
    assert laptop.read("process", "main")["status"]["restarts"] == 1
    assert laptop.run("connect", "nothing").code == ExitCode.FAILED
