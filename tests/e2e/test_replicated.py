"""Three real servers that replicate, as a person would declare them, and what becomes of them when something dies.

Most is done to one and the same, one thing after another. `tools/soak.py failovers` does the worst of it very often.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from availability.bed import Bed, a_bed
from availability.failures import FAILURES, PATRONI_KILLED, Failure
from availability.ledger import acknowledged
from availability.rounds import run_round
from dbaas.providers.process import relay
from e2e.conftest import eventually
from fixtures.laptop import free_port
from fixtures.trio import CLUSTER, NAMES, WHOLE_SECONDS, Trio, alive, family

pytestmark = [pytest.mark.slow, pytest.mark.real_server, pytest.mark.timeout(400)]
MANY_WRITES = 500  # while they are made, each member tells its position at least once
Note = Callable[[str, Mapping[str, float]], None]


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Writes figures, in seconds, into the report that `--junit-xml` makes."""

    def write(what: str, figures: Mapping[str, float]) -> None:
        for name, seconds in figures.items():
            record_property(f"{what}: {name}", f"{seconds:.2f} s")

    return write


@pytest.fixture(scope="module")
def shared() -> Iterator[Bed]:
    with a_bed() as made:
        made.trio.sql(made.trio.primary(), "create table kept (number int)")
        yield made


@pytest.fixture
def bed(shared: Bed) -> Bed:
    """Whole, whatever the test before has done."""
    shared.trio.until_whole()
    return shared


@pytest.fixture
def trio(bed: Bed) -> Trio:
    return bed.trio


ELSEWHERE = (PATRONI_KILLED, *(one for one in FAILURES if one.is_rare))


@pytest.mark.parametrize("failure", [one for one in FAILURES if one not in ELSEWHERE], ids=lambda one: one.name)
def test_no_acknowledged_write_is_lost_and_no_two_take_writes_when(bed: Bed, failure: Failure, note: Note) -> None:
    if missing := failure.missing(bed):
        pytest.skip(missing)
    note(failure.name, run_round(bed, failure))


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


def test_the_status_tells_of_each_instance_and_is_not_written_anew_while_clients_write(bed: Bed) -> None:
    def tells_all(instances: list[dict[str, Any]]) -> bool:
        roles = sorted(one.get("role", "") for one in instances if one["ready"])
        lags = [one.get("lag") for one in instances if one.get("role") == "replica"]
        return roles == ["primary", "replica", "replica"] and lags == ["0", "0"]

    def is_left_alone() -> bool:
        before, written = bed.trio.laptop.read("databasecluster", "main"), len(acknowledged(load.attempts))
        eventually(lambda: len(acknowledged(load.attempts)) > written + MANY_WRITES)
        after = bed.trio.laptop.read("databasecluster", "main")
        return bool(after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"])

    with bed.writing() as load:
        eventually(lambda: tells_all(bed.trio.status()["instances"]))
        eventually(is_left_alone)  # a failure before may still be told as over
        assert is_left_alone()
    assert len({one["timeline"] for one in bed.trio.status()["instances"]}) == 1


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


def test_clients_are_led_to_the_primary_and_to_replicas_by_ports_that_stay_when_patroni_is_killed(
    bed: Bed, tmp_path: Path, note: Note
) -> None:
    trio = bed.trio
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
        note(PATRONI_KILLED.name, run_round(bed, PATRONI_KILLED))
        for connection in opened:
            with pytest.raises(psycopg.Error):
                connection.execute("select 1")
        for each in entrances:
            eventually(lambda each=each: ask(each["rw"], "insert into kept values (9) returning 9") == 9)
        assert trio.process("main-proxy")["ports"] == ports
        status = trio.status()
        assert status["endpoint"] == f"127.0.0.1:{ports['rw']}"
        assert status["database"]["endpoints"]["replica"] == f"127.0.0.1:{ports['ro']}"


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


def test_a_setting_that_needs_no_restart_reaches_all_without_one(trio: Trio) -> None:
    pids = {name: trio.server_pid(name) for name in NAMES}
    trio.laptop.do("apply", "-f", "-", text=CLUSTER.rstrip() + "\n  config: [{name: work_mem, value: 7MB}]\n")
    for name in NAMES:
        eventually(lambda name=name: _answers(trio, name, "show work_mem") == "7MB", WHOLE_SECONDS)
    assert {name: trio.server_pid(name) for name in NAMES} == pids


def _answers(trio: Trio, name: str, question: str) -> str:
    with suppress(psycopg.Error, KeyError):
        return str(trio.sql(name, question)[0][0])
    return ""
