"""The agent upgrades real servers: what is on them stays, and what would be lost is told before anything is ended."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.resource import Key
from dbaas.engines.postgres.server import PostgresServer
from dbaas.laptop.machine import server_user
from dbaas.providers.process.rendering import render_spec
from fixtures.laptop import Laptop, free_port
from fixtures.postgres import require_programs

pytestmark = [pytest.mark.real_server, pytest.mark.slow, pytest.mark.timeout(120)]
MAIN = Key("shop", "main")
PORT = free_port()  # one that nobody else on the machine wants
PASSWORD = "it's: a \\ pässword"


def process(version: str, *, older: str = "", **config: str) -> dict[str, Any]:
    settings = [{"name": name, "value": value} for name, value in config.items()]
    engine = {"type": "postgres", "version": version}
    spec = DatabaseClusterSpec.model_validate({"engine": engine, "clusterSize": 1, "config": settings})
    (instance,) = PostgresServer().workload("main", spec).instances
    sources = {older: require_programs(older)} if older else {}
    found = render_spec(instance, require_programs(version), stopped=False, keeps_data=True, older=sources)
    return {**found, "ports": [{"name": "sql", "preferred": PORT}]}


async def begin(laptop: Laptop, version: str, **config: str) -> int:
    laptop.put_secret("main-credentials", password=PASSWORD)
    laptop.put(process(version, **config), MAIN)
    return int((await laptop.until_ready(MAIN))["pid"])


def sql(laptop: Laptop, *statements: str, user: str = "postgres", password: str = PASSWORD) -> list[tuple[Any, ...]]:
    port = laptop.status(MAIN)["ports"]["sql"]
    with psycopg.connect(
        host="127.0.0.1", port=port, user=user, password=password, dbname="postgres", autocommit=True
    ) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def folder(laptop: Laptop) -> Path:
    return laptop.home / "processes/shop.main/data"


def message(laptop: Laptop) -> str:
    return str(laptop.condition(MAIN)["message"])


async def test_what_would_be_lost_is_told_while_the_old_server_serves_on(server_laptop: Laptop) -> None:
    laptop = server_laptop
    pid = await begin(laptop, "16", wal_level="logical", max_prepared_transactions="5")
    elsewhere = folder(laptop) / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    user = server_user()
    if user is not None:
        os.chown(elsewhere, user.uid, user.gid)
    obstacles = [
        (
            ["select pg_create_logical_replication_slot('feed', 'pgoutput')"],
            "select pg_drop_replication_slot('feed')",
            "it has logical replication slots, which would be lost: feed",
        ),
        (["begin", "create table held ()", "prepare transaction 'held'"], "rollback prepared 'held'", "prepared"),
        ([f"create tablespace far location '{elsewhere}'"], "drop tablespace far", "it has tablespaces"),
        (
            ["alter system set work_mem = '9MB'", "alter system set log_statement = 'ddl'"],
            "alter system reset all",
            "by ALTER SYSTEM, which would be lost: work_mem log_statement;",
        ),
        (["create database shut allow_connections false"], "drop database shut", "shut"),
    ]
    for number, (make, remove, told) in enumerate(obstacles):
        sql(laptop, *make)
        laptop.put(process("18", older="16", wal_level="logical", max_connections=str(60 + number)), MAIN)
        await laptop.until_reason("UpgradeFailed", MAIN)
        assert message(laptop).startswith("the data stays as it was, because it cannot be upgraded: ")
        assert told in message(laptop)
        assert laptop.status(MAIN)["pid"] == pid
        sql(laptop, remove)
    laptop.put(process("16", wal_level="logical", max_prepared_transactions="5"), MAIN)
    assert (await laptop.until_ready(MAIN))["pid"] == pid
    assert not [path.name for path in folder(laptop).iterdir() if path.name.startswith(".data")]


async def test_a_server_that_was_killed_is_upgraded_with_all_that_it_had_acknowledged(server_laptop: Laptop) -> None:
    laptop = server_laptop
    pid = await begin(laptop, "16")
    sql(laptop, "create table kept as select generate_series(1, 1000) as number", "select 1")
    sql(laptop, "create role app login password 'app'", "create statistics kept_numbers on (number * 2) from kept")
    sql(laptop, "analyze kept", "create extension vector")
    laptop.put(process("18", older="16"), MAIN)
    os.kill(pid, signal.SIGKILL)
    await laptop.until(lambda _: "UpgradeFinished" in laptop.reasons(), MAIN)
    await laptop.until_ready(MAIN)
    assert sql(laptop, "select count(*), current_setting('data_checksums') from kept") == [(1000, "on")]
    assert str(sql(laptop, "show server_version", user="app", password="app")[0][0]).startswith("18")
    assert sql(laptop, "select count(*) from pg_stats where tablename = 'kept'") == [(1,)]
    assert sql(laptop, "select count(*) from pg_stats_ext_exprs where tablename = 'kept'") == [(1,)]
    assert sql(laptop, "select '[1,2]'::vector <-> '[1,3]'") == [(1.0,)]
    assert sorted(path.name for path in folder(laptop).iterdir() if "data" in path.name) == ["data"]


async def test_what_the_new_programs_lack_is_named_and_checksums_stay_as_they_are(server_laptop: Laptop) -> None:
    laptop = server_laptop
    await begin(laptop, "15")
    sql(laptop, "create extension hstore")
    laptop.put(process("18", older="15"), MAIN)
    await laptop.until_reason("UpgradeFailed", MAIN)
    assert 'could not load library "$libdir/hstore"' in message(laptop)
    sql(laptop, "drop extension hstore", "create table kept as select 42 as answer")
    laptop.put({**process("15"), "stopped": True}, MAIN)
    await laptop.until_reason("Stopped", MAIN)
    user = server_user()
    as_user: dict[str, Any] = {"user": user.uid, "group": user.gid, "extra_groups": []} if user else {}
    disable = [f"{require_programs('15')}/pg_checksums", "--disable", "--no-sync", str(folder(laptop) / "data")]
    subprocess.run(disable, check=True, stdout=subprocess.DEVNULL, cwd="/", env={"LC_ALL": "C"}, **as_user)
    laptop.put(process("18", older="15"), MAIN)
    await laptop.until(lambda _: "UpgradeFinished" in laptop.reasons(), MAIN)
    await laptop.until_ready(MAIN)
    assert sql(laptop, "select answer, current_setting('data_checksums') from kept") == [(42, "off")]


async def test_one_that_does_not_come_up_is_taken_back_with_the_data_as_it_was(server_laptop: Laptop) -> None:
    laptop = server_laptop
    await begin(laptop, "16")
    sql(laptop, "create table kept as select 42 as answer")
    laptop.put(process("18", older="16", shared_preload_libraries="nowhere"), MAIN)
    await laptop.until_reason("CrashBackOff", MAIN)
    assert "nowhere" in message(laptop)
    laptop.put(process("16"), MAIN)
    await laptop.until_ready(MAIN)
    assert sql(laptop, "select answer from kept") == [(42,)]
    sql(laptop, "insert into kept values (43)")
    laptop.put(process("18", older="16"), MAIN)
    await laptop.until_ready(MAIN)
    assert sql(laptop, "select answer from kept order by 1") == [(42,), (43,)]
    laptop.put(process("16"), MAIN)
    await laptop.until_reason("DataOfOtherVersion", MAIN)
    laptop.put(process("18", older="16"), MAIN)
    await laptop.until_ready(MAIN)
    assert sql(laptop, "select answer from kept order by 1") == [(42,), (43,)]
