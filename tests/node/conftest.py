"""A real node: this machine, with containerd, kubelet and kube-proxy, and images that are made here.

For `make e2e` alone: it takes minutes, root, and the machine's network. Everything that was started is stopped.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

TOOLS = Path(__file__).parents[2] / "tools" / "control_plane"
COMPONENTS = (
    "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy", "kubectl",
)  # fmt: skip
PROGRAMS = {"containerd": "containerd", "runc": "runc", "nft": "nftables", "mmdebstrap": "mmdebstrap"}
OPERATOR_IMAGE = "localhost/operator:local"
SYSTEM = "dbaas-system"
PATIENCE_SECONDS = 180.0


@dataclass(frozen=True)
class Node:
    """A cluster of this one machine."""

    kubeconfig: Path
    kubectl: Path

    def run(self, *arguments: str, body: str = "", check: bool = True) -> str:
        """kubectl; its answer."""
        command = [str(self.kubectl), "--kubeconfig", str(self.kubeconfig), *arguments]
        done = subprocess.run(command, input=body, capture_output=True, text=True, check=False)
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

    def dbaas(self, *arguments: str) -> str:
        command = [sys.executable, "-c", "from dbaas.cli.main import run; run()", *arguments]
        command += ["--kubeconfig", str(self.kubeconfig)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout


def until(holds: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS) -> float:
    """How long it took."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < seconds, f"after {seconds:g} s it still is not so: {what}"
        time.sleep(0.3)
    return time.monotonic() - began


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    assets = _require()
    state = tmp_path_factory.mktemp("node") / "kube"
    environment = {**os.environ, "KUBE_STATE": str(state), "KUBEBUILDER_ASSETS": str(assets)}

    def call(script: str, *arguments: str, check: bool = True) -> None:
        done = subprocess.run(
            [TOOLS / script, *arguments], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0 or not check, f"{script}: {done.stderr[-2000:]}"

    call("images.sh", "pause", "coredns", "postgres", "operator")
    call("up.sh", "--controllers", "--address", _address())
    try:
        call("node-up.sh")
        yield Node(state / "kubeconfig", assets / "kubectl")
    finally:
        call("node-down.sh", check=False)
        call("down.sh", check=False)


@pytest.fixture(scope="session")
def operated(node: Node) -> Node:
    """With the operator as a pod of our own image."""
    node.dbaas("install", "--image", OPERATOR_IMAGE, "--replicas", "1")
    node.run("-n", SYSTEM, "rollout", "status", "deployment/dbaas-operator", f"--timeout={PATIENCE_SECONDS:g}s")
    node.run(
        "patch", "databaseengines.dbaas.io", "postgres", "--type=merge", "-p",
        json.dumps({"spec": {
            "supportedVersions": ["15"],
            "images": [
                {"version": "15", "image": "localhost/postgres:local", "runAsUser": 100, "runAsGroup": 102}
            ],
        }}),
    )  # fmt: skip
    return node


def _require() -> Path:
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    reason = ""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        reason = "a node needs root on Linux"
    elif missing:
        reason = f"a node needs the Debian packages {' '.join(missing)} and containernetworking-plugins"
    found = subprocess.run([TOOLS / "ensure", "--check", *COMPONENTS], capture_output=True, text=True, check=False)
    reason = reason or found.stderr.strip()
    if not reason:
        return Path(found.stdout.strip())
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def _address() -> str:
    """One of this machine that pods reach."""
    found = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    if not found:
        pytest.skip("this machine has no address but loopback, which pods cannot reach")
    return found[0]
