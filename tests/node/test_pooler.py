"""A pooler on a real node: clients come by its Service, encrypted and verified, and it follows the primary."""

from __future__ import annotations

import base64
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from node.conftest import Node, until

pytestmark = [pytest.mark.node, pytest.mark.timeout(1200)]
NAMESPACE = "till"
CLUSTER = """
apiVersion: dbaas.io/v1
kind: DatabaseCluster
metadata: {{name: kiosk}}
spec:
  engine: {{type: postgresql, version: "15"}}
  clusterSize: 2
  profile: dev
  tls: {{}}
  proxy: {proxy}
  deletionPolicy: Delete
  deletionProtection: false
"""
USER = """
apiVersion: dbaas.io/v1
kind: DatabaseUser
metadata: {name: app}
spec: {instanceRef: {name: kiosk}}
"""
POOLED = "{enabled: true, replicas: 2}"
PLACE = f"kiosk-pooler.{NAMESPACE}.svc.cluster.local"
ENCRYPTED = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
WHERE = f"SELECT host(inet_server_addr()), NOT pg_is_in_recovery(), ({ENCRYPTED})"
NOWHERE = ("", False, False)
Record = Callable[[str, object], None]


def test_a_pooler_lets_clients_in_and_follows_the_primary(
    operated: Node, tmp_path: Path, record_property: Record
) -> None:
    kiosk = Kiosk(operated, tmp_path / "ca.crt")
    kiosk.open()
    kiosk.refuse_others()
    kiosk.mislead()
    record_property("switchover: clients of the pooler write again after, s", kiosk.switch_over())
    record_property("a pooler that is halted is told and left out after, s", kiosk.halt_one())
    kiosk.heal()
    kiosk.change()
    kiosk.close()


