"""The schemas of the built-in kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dbaas.apiserver.builtins.definitions import components, definitions

ROOT = Path(__file__).resolve().parents[3]


def test_a_component_comes_with_all_that_it_refers_to() -> None:
    found = components("io.k8s.api.core.v1.Pod")
    assert "io.k8s.api.core.v1.SecretKeySelector" in found
    assert "io.k8s.api.batch.v1.Job" not in found


def test_no_description_was_taken_over() -> None:
    pod = definitions()["io.k8s.api.core.v1.Pod"]
    assert "description" not in pod
    assert "description" not in pod["properties"]["spec"]


def test_lists_have_the_keys_that_kubernetes_merges_them_by() -> None:
    spec = definitions()["io.k8s.api.core.v1.PodSpec"]["properties"]
    assert spec["containers"]["x-kubernetes-list-map-keys"] == ["name"]
    ports = definitions()["io.k8s.api.core.v1.ServiceSpec"]["properties"]["ports"]
    assert ports["x-kubernetes-list-map-keys"] == ["port", "protocol"]


@pytest.mark.kube_apiserver
def test_they_are_those_of_kube_apiserver(kube_assets: Path, kube_state: Path) -> None:
    arguments = ["--check", "--kubectl", str(kube_assets / "kubectl"), "--kubeconfig", str(kube_state / "kubeconfig")]
    made_anew = subprocess.run([sys.executable, "tools/builtin_schemas.py", *arguments], cwd=ROOT, check=False)
    assert made_anew.returncode == 0, "run tools/builtin_schemas.py"
