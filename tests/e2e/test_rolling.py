"""What is changed in a replicated cluster while a client writes to it all the time."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import psutil
import psycopg
import pytest

from availability.bed import Bed
from availability.ledger import judge, measure_silence
from availability.load import MAKE_TABLE
from dbaas.api.process import PROCESS
from dbaas.api.resource import Key
from dbaas.core.clock import SystemClock
from dbaas.core.home import Home
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.light import LightTransport
from dbaas.kube.verbs import RestClient, Writing
from e2e.conftest import Laptop, eventually, steadily
from fixtures.trio import CLUSTER, NAMES, SLOW_MACHINE, WHOLE_SECONDS, Trio, a_trio, delete_with_all

pytestmark = [pytest.mark.slow, pytest.mark.real_server, pytest.mark.timeout(400)]
REFUSED_SECONDS, STEADY_SECONDS = 5.0, 15.0
SETTINGS = "\n  config: [{name: max_connections, value: '%s'}]\n"
Note = Callable[[str, float], None]


@pytest.fixture
def note(record_property: Callable[[str, object], None]) -> Note:
    """Writes a figure, in seconds, into the report that `--junit-xml` makes."""
    return lambda what, seconds: record_property(what, f"{seconds:.2f} s")


@pytest.fixture(scope="module")
def shared() -> Iterator[Bed]:
    with a_trio() as trio:
        trio.sql(trio.primary(), MAKE_TABLE)
        yield Bed(trio)


@pytest.fixture
def bed(shared: Bed) -> Bed:
    """Whole, whatever the test before has done."""
    shared.trio.until_whole()
    return shared


@contextmanager
def while_written_to(bed: Bed, what: str, note: Note) -> Iterator[None]:
    """Nothing that was acknowledged is lost, there are never two primaries, and no write waits for long."""
    with bed.writing() as load:
        since = time.monotonic()
        yield
        bed.trio.until_whole()
        again = time.monotonic()
        eventually(lambda: load.has_written(again))
        load.end()
        silence = measure_silence(load.attempts, since)
        note(f"{what}: no write for", silence)
        newest = max(each.number for each in load.attempts if each.is_acknowledged)
        for name in NAMES:
            eventually(lambda name=name: _has_row(bed, name, newest))
        assert judge(load.attempts, {name: bed.rows(name) for name in NAMES}) == []
        assert silence < REFUSED_SECONDS * SLOW_MACHINE


def _has_row(bed: Bed, name: str, wanted: int) -> bool:
    with suppress(psycopg.OperationalError):  # its server may only just have been told of another primary
        return any(number == wanted for _, number in bed.rows(name))
    return False


def op(bed: Bed, *words: str) -> str:
    return bed.trio.laptop.do("op", *words, "--timeout", "110s")


def started(bed: Bed) -> Mapping[str, Any]:
    """When each server was."""
    return {name: bed.trio.sql(name, "select pg_postmaster_start_time()::text")[0][0] for name in NAMES}


def test_another_one_takes_over_as_planned_and_nothing_is_lost(bed: Bed, note: Note) -> None:
    old = bed.trio.primary()
    with while_written_to(bed, "switchover", note):
        assert "Succeeded" in op(bed, "switchover", "main")
        eventually(lambda: bed.trio.primary() not in ("", old))


def test_the_one_that_is_named_takes_over_and_who_cannot_is_told_why(bed: Bed, note: Note) -> None:
    old = bed.trio.primary()
    wanted = next(name for name in NAMES if name != old)
    refused = bed.trio.laptop.run("op", "switchover", "main", f"to={old}", "--timeout", "60s")
    assert refused.code != 0
    assert f"{old} is the primary already" in refused.err + refused.out
    unknown = bed.trio.laptop.run("op", "switchover", "main", "to=main-9")
    assert "spec.switchover.targetInstance" in unknown.err + unknown.out
    with while_written_to(bed, "switchover to a named one", note):
        op(bed, "switchover", "main", f"to={wanted}")
        eventually(lambda: bed.trio.primary() == wanted)


def test_a_restart_goes_round_while_the_others_serve(bed: Bed, note: Note) -> None:
    before, old = started(bed), bed.trio.primary()
    crashes = {name: bed.trio.process(name)["restarts"] for name in NAMES}
    with while_written_to(bed, "restart of all", note):
        op(bed, "restart", "main", "--name", "round")
    after = started(bed)
    assert all(after[name] > before[name] for name in NAMES)
    assert bed.trio.primary() != old
    assert max(NAMES, key=lambda name: after[name]) == old, "the primary comes last"
    assert {name: bed.trio.process(name)["restarts"] for name in NAMES} == crashes


def test_a_setting_that_needs_a_restart_is_ready_only_when_all_have_it(bed: Bed, note: Note) -> None:
    laptop = bed.trio.laptop
    with while_written_to(bed, "setting", note):
        laptop.do("apply", "-f", "-", text=CLUSTER.rstrip() + SETTINGS % 150)
        generation = laptop.read("databasecluster", "main")["metadata"]["generation"]
        eventually(lambda: bed.trio.status().get("observedGeneration") == generation)
        pending = bed.trio.status()["pending"]
        assert {each["change"].partition(" for ")[0] for each in pending} <= {f"restart of {name}" for name in NAMES}
        eventually(lambda: laptop.ready("databasecluster", "main")[0] == "True", WHOLE_SECONDS * SLOW_MACHINE)
        for name in NAMES:
            assert bed.trio.sql(name, "show max_connections") == [("150",)]
        assert "pending" not in bed.trio.status()


def test_a_setting_that_only_the_primary_can_lower_first_is_lowered_on_all(bed: Bed, note: Note) -> None:
    laptop = bed.trio.laptop
    with while_written_to(bed, "lowered setting", note):
        laptop.do("apply", "-f", "-", "--wait", "--timeout", "110s", text=CLUSTER.rstrip() + SETTINGS % 50)
        assert {bed.trio.sql(name, "show max_connections")[0][0] for name in NAMES} == {"50"}
        assert "must be started anew" not in laptop.ready("databasecluster", "main")[2]


def test_a_setting_with_which_no_server_starts_gets_no_further_than_one_replica(bed: Bed, note: Note) -> None:
    trio, laptop = bed.trio, bed.trio.laptop
    primary, (before,) = trio.primary(), trio.sql(trio.primary(), "show shared_preload_libraries")
    with while_written_to(bed, "setting that breaks", note):
        config = "\n  config: [{name: shared_preload_libraries, value: there_is_none}]\n"
        laptop.do("apply", "-f", "-", text=CLUSTER.rstrip() + config)
        eventually(lambda: laptop.ready("databasecluster", "main")[0] == "False")
        eventually(lambda: len(_waiting(trio)) == 2 and trio.status()["database"]["readyInstances"] == 2)
        assert trio.primary() == primary
        assert trio.sql(primary, "show shared_preload_libraries") == [before]
        laptop.do("apply", "-f", "-", text=CLUSTER)
    assert {trio.sql(name, "show shared_preload_libraries")[0] for name in NAMES} == {before}


def _waiting(trio: Trio) -> list[str]:
    return [each["change"] for each in trio.status().get("pending", []) if "restart of" in each["change"]]


def test_an_instance_whose_data_is_broken_is_copied_anew(bed: Bed, note: Note) -> None:
    trio, primary = bed.trio, bed.trio.primary()
    name = next(each for each in NAMES if each != primary)
    refused = trio.laptop.run("op", "rebuild", "main", f"instance={primary}", "--timeout", "60s")
    assert f"{primary} is the primary" in refused.err + refused.out
    control = trio.laptop.home / "processes" / f"default.{name}" / "data" / "data" / "global" / "pg_control"
    with while_written_to(bed, "rebuild", note):
        control.write_bytes(bytes(8192))
        os.kill(trio.server_pid(name), signal.SIGKILL)
        eventually(lambda: trio.laptop.ready("process", name)[0] != "True")
        began = time.monotonic()
        op(bed, "rebuild", "main", f"instance={name}")
        note("rebuilt after", time.monotonic() - began)
    assert trio.roles()[name] == "replica"


FORGETFUL = """
  config:
    - {name: max_slot_wal_keep_size, value: 16MB}
    - {name: wal_keep_size, value: 16MB}
    - {name: min_wal_size, value: 32MB}
