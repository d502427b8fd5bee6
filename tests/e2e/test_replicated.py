"""Three real servers that replicate, as a person would declare them, and what becomes of them when something dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from psycopg.sql import SQL

from dbaas.providers.process import relay
from e2e.conftest import Laptop, a_laptop, eventually
from fixtures.laptop import free_port

pytestmark = [pytest.mark.slow, pytest.mark.real_server, pytest.mark.timeout(400)]
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {name: main}
spec:
  engine: {type: postgres, version: "18"}
  clusterSize: 3
  topology: {synchronous: {mode: quorum}}
  deletionPolicy: Delete
  deletionProtection: false
"""
NAMES = ("main", "main-2", "main-3")
CRASH_SECONDS, LOSS_SECONDS, WHOLE_SECONDS = 10.0, 30.0, 60.0
SLOW_MACHINE = 3.0  # several runs share the processors of a test machine


class Trio:
    """A cluster of three on a laptop, and what can be seen of it from outside."""

    def __init__(self, laptop: Laptop) -> None:
        self.laptop = laptop

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.laptop.read("databasecluster", "main").get("status", {})
        return found

    def roles(self) -> dict[str, str]:
        found: dict[str, str] = self.status().get("database", {}).get("roles", {})
        return found

    def primary(self) -> str:
        return next((name for name, role in self.roles().items() if role == "primary"), "")

    def is_whole(self) -> bool:
        roles = self.roles()
        ready = self.laptop.ready("databasecluster", "main")[0] == "True"
        return ready and sorted(roles) == list(NAMES) and sorted(roles.values()) == ["primary", "replica", "replica"]

    def until_whole(self) -> None:
        eventually(self.is_whole, WHOLE_SECONDS * 2)

    def process(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.laptop.read("process", name)["status"]
        return found

    def server_pid(self, name: str) -> int:
        folder = self.laptop.home / "processes" / f"default.{name}" / "data" / "data"
        return int((folder / "postmaster.pid").read_text().split()[0])

    def sql(self, name: str, statement: str, seconds: int = 5) -> list[tuple[Any, ...]]:
        """On one instance, as its administrator."""
        login = self.laptop.secret("main-credentials")
        with psycopg.connect(
            host="127.0.0.1", port=self.process(name)["ports"]["sql"], user=login["username"],
            password=login["password"], dbname="postgres", autocommit=True, connect_timeout=seconds,
        ) as connection:  # fmt: skip
            cursor = connection.execute(SQL(statement))  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def until_others_write(self, old: str, since: float, limit: float) -> float:
        """Seconds until another one than `old` takes a write."""

        def takes_writes() -> bool:
            name = self.primary()
            with suppress(psycopg.Error, KeyError):
                return name not in ("", old) and bool(self.sql(name, "insert into kept values (1) returning 1"))
            return False

        eventually(takes_writes, limit * SLOW_MACHINE)
        return time.monotonic() - since


Note = Callable[[str, float], None]


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Writes a figure, in seconds, into the report that `--junit-xml` makes."""
    return lambda what, seconds: record_property(what, f"{seconds:.2f} s")


def family(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in processes if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture(scope="module")
def shared() -> Iterator[Trio]:
    with a_laptop() as laptop:
        laptop.do("up", "-d")
        laptop.do("apply", "-f", "-", "--wait", "--timeout", "100s", text=CLUSTER)
        made = Trio(laptop)
        made.until_whole()
        made.sql(made.primary(), "create table kept (number int)")
        yield made


@pytest.fixture
def trio(shared: Trio) -> Trio:
    """Whole, whatever the test before has done."""
    shared.until_whole()
    return shared


def test_what_is_written_on_the_primary_is_on_the_replicas_which_take_no_writes(trio: Trio) -> None:
    primary = trio.primary()
    trio.sql(primary, "create table if not exists told as select 42 as answer")
    for name in set(NAMES) - {primary}:
        eventually(lambda name=name: trio.sql(name, "select to_regclass('told') is not null") == [(True,)])
        assert trio.sql(name, "select answer from told") == [(42,)]
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            trio.sql(name, "insert into told values (1)")
    port = trio.laptop.read("databaseinstance", "main")["spec"]["connection"]["port"]
    assert trio.status()["endpoint"] == f"127.0.0.1:{port}"
    assert trio.laptop.sql("select pg_is_in_recovery()") == [(False,)]


@contextmanager
def our_own_program(trio: Trio, folder: Path) -> Iterator[dict[str, int]]:
    """What leads clients where there is no HAProxy, for the same members; its ports by their way."""
    members = [
        {"name": name, "host": "127.0.0.1", "port": ports["sql"], "api": ports["control"]}
        for name in NAMES
        if (ports := trio.process(name)["ports"])
    ]
    (folder / "members.json").write_text(json.dumps(members))
    ways = {way: free_port() for way in relay.WAYS}
    places = [f"{way}=127.0.0.1:{port}" for way, port in ways.items()]
    command = [sys.executable, "-I", relay.__file__, str(folder / "members.json"), *places]
    with subprocess.Popen(command) as process:
        try:
            yield ways
        finally:
            process.terminate()


def test_clients_are_led_to_the_primary_and_to_replicas_by_ports_that_stay(trio: Trio, tmp_path: Path) -> None:
    login, reading = trio.laptop.secret("main-credentials"), "select pg_is_in_recovery()"

    def connect(port: int) -> psycopg.Connection[Any]:
        return psycopg.connect(
            host="127.0.0.1", port=port, user=login["username"], password=login["password"], dbname="postgres",
            autocommit=True, connect_timeout=20,
        )  # fmt: skip

    def ask(port: int, question: str) -> object:
        with suppress(psycopg.Error), connect(port) as connection:
            row = connection.execute(question).fetchone()  # type: ignore[call-overload]
            return row[0] if row else None
        return None

    with our_own_program(trio, tmp_path) as own:
        ports = trio.process("main-proxy")["ports"]
        entrances = (ports, own)
        for each in entrances:
            eventually(lambda each=each: ask(each["rw"], reading) is False)
            eventually(lambda each=each: ask(each["ro"], reading) is True)
            eventually(lambda each=each: ask(each["r"], reading) is not None)
        opened = [connect(each["rw"]) for each in entrances]
        old = trio.primary()
        os.kill(trio.process(old)["pid"], signal.SIGKILL)
        for connection in opened:
            with pytest.raises(psycopg.Error):
                eventually(lambda connection=connection: connection.execute("select 1") is None, LOSS_SECONDS)
        for each in entrances:
            eventually(lambda each=each: ask(each["rw"], "insert into kept values (9) returning 9") == 9, WHOLE_SECONDS)
        trio.until_whole()
        assert trio.process("main-proxy")["ports"] == ports
        status = trio.status()
        assert status["endpoint"] == f"127.0.0.1:{ports['rw']}"
        assert status["database"]["endpoints"]["replica"] == f"127.0.0.1:{ports['ro']}"


def test_when_the_primarys_server_is_killed_writes_go_on_and_nothing_is_lost(trio: Trio, note: Note) -> None:
    """By another one; or by itself, where on a busy machine it is back before a replica may take over."""
    old = trio.primary()
    trio.sql(old, "insert into kept values (2)")
    began = time.monotonic()
    os.kill(trio.server_pid(old), signal.SIGKILL)
    took = trio.until_others_write("", began, CRASH_SECONDS)
    note(f"{'the same' if trio.primary() == old else 'another'} one takes writes after", took)
    trio.until_whole()
    assert trio.sql(trio.primary(), "select count(*) > 0 from kept where number = 2") == [(True,)]
    note("whole after", time.monotonic() - began)


def test_when_only_patroni_is_killed_its_server_is_dead_at_once_and_the_cluster_gets_whole_again(
    trio: Trio, note: Note
) -> None:
    old = trio.primary()
    servers = family(trio.server_pid(old))
    began = time.monotonic()
    os.kill(trio.process(old)["pid"], signal.SIGKILL)
    while alive(servers):
        assert time.monotonic() - began < 2 * SLOW_MACHINE
    fenced = time.monotonic() - began
    eventually(lambda: trio.process(old)["restarts"] > 0)
    trio.until_whole()
    assert trio.sql(trio.primary(), "insert into kept values (3) returning number") == [(3,)]
    note("server dead after", fenced)
    note("whole after", time.monotonic() - began)


def test_a_primary_whose_patroni_is_halted_is_fenced_and_another_takes_over(trio: Trio, note: Note) -> None:
    old = trio.primary()
    patroni, servers = trio.process(old)["pid"], family(trio.server_pid(old))
    began = time.monotonic()
    os.kill(patroni, signal.SIGSTOP)
    took = trio.until_others_write(old, began, LOSS_SECONDS)
    assert alive([psutil.Process(patroni)] if psutil.pid_exists(patroni) else []) == []
    assert alive(servers) == []
    trio.until_whole()
    assert trio.roles()[old] == "replica"
    note("another one takes writes after", took)
    note("whole after", time.monotonic() - began)


def test_all_of_them_survive_a_crash_of_dbaas_and_are_the_same_afterwards(trio: Trio) -> None:
    primary, pids = trio.primary(), {name: trio.process(name)["pid"] for name in NAMES}
    started = trio.sql(primary, "select pg_postmaster_start_time()::text")
    trio.laptop.kill()
    trio.laptop.do("up", "-d")
    trio.until_whole()
    assert {name: trio.process(name)["pid"] for name in NAMES} == pids
    assert trio.sql(primary, "select pg_postmaster_start_time()::text") == started


def test_stopped_cleanly_and_started_again_nothing_is_lost(trio: Trio) -> None:
    trio.sql(trio.primary(), "insert into kept values (4)")
    pids = [each for name in NAMES for each in family(trio.server_pid(name))]
    trio.laptop.do("down")
    assert alive(pids) == []
    trio.laptop.do("up", "-d")
    trio.until_whole()
    assert trio.sql(trio.primary(), "select count(*) > 0 from kept where number = 4") == [(True,)]


def test_a_setting_reaches_all_of_them_and_one_that_needs_a_restart_restarts_them(trio: Trio) -> None:
    config = "\n  config: [{name: work_mem, value: 7MB}, {name: max_connections, value: '150'}]\n"
    trio.laptop.do("apply", "-f", "-", text=CLUSTER.rstrip() + config)
    for name in NAMES:
        eventually(
            lambda name=name: _answers(trio, name, "show max_connections") == "150", WHOLE_SECONDS * SLOW_MACHINE
        )
        assert _answers(trio, name, "show work_mem") == "7MB"
    trio.until_whole()


def _answers(trio: Trio, name: str, question: str) -> str:
    with suppress(psycopg.Error, KeyError):
        return str(trio.sql(name, question)[0][0])
    return ""


def test_data_that_is_kept_is_found_again_and_deleted_with_it_nothing_is_left(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    keeping = CLUSTER.replace("deletionPolicy: Delete", "deletionPolicy: Retain")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "100s", text=keeping)
    trio = Trio(laptop)
    trio.until_whole()
    trio.sql(trio.primary(), "create table kept as select 42 as answer")
    laptop.do("delete", "databasecluster", "main", "--wait", "--timeout", "60s")
    laptop.do("apply", "-f", "-", text=CLUSTER)
    trio.until_whole()
    for name in NAMES:
        eventually(lambda name=name: _answers(trio, name, "select answer from kept") == "42")
    pids = [each for name in NAMES for each in family(trio.server_pid(name))]
    laptop.do("delete", "databasecluster", "main", "--wait", "--timeout", "60s")
    assert alive(pids) == []
    for kind in ("pods", "configmaps", "processes.laptop.dbaas.io", "databaseinstances"):
        assert _names(laptop, kind) == [], kind
    assert "main-credentials" not in _names(laptop, "secrets")
    assert list(Path(laptop.home, "processes").glob("default.*/data")) == []


def _names(laptop: Laptop, kind: str) -> list[str]:
    return laptop.do("get", kind, "-o", "name").split()


SINGLE = CLUSTER.replace("clusterSize: 3", "clusterSize: 1").replace("  topology: {synchronous: {mode: quorum}}\n", "")


def test_a_single_server_gets_replicas_and_loses_one_again_without_losing_data(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "60s", text=SINGLE)
    trio = Trio(laptop)
    trio.sql("main", "create table kept as select generate_series(1, 1000) as number")
    laptop.do("apply", "-f", "-", text=CLUSTER)
    trio.until_whole()
    assert trio.primary() == "main"
    for name in NAMES:
        eventually(lambda name=name: _answers(trio, name, "select count(*) from kept") == "1000")
    ended = laptop.run("apply", "-f", "-", text=SINGLE)
    assert "cannot make one instance of several" in ended.err
    laptop.do("apply", "-f", "-", text=CLUSTER.replace("clusterSize: 3", "clusterSize: 2"))
    eventually(lambda: sorted(trio.roles().items()) == [("main", "primary"), ("main-2", "replica")], 60 * SLOW_MACHINE)
    eventually(lambda: laptop.ready("databasecluster", "main")[0] == "True", 60 * SLOW_MACHINE)
    assert trio.sql("main", "select count(*) from kept") == [(1000,)]
