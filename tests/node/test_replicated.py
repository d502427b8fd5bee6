"""A cluster of three on a real node: made of one, it loses its primary in every way and no acknowledged write."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from availability.ledger import Row, acknowledged, judge, measure_silence
from availability.load import MAKE_TABLE, READ_TABLE, Load, writing
from node.conftest import SYSTEM, Node, says_ready, until

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200)]
NAMESPACE, NODE_NAME = "bank", "node0"
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {{name: ledger}}
spec:
  engine: {{type: postgresql, version: "15"}}
  clusterSize: {size}
  {topology}
  profile: dev
  deletionPolicy: Delete
  deletionProtection: false
"""
QUORUM = "topology: {synchronous: {mode: quorum}}"
INSTANCES = ("ledger", "ledger-2", "ledger-3")
PRIMARY, REPLICA = "primary", "replica"
SQL_PORT = 5432
OPERATOR = "app.kubernetes.io/name=dbaas-operator"
TTL_SECONDS = 20.0  # the others wait so long for a sign of the primary
Record = Callable[[str, object], None]


def test_a_cluster_of_three_goes_on_without_its_primary(operated: Node, record_property: Record) -> None:
    bank = Bank(operated)
    operated.run("create", "namespace", NAMESPACE)
    operated.run("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
    record_property("one becomes three, s", bank.grow())
    with bank.seen.writing() as load:
        record_property("pod deleted by force, its node takes it no more: writes again after, s", bank.lose_pod())
        dead, elected = bank.freeze_patroni()
        record_property("Patroni halted: its server is dead after, s", dead)
        record_property("Patroni halted: another takes over after, s", elected)
        assert dead < TTL_SECONDS and dead < elected, "it is fenced before another one is elected"
        record_property("Patroni killed: its server is dead after, s", bank.kill_patroni())
        record_property("PostgreSQL killed: writes again after, s", bank.kill_server())
        record_property("operator killed: another is ready after, s", bank.kill_operator())
        record_property("switchover: longest time without a write, s", bank.switch_over(load))
    record_property("acknowledged writes, none lost", bank.seen.judge(load))
    record_property("three become one, s", bank.shrink())
    bank.check()
    bank.end()


class Bank:
    """Writes numbers one after the other, and keeps account of those that were acknowledged."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._acknowledged: list[int] = []
        self.seen = Seen(node)

    def grow(self) -> float:
        self._node.apply(NAMESPACE, CLUSTER.format(size=1, topology=""))
        until(lambda: self._node.is_ready(NAMESPACE, "databaseclusters", "ledger"), "one is Ready")
        with self.seen.connect() as connection:
            connection.execute("CREATE TABLE numbers (number int PRIMARY KEY)")
        assert self.write(), "one takes writes"
        self._node.apply(NAMESPACE, CLUSTER.format(size=3, topology=QUORUM))
        took = until(self.seen.is_whole, "three are Ready")
        assert self.write(), "what one was, three are"
        return took

    def lose_pod(self) -> float:
        """The node of the primary is lost, as far as its pod is concerned."""
        former = self.seen.primary()
        self._node.run("cordon", NODE_NAME)
        self._node.run("-n", NAMESPACE, "delete", "pod", former, "--force", "--grace-period=0")
        # Its server goes on for a moment after its pod is gone from the API.
        took = until(lambda: self.seen.primary() not in ("", former) and self.write(), "another one takes writes")
        self._node.run("uncordon", NODE_NAME)
        until(self.seen.is_whole, "the cluster is whole again")
        return took

    def freeze_patroni(self) -> tuple[float, float]:
        """How long its server lives on, and how long it takes until there is another primary."""
        former = self.seen.primary()
        patroni = find_patroni(former)
        server = find_server(patroni)
        began = time.monotonic()
        os.kill(patroni, signal.SIGSTOP)
        until(lambda: not Path(f"/proc/{server}").exists(), "its server is dead")
        dead = time.monotonic() - began
        until(lambda: self.seen.leader() not in ("", former), "another one has the lock")
        elected = time.monotonic() - began
        until(self.write, "another one takes writes")
        until(self.seen.is_whole, "the cluster is whole again")
        return dead, elected

    def kill_patroni(self) -> float:
        patroni = find_patroni(self.seen.primary())
        server = find_server(patroni)
        os.kill(patroni, signal.SIGKILL)
        took = until(lambda: not Path(f"/proc/{server}").exists(), "its server is dead")
        until(self.write, "some instance takes writes")
        until(self.seen.is_whole, "the cluster is whole again")
        return took

    def kill_server(self) -> float:
        """With its Patroni alive."""
        began = time.monotonic()
        os.kill(find_server(find_patroni(self.seen.primary())), signal.SIGKILL)
        until(lambda: self.write() and self.write(), "some instance takes writes")
        took = time.monotonic() - began
        until(self.seen.is_whole, "the cluster is whole again")
        return took

    def kill_operator(self) -> float:
        """Nobody but it notices."""
        former, before = self.seen.primary(), find_operators(self._node)
        self._node.run("-n", SYSTEM, "delete", "pod", "-l", OPERATOR, "--force", "--grace-period=0")
        took = until(
            lambda: any(find_operators(self._node).values()) and not before.keys() & find_operators(self._node),
            "it is back",
        )
        assert self.seen.primary() == former, "nothing fails over because of it"
        assert self.write(), "it takes writes"
        return took

    def switch_over(self, load: Load) -> float:
        former, began = self.seen.primary(), time.monotonic()
        self._node.dbaas("op", "switchover", "ledger", "--namespace", NAMESPACE, "--no-wait")
        until(lambda: self.seen.primary() not in ("", former) and self.seen.is_whole(), "another one is the primary")
        moved = time.monotonic()
        until(lambda: load.has_written(moved), "it takes writes")
        return measure_silence(load.attempts, began)

    def shrink(self) -> float:
        self._node.apply(NAMESPACE, CLUSTER.format(size=1, topology=""))
        took = until(lambda: self.seen.has({"ledger": "primary"}), "one is left")
        until(lambda: self.seen.pods() == {"ledger-0"}, "the others have gone")
        until(self.write, "it takes writes")  # its pod is made anew as that of a single one
        return took

    def check(self) -> None:
        """Everything that was acknowledged is there."""
        with self.seen.connect() as connection:
            found = {row[0] for row in connection.execute("SELECT number FROM numbers")}
        assert set(self._acknowledged) <= found and len(self._acknowledged) >= len(INSTANCES)

    def end(self) -> None:
        """Nothing is left, notes included."""
        self._node.run("-n", NAMESPACE, "delete", "databaseclusters.dbaas.io", "ledger", "--wait=false")
        until(lambda: not self._node.left(NAMESPACE), "nothing is left")

    def write(self) -> bool:
        """Whether it was acknowledged."""
        number = len(self._acknowledged)
        try:
            with self.seen.connect() as connection:
                connection.execute("SET statement_timeout = 3000")
                connection.execute("INSERT INTO numbers VALUES (%s) ON CONFLICT DO NOTHING", [number])
        except psycopg.Error:
            return False
        self._acknowledged.append(number)
        return True


class Seen:
    """The cluster as it looks from outside. `_by_address` are all pods of servers that were ever seen."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._by_address: dict[str, str] = {}

    @contextmanager
    def writing(self) -> Iterator[Load]:
        with self.connect() as connection:
            connection.execute(MAKE_TABLE)
        service = self._node.get("service", "-n", NAMESPACE, "ledger-rw")["spec"]
        ways = {name: (address, SQL_PORT) for address, name in self._look().items()}
        with writing({"rw": (service["clusterIP"], service["ports"][0]["port"]), **ways}, self._login()) as load:
            began = time.monotonic()
            until(lambda: load.has_written(began), "a row is acknowledged")
            yield load

    def judge(self, load: Load) -> int:
        """How many rows were acknowledged, if no instance lacks one of them and there were never two writers."""
        pods = self._look()
        wanted = {each.row for each in acknowledged(load.attempts)}
        until(lambda: all(wanted <= self._rows(address) for address in pods), "every instance has all rows")
        by_name = [
            replace(each, server=self._by_address.get(each.server.partition(":")[0], each.server))
            for each in load.attempts
        ]
        assert not judge(by_name, {name: self._rows(address) for address, name in pods.items()})
        return len(wanted)

    def primary(self) -> str:
        """The pod that has the role, and the lock."""
        found = (self._node.get("pods", "-n", NAMESPACE, "-l", "dbaas.io/role=primary") or {}).get("items", [])
        names = {pod["metadata"]["name"] for pod in found}
        return self.leader() if self.leader() in names else ""

    def leader(self) -> str:
        note = self._node.get("configmap", "-n", NAMESPACE, "ledger-leader")
        return str((note["metadata"].get("annotations") or {}).get("leader", ""))

    def is_whole(self) -> bool:
        """As the status tells, with one primary and two replicas."""
        self._look()
        return any(self.has({name: PRIMARY if name == one else REPLICA for name in INSTANCES}) for one in INSTANCES)

    def has(self, roles: dict[str, str]) -> bool:
        if not self._node.is_ready(NAMESPACE, "databaseclusters", "ledger"):
            return False
        status = self._node.get("databaseclusters.dbaas.io", "-n", NAMESPACE, "ledger")["status"]
        return bool(status["database"]["roles"] == roles)

    def pods(self) -> set[str]:
        return {pod["metadata"]["name"] for pod in self._node.get("pods", "-n", NAMESPACE)["items"]}

    def _look(self) -> dict[str, str]:
        """The pods of the servers that there are, by their addresses."""
        found = (self._node.get("pods", "-n", NAMESPACE, "-l", "dbaas.io/cluster=ledger") or {}).get("items", [])
        there = {pod["status"]["podIP"]: pod["metadata"]["name"] for pod in found if pod["status"].get("podIP")}
        self._by_address.update(there)
        return there

    def _login(self) -> dict[str, Any]:
        login = self._node.secret(NAMESPACE, "ledger-credentials")
        return {"user": login["username"], "password": login["password"], "dbname": "postgres"}

    def _rows(self, address: str) -> set[Row]:
        with psycopg.connect(host=address, port=SQL_PORT, **self._login(), connect_timeout=5) as connection:
            return {(way, number) for way, number in connection.execute(READ_TABLE)}

    def connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return self._node.log_in(NAMESPACE, "ledger-rw", "ledger-credentials")


def find_operators(node: Node) -> dict[str, bool]:
    """Whether each of its pods is ready."""
    found = (node.get("pods", "-n", SYSTEM, "-l", OPERATOR) or {}).get("items", [])
    return {pod["metadata"]["name"]: says_ready(pod["status"]) for pod in found}


def find_patroni(pod: str) -> int:
    """Its process, as this machine sees it."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"PATRONI_NAME={pod}".encode() in environment and any(word.endswith(b"/patroni") for word in command[:2]):
            return int(process.name)
    raise AssertionError(f"no Patroni of {pod} runs")


def find_server(patroni: int) -> int:
    """The oldest process of PostgreSQL in the same container."""
    space = Path(f"/proc/{patroni}/ns/pid").readlink()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns" / "pid").readlink() == space and (process / "comm").read_text() == "postgres\n":
                found.append(int(process.name))
        except OSError:
            continue
    assert found, "no server runs beside it"
    return min(found)