"""


async def patch(laptop: Laptop, name: str, spec: dict[str, object]) -> None:
    """Of a Process, behind the back of its cluster."""
    access, clock = load_kubeconfig([Home(laptop.home).kubeconfig]).access(), SystemClock()
    transport = LightTransport(access, clock)
    try:
        await RestClient(transport, Writing("somebody")).patch(PROCESS, Key("default", name), {"spec": spec})
    finally:
        await transport.close()


def data_mark(laptop: Laptop, name: str) -> str | None:
    """Which folder of data a Process is to have: another one is made anew."""
    mark: str | None = laptop.read("process", name)["spec"].get("dataMark")
    return mark


def test_a_replica_that_has_missed_too_much_is_copied_anew_by_itself(bed: Bed, note: Note) -> None:
    trio, laptop = bed.trio, bed.trio.laptop
    laptop.do("apply", "-f", "-", text=CLUSTER.rstrip() + FORGETFUL)
    eventually(lambda: trio.sql(trio.primary(), "show max_slot_wal_keep_size") == [("16MB",)])
    trio.until_whole()
    primary = trio.primary()
    name = next(each for each in NAMES if each != primary)
    asyncio.run(patch(laptop, name, {"stopped": True}))
    eventually(lambda: "pid" not in trio.process(name))
    (before,) = trio.sql(primary, "select count(*) from kept")[0]
    for number in range(8):
        trio.sql(primary, f"insert into kept values ({number})")
        trio.sql(primary, "select pg_switch_wal()")
        trio.sql(primary, "checkpoint")
    former = data_mark(laptop, name)
    asyncio.run(patch(laptop, name, {"stopped": None}))
    began = time.monotonic()
    # What is said of one object in so many minutes is limited, and tests before may have used that up.
    eventually(lambda: data_mark(laptop, name) != former, WHOLE_SECONDS * SLOW_MACHINE)
    trio.until_whole()
    note("whole after", time.monotonic() - began)
    assert trio.sql(name, "select count(*) from kept") == [(before + 8,)]


def test_all_are_stopped_when_none_of_their_servers_runs_and_a_start_brings_all_back(bed: Bed) -> None:
    trio = bed.trio
    before = trio.sql(trio.primary(), "select count(*) from kept")
    pids = [trio.server_pid(name) for name in NAMES]
    op(bed, "stop", "main")
    assert not any(psutil.pid_exists(pid) for pid in pids)
    assert not any("pid" in trio.process(name) for name in NAMES)
    op(bed, "start", "main")
    trio.until_whole()
    assert trio.sql(trio.primary(), "select count(*) from kept") == before


def test_what_the_instances_agree_in_can_be_changed_and_deleted_and_is_as_it_was_again(bed: Bed, note: Note) -> None:
    """They make it anew long before anybody else does; without the one that says who leads another one is elected."""
    laptop = bed.trio.laptop
    with while_written_to(bed, "what they agree in deleted", note):
        settings = _read_settings(laptop)
        laptop.patch("configmap", "main-config", {"metadata": {"annotations": {"config": '{"ttl": 300}'}}})
        eventually(lambda: _read_settings(laptop) == settings)
        for name in ("main-config", "main-sync", "main-leader"):
            laptop.do("delete", "configmap", name)
            eventually(lambda name=name: name in _find_owned(laptop))
            bed.trio.until_whole()


def _read_settings(laptop: Laptop) -> str:
    return str(laptop.read("configmap", "main-config")["metadata"]["annotations"].get("config"))


def _find_owned(laptop: Laptop) -> Collection[str]:
    found = json.loads(laptop.do("get", "configmaps", "-o", "json"))["items"]
    return [each["metadata"]["name"] for each in found if "ownerReferences" in each["metadata"]]


def test_what_only_a_lost_primary_had_is_taken_back_or_its_instance_is_told_to_need_a_rebuild(bed: Bed) -> None:
    """Patroni compares the logs of changes from the last checkpoint before they part, which is made unreadable here."""
    trio, former = bed.trio, bed.trio.primary()
    trio.sql(former, "checkpoint")
    checkpoint, file = trio.sql(
        former, "select checkpoint_lsn, pg_walfile_name(checkpoint_lsn) from pg_control_checkpoint()"
    )[0]
    trio.sql(former, "insert into kept values (-1)")
    with without_followers(trio, former):
        trio.sql(former, "set synchronous_commit to local; insert into kept select -2 from generate_series(1, 2000)")
        trio.sql(former, "checkpoint")
        server = trio.server_pid(former)
        for pid in (trio.process(former)["pid"], server):
            os.kill(pid, signal.SIGKILL)
        asyncio.run(patch(trio.laptop, former, {"stopped": True}))
    eventually(lambda: trio.primary() not in ("", former))
    make_unreadable(trio, former, file, checkpoint)
    asyncio.run(patch(trio.laptop, former, {"stopped": None}))

    def why() -> tuple[str, str]:
        one = next(each for each in trio.status()["instances"] if each["name"] == former)
        return one.get("reason", ""), one.get("message", "")

    eventually(lambda: why()[0] == "StartFailed", WHOLE_SECONDS * SLOW_MACHINE)
    assert why()[1].endswith(f"a rebuild copies the data of {trio.primary()}")
    steadily(lambda: why()[0] == "StartFailed", STEADY_SECONDS)  # each try to start it is no news
    op(bed, "rebuild", "main", f"instance={former}")
    trio.until_whole()
    assert trio.sql(former, "select number, count(*) from kept where number < 0 group by 1") == [(-1, 1)]


@contextmanager
def without_followers(trio: Trio, primary: str) -> Iterator[None]:
    """Replicas take nothing from it, and at the end throw away what has come meanwhile."""
    followers = [
        each.pid
        for name in NAMES
        if name != primary
        for each in psutil.Process(trio.server_pid(name)).children()
        if "walreceiver" in " ".join(each.cmdline())
    ]
    assert len(followers) == len(NAMES) - 1
    for pid in followers:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in followers:
            os.kill(pid, signal.SIGTERM)
            os.kill(pid, signal.SIGCONT)


def make_unreadable(trio: Trio, name: str, file: str, position: str) -> None:
    """The entry at that position of the log of changes."""
    place = trio.laptop.home / "processes" / f"default.{name}" / "data" / "data" / "pg_wal" / file
    with place.open("r+b") as log:
        log.seek(int(position.partition("/")[2], 16) % place.stat().st_size)
        log.write(bytes(4))


STARTED = "started as process"
SINGLE = CLUSTER.replace("clusterSize: 3", "clusterSize: 1").replace("  topology: {synchronous: {mode: quorum}}\n", "")
KEEPING = CLUSTER.replace("deletionPolicy: Delete", "deletionPolicy: Retain")


def test_fewer_instances_keep_what_the_primary_has_down_to_one(laptop: Laptop, note: Note) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "100s", text=KEEPING)
    trio = Trio(laptop)
    trio.until_whole()
    laptop.do("op", "switchover", "main", "to=main-3", "--timeout", "60s")
    trio.until_whole()
    trio.sql("main-3", "create table kept as select generate_series(1, 1000) as number")
    starts = laptop.do("events").count(STARTED)
    laptop.do("delete", "databasecluster", "main", "--wait", "--timeout", "60s")
    assert laptop.do("events").count(STARTED) == starts > 0, "what goes is not started again"
    laptop.do("apply", "-f", "-", text=SINGLE)
    eventually(lambda: laptop.ready("databasecluster", "main")[1] == "DataOfReplica")
    assert "ask for clusterSize 3" in laptop.ready("databasecluster", "main")[2]
    laptop.do("apply", "-f", "-", text=CLUSTER)
    trio.until_whole()
    assert trio.sql(trio.primary(), "select count(*) from kept") == [(1000,)]
    if trio.primary() == "main":
        laptop.do("op", "switchover", "main", "--timeout", "60s")
    began = time.monotonic()
    laptop.do("apply", "-f", "-", "--wait", "--timeout", "100s", text=SINGLE)
    note("from three to one", time.monotonic() - began)
    assert laptop.sql("select count(*) from kept") == [(1000,)]
    assert laptop.sql("select count(*) from pg_replication_slots") == [(0,)]
    assert laptop.do("get", "pods", "-o", "name").split() == []
    eventually(lambda: laptop.do("get", "configmaps", "-o", "name").split() == [])
    names = laptop.do("get", "processes.laptop.dbaas.io", "-o", "json")
    assert [each["metadata"]["name"] for each in json.loads(names)["items"]] == ["main"]
    laptop.do("apply", "-f", "-", text=CLUSTER)
    trio.until_whole()
    for name in NAMES:
        eventually(lambda name=name: trio.sql(name, "select count(*) from kept") == [(1000,)])
    delete_with_all(trio)