class Kiosk:
    """Of two instances, with a pooler before them."""

    def __init__(self, node: Node, trusted: Path) -> None:
        self._node = node
        self._trusted = trusted

    def open(self) -> None:
        self._node.run("create", "namespace", NAMESPACE)
        self._node.run("label", "namespace", NAMESPACE, "pod-security.kubernetes.io/enforce=restricted")
        self._node.apply(NAMESPACE, CLUSTER.format(proxy=POOLED))
        self._node.apply(NAMESPACE, USER)
        until(self.is_whole, "the cluster and its pooler are Ready")
        until(lambda: self._node.is_ready(NAMESPACE, "databaseusers", "app"), "there is somebody to come")
        login = self._node.secret(NAMESPACE, "app-credentials")
        self._trusted.write_text(login["ca.crt"])
        assert self._status()["proxy"]["endpoint"] == f"{PLACE}:6432"
        assert self.ask() == (self._address(self._primary()), True, True), "encrypted on the way to the server as well"

    def refuse_others(self) -> None:
        """A wrong password, and the administrator; and nothing of the latter is in the pooler's pods."""
        for wrong in ({"password": "wrong"}, {"secret": "kiosk-credentials"}):
            with pytest.raises(psycopg.OperationalError):
                self.connect(**wrong)
        administrator = self._node.secret(NAMESPACE, "kiosk-credentials")["password"]
        for pod in self._pods():
            told = read_files(pod, "var/lib/dbaas") + read_files(pod, "etc/dbaas")
            assert "dbaas-pooler" in told and administrator not in told

    def mislead(self) -> None:
        """The Service leads to the replica, as it may for a moment after a switchover: no client gets there."""
        self._pause("true")
        self._lead_to("replica")
        until(lambda: self._endpoints() == {self._address(self._replica())}, "the Service leads to the replica")
        for _ in range(3):
            assert self.ask(dbname="template1") == NOWHERE, "nobody has been there before, so there is no pool"
        self._lead_to("primary")
        self._pause("")
        until(lambda: self.ask(dbname="template1")[1], "whoever comes now is led to the primary")

    def switch_over(self) -> float:
        former = self._primary()
        with self.connect() as held:
            held.execute("SELECT 1")
            self._node.dbaas("op", "switchover", "kiosk", "--namespace", NAMESPACE, "--no-wait")
            until(lambda: self._primary() not in ("", former), "another one is the primary")
            took = until(lambda: self.ask() == (self._address(self._primary()), True, True), "the pooler leads there")
            with pytest.raises(psycopg.OperationalError):
                held.execute("SELECT 1")
        until(self.is_whole, "all is well again")
        for _ in range(20):
            assert self.ask()[1], "no connection to the former primary is left in a pool"
        return took

    def halt_one(self) -> float:
        """Connections are still accepted for it, but not by it."""
        halted = find_pooler(self._pods()[0])
        os.kill(halted, signal.SIGSTOP)
        try:
            took = until(lambda: self._status()["proxy"]["readyReplicas"] == 1, "one does not answer")
            condition = next(c for c in self._status()["conditions"] if c["type"] == "Ready")
            assert condition["reason"] == "PoolerNotReady" and "1 of 2 poolers are ready" in condition["message"]
            until(lambda: self.ask()[1], "clients go to the other one")
        finally:
            with suppress(ProcessLookupError):
                os.kill(halted, signal.SIGCONT)
        until(self.is_whole, "it answers again")
        return took

    def heal(self) -> None:
        before = self._uid()
        for each in ("deployment/kiosk-pooler", "service/kiosk-pooler", "networkpolicy/kiosk-pooler"):
            self._lose(each)
        self._lose("configmap/kiosk-pooler-settings")
        until(lambda: self._uid() not in ("", before) and self.is_whole(), "the pooler is there again")
        until(lambda: self.ask()[1], "it lets clients in")

    def change(self) -> None:
        """A certificate is read without another pod; a client that is there notices neither."""
        pods, former = self._pods(), self._certificate()
        with self.connect() as held:
            held.execute("SELECT 1")
            self._lose("secret/kiosk-certificate")
            until(lambda: former != self._certificate() == self._shown(), "the pooler shows the new certificate")
            assert self.ask() == (self._address(self._primary()), True, True)
            held.execute("SELECT 1")
        assert self._pods() == pods

    def close(self) -> None:
        """First the pooler alone, then the rest. Nothing is left."""
        self._node.apply(NAMESPACE, CLUSTER.format(proxy="{enabled: false}"))
        until(lambda: not [each for each in self._node.left(NAMESPACE) if "pooler" in each], "the pooler has gone")
        until(lambda: self._node.is_ready(NAMESPACE, "databaseclusters", "kiosk"), "the cluster is Ready without it")
        self._node.run("-n", NAMESPACE, "delete", "databaseusers.dbaas.io", "app")
        self._node.run("-n", NAMESPACE, "delete", "databaseclusters.dbaas.io", "kiosk", "--wait=false")
        until(lambda: not self._node.left(NAMESPACE), "nothing is left")

    def _lose(self, what: str) -> None:
        """Without waiting: kubectl takes what is made anew at once for what is not gone yet."""
        self._node.run("-n", NAMESPACE, "delete", what, "--wait=false")

    def is_whole(self) -> bool:
        is_ready = self._node.is_ready(NAMESPACE, "databaseclusters", "kiosk")
        return is_ready and bool(self._status()["proxy"]["ready"])

    def ask(self, **more: Any) -> tuple[str, bool, bool]:
        """Where a client gets to, whether it may write there, and whether the pooler has encrypted the way."""
        with suppress(psycopg.OperationalError), self.connect(**more) as connection:
            address, writes, encrypted = connection.execute(WHERE).fetchone() or NOWHERE
            return str(address), bool(writes), bool(encrypted)
        return NOWHERE

    def connect(self, secret: str = "app-credentials", **more: Any) -> psycopg.Connection[Any]:
        login, found = self._node.secret(NAMESPACE, secret), self._node.get("service", "-n", NAMESPACE, "kiosk-pooler")
        usual = {"password": login["password"], "user": login["username"], "dbname": "postgres"}
        return psycopg.connect(
            host=PLACE, hostaddr=found["spec"]["clusterIP"], port=6432, connect_timeout=5, autocommit=True,
            sslmode="verify-full", sslrootcert=str(self._trusted), tcp_user_timeout=5000, **{**usual, **more},
        )  # fmt: skip

    def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = self._node.get("databaseclusters.dbaas.io", "-n", NAMESPACE, "kiosk")["status"]
        return found

    def _primary(self) -> str:
        return str(self._status()["database"].get("primaryInstance", ""))

    def _replica(self) -> str:
        return next(name for name in ("kiosk", "kiosk-2") if name != self._primary())

    def _pause(self, said: str) -> None:
        note = f"dbaas.io/paused={said}" if said else "dbaas.io/paused-"
        self._node.run("-n", NAMESPACE, "annotate", "databaseclusters.dbaas.io", "kiosk", note)

    def _lead_to(self, role: str) -> None:
        patch = f'{{"spec": {{"selector": {{"dbaas.io/role": "{role}"}}}}}}'
        self._node.run("-n", NAMESPACE, "patch", "service", "kiosk-rw", "--type=merge", "-p", patch)

    def _endpoints(self) -> set[str]:
        found = self._node.get("endpointslices", "-n", NAMESPACE, "-l", "kubernetes.io/service-name=kiosk-rw")["items"]
        return {address for piece in found for each in piece.get("endpoints") or () for address in each["addresses"]}

    def _address(self, instance: str) -> str:
        pod = self._node.get("pod", "-n", NAMESPACE, f"{instance}-0")
        return str(pod["status"].get("podIP", "")) if pod else ""

    def _pods(self) -> list[str]:
        found = self._node.get("pods", "-n", NAMESPACE, "-l", "dbaas.io/pooler=kiosk")["items"]
        return sorted(each["metadata"]["name"] for each in found if "deletionTimestamp" not in each["metadata"])

    def _uid(self) -> str:
        found = self._node.get("deployment", "-n", NAMESPACE, "kiosk-pooler")
        return str(found["metadata"]["uid"]) if found else ""

    def _certificate(self) -> str:
        found = self._node.get("secret", "-n", NAMESPACE, "kiosk-certificate")
        return base64.b64decode(found["data"]["tls.crt"]).decode().strip() if found else "none"

    def _shown(self) -> str:
        """What every pooler has read."""
        shown = {read_files(pod, "var/lib/dbaas", "server.crt").strip() for pod in self._pods()}
        return shown.pop() if len(shown) == 1 else ""


def find_pooler(pod: str) -> int:
    """Its process, as this machine sees it: a pod's name is the name of its host."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            environment = (process / "environ").read_bytes().split(b"\0")
            if (process / "comm").read_text() == "pgbouncer\n" and f"HOSTNAME={pod}".encode() in environment:
                return int(process.name)
    raise AssertionError(f"no PgBouncer of {pod} runs")


def read_files(pod: str, folder: str, name: str = "*") -> str:
    """All files of that name in a folder of its container, one behind the other."""
    top = Path("/proc") / str(find_pooler(pod)) / "root" / folder
    return "".join(file.read_text() for file in sorted(top.rglob(name)) if file.is_file())
