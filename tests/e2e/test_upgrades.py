"""From one major version to the next, as a person would do it: with windows, by an operation, and killed on the way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbaas.cli.exits import ExitCode
from dbaas.core.clock import SystemClock
from dbaas.laptop.versions import Versions
from e2e.conftest import Laptop, a_laptop, eventually

pytestmark = [pytest.mark.real_server, pytest.mark.slow, pytest.mark.timeout(300)]
SLOW_MACHINE = 4


@pytest.fixture(scope="module")
def home() -> Iterator[Laptop]:
    """One for all tests of this file, which give their clusters names of their own."""
    with a_laptop() as made:
        made.do("up", "-d")
        yield made


def cluster(version: str, name: str = "main", **more: Any) -> str:
    spec = {"engine": {"type": "postgresql", "version": version}, "clusterSize": 1, **more}
    return json.dumps(
        {"apiVersion": "dbaas.io/v1", "kind": "DatabaseCluster", "metadata": {"name": name}, "spec": spec}
    )


def apply(laptop: Laptop, text: str) -> None:
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "100s", text=text)


def sql(laptop: Laptop, name: str, statement: str) -> list[tuple[Any, ...]]:
    login, place = laptop.secret(f"{name}-credentials"), laptop.read("instance", name)["spec"]["connection"]
    with psycopg.connect(
        host=place["host"], port=place["port"], user=login["username"], password=login["password"], dbname="postgres",
        autocommit=True,
    ) as connection:  # fmt: skip
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def data(laptop: Laptop, name: str) -> Path:
    return laptop.home / "processes" / f"default.{name}" / "data"


def version(laptop: Laptop, name: str) -> str:
    return str(laptop.read("cluster", name)["status"].get("currentVersion", "")).partition(".")[0]


def window() -> dict[str, Any]:
    """One that opens in two days."""
    day = (SystemClock().now() + timedelta(days=2)).isoweekday() % 7
    return {"windows": [{"dayOfWeek": day, "startTime": "12:00", "duration": "1h"}]}


DATABASE = """
apiVersion: dbaas.io/v1
kind: Database
metadata: {name: shop}
spec: {instanceRef: {kind: DatabaseCluster, name: main}, owner: keeper}
---
apiVersion: dbaas.io/v1
kind: DatabaseUser
metadata: {name: keeper}
spec: {instanceRef: {kind: DatabaseCluster, name: main}}
"""


def test_an_upgrade_waits_for_its_window_keeps_everything_and_cannot_be_undone(home: Laptop) -> None:
    apply(home, cluster("16"))
    apply(home, DATABASE)
    sql(home, "main", "create table kept as select generate_series(1, 100) as number")
    before = home.read("instance", "main")["spec"]["connection"]
    apply(home, cluster("18", maintenance=window()))
    (pending,) = home.read("cluster", "main")["status"]["pending"]
    assert pending["change"] == "restart of main for version 18 instead of 16"
    assert sql(home, "main", "show server_version")[0][0].startswith("16")
    apply(home, cluster("16", maintenance=window()))
    home.do("apply", "-f", "-", text=cluster("16"))
    home.do("op", "upgrade", "main", "version=18", "--timeout", "100s")
    assert sql(home, "main", "show server_version")[0][0].startswith("18")
    assert sql(home, "main", "select count(*) from kept") == [(100,)]
    status = home.read("cluster", "main")["status"]
    assert (status["phase"], version(home, "main")) == ("Ready", "18")
    assert home.read("instance", "main")["spec"]["connection"] == before
    home.do("wait", "database/shop", "databaseuser/keeper", "--timeout", "60s")
    assert home.do("connect", "shop", "--user", "keeper", "--", "-At", "-c", "select current_user").strip() == "keeper"
    eventually(lambda: not (data(home, "main") / "data.before").exists())
    told = {line.split()[2] for line in home.do("events").splitlines() if "databasecluster/main" in line}
    assert "VersionChanged" in told and told <= {"Ready", "OperationSucceeded", "VersionChanged"}
    ended = home.run("apply", "-f", "-", "--force-conflicts", text=cluster("16"))
    assert ended.code == ExitCode.FAILED
    assert "no version reads data of a newer one, and this is of version 18" in ended.err


def test_what_hinders_it_is_told_and_the_old_version_serves_on(home: Laptop) -> None:
    logical = {"config": [{"name": "wal_level", "value": "logical"}]}
    apply(home, cluster("16", "hindered", **logical))
    sql(home, "hindered", "select pg_create_logical_replication_slot('feed', 'pgoutput')")
    pid = home.read("process", "hindered")["status"]["pid"]
    ended = home.run("op", "upgrade", "hindered", "version=18", "--timeout", "100s")
    assert ended.code == ExitCode.FAILED
    assert home.ready("cluster", "hindered")[1] == "UpgradeFailed"
    assert "it has logical replication slots, which would be lost: feed" in home.ready("cluster", "hindered")[2]
    back = cluster("16", "hindered", **logical)
    home.do("apply", "-f", "-", "--force-conflicts", "--wait", "--timeout", "60s", text=back)
    assert home.read("process", "hindered")["status"]["pid"] == pid


def test_before_the_new_version_has_served_the_old_one_can_be_had_back(home: Laptop) -> None:
    apply(home, cluster("16", "back"))
    sql(home, "back", "create table kept as select 42 as answer")
    missing = {"config": [{"name": "shared_preload_libraries", "value": "nowhere"}]}
    home.do("apply", "-f", "-", text=cluster("18", "back", **missing))
    eventually(lambda: home.ready("cluster", "back")[1] == "CrashBackOff")
    apply(home, cluster("16", "back"))
    assert sql(home, "back", "select answer from kept") == [(42,)]
    assert "UpgradeUndone" in home.do("events")


def _is_new(folder: Path) -> bool:
    return Versions(folder, "data", "PG_VERSION").used == "18"


POINTS: Sequence[Callable[[Path], bool]] = (
    lambda folder: any(folder.glob(".data.new-*")),  # it is asked
    lambda folder: (folder / "data.begun").exists(),
    lambda folder: (folder / "data/global/pg_control.old").exists() or _is_new(folder),  # it is linked
)
"""What can be seen in the folder of an instance when an upgrade has come that far."""


def test_killed_wherever_it_is_it_comes_to_its_end_with_all_data(home: Laptop) -> None:
    apply(home, cluster("16", "killed"))
    sql(home, "killed", "create table kept as select generate_series(1, 100) as number")
    home.do("apply", "-f", "-", text=cluster("18", "killed"))
    for has_come_that_far in POINTS:
        eventually(lambda far=has_come_that_far: far(data(home, "killed")), 60 * SLOW_MACHINE)
        home.kill()
        home.do("up", "-d")
    eventually(lambda: version(home, "killed") == "18", 60 * SLOW_MACHINE)
    home.do("wait", "cluster/killed", "--timeout", "100s")
    assert sql(home, "killed", "select count(*), current_setting('server_version_num')::int / 10000 from kept") == [
        (100, 18)
    ]
    eventually(lambda: [each.name for each in data(home, "killed").glob("*data*")] == ["data"])


def test_of_several_instances_one_is_upgraded_alone_and_the_others_join_it_anew(home: Laptop) -> None:
    several = {"clusterSize": 2, "topology": {"synchronous": {"mode": "quorum"}}}
    apply(home, cluster("16", "several", **several))
    eventually(lambda: len(home.read("cluster", "several")["status"]["database"]["roles"]) == 2, 60 * SLOW_MACHINE)
    sql(home, "several", "create table kept as select generate_series(1, 100) as number")
    home.do("apply", "-f", "-", text=cluster("18", "several", **several))
    eventually(lambda: version(home, "several") == "18", 60 * SLOW_MACHINE)
    eventually(lambda: home.ready("cluster", "several")[0] == "True", 60 * SLOW_MACHINE)
    roles = home.read("cluster", "several")["status"]["database"]["roles"]
    assert sorted(roles.values()) == ["primary", "replica"]
    assert sql(home, "several", "select count(*) from kept") == [(100,)]
    assert sql(home, "several", "show server_version")[0][0].startswith("18")
    assert sql(home, "several", "select count(*) from pg_stat_replication") == [(1,)]
