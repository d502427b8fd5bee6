"""What the README says of Kubernetes is enough: its own lines, on the samples as they are, by kubectl alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from docs.markdown import ROOT, blocks
from node.conftest import Node, until

pytestmark = [pytest.mark.node, pytest.mark.timeout(2400)]
NAMESPACE = "quickstart"
KEPT = {"secret/main-credentials", "persistentvolumeclaim/data-main-0"}


def test_the_quickstart_with_kubectl(operated: Node, tmp_path: Path) -> None:
    node = operated
    node.run("create", "namespace", NAMESPACE)
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_bytes(node.kubeconfig.read_bytes())
    run(node, kubeconfig, f"kubectl config set-context --current --namespace {NAMESPACE}")
    (lines,) = [block for block in blocks(ROOT / "README.md", "") if block.startswith("kubectl apply")]
    told = run(node, kubeconfig, lines)
    assert "database.dbaas.io/shop condition met" in told
    use(node)
    assert "unchanged" in (again := run(node, kubeconfig, lines)) and "configured" not in again
    run(node, kubeconfig, "kubectl delete -f samples/01-quickstart/ --timeout 5m")
    until(lambda: node.left(NAMESPACE) == KEPT, "nothing is left but what is to be kept")


def use(node: Node) -> None:
    """As the owner and as the application, by the Secrets that the samples speak of."""
    with node.log_in(NAMESPACE, "main-rw", "shop-owner-credentials") as connection:
        connection.execute("CREATE TABLE sales.orders (id int)")
    with node.log_in(NAMESPACE, "main-rw", "shop-app-credentials") as connection:
        assert connection.execute("SELECT current_database(), current_user").fetchone() == ("shop", "shop-app")
        connection.execute("INSERT INTO sales.orders VALUES (42)")
        assert connection.execute("SELECT id FROM sales.orders").fetchone() == (42,)


def run(node: Node, kubeconfig: Path, lines: str) -> str:
    """As they stand there, in a shell that stops at the first that fails; what they print."""
    environment = {**os.environ, "KUBECONFIG": str(kubeconfig), "PATH": f"{node.kubectl.parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["/bin/sh", "-ec", lines], env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
