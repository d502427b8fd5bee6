"""What kustomize makes of deploy/kustomize is what `dbaas install` would apply, and kubectl alone installs it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.cli.application import execute
from fixtures.control_plane import running_control_plane

PROJECT = Path(__file__).resolve().parents[2]
ROOT = PROJECT / "deploy" / "kustomize"

pytestmark = pytest.mark.kube_apiserver
SENT_ANEW = "poddisruptionbudget.policy/dbaas-operator configured"
"""kubectl sends its selector each time, because that is replaced as a whole, and nothing changes by it."""
Bodies = dict[tuple[str, str, str], dict[str, Any]]


@pytest.mark.parametrize(
    ("folder", "arguments"),
    [
        ("base", ()),
        ("overlays/namespaced", ("--namespaced", "shop")),
        ("overlays/cert-manager", ("--webhooks", "cert-manager")),
        ("overlays/monitoring", ("--monitoring",)),
    ],
)
def test_kustomize_makes_what_install_applies(
    kube_assets: Path, folder: str, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    made = _kubectl(kube_assets, "kustomize", str(ROOT / folder))
    assert execute(["install", "--dry-run", *arguments]) == 0
    wanted = _read(capsys.readouterr().out)
    for body in wanted.values():
        if body["kind"] == "CustomResourceDefinition":
            del body["metadata"]["labels"]  # files of definitions are nobody's installation
    found = {name: body for name, body in _read(made).items() if name[0] != "ConfigMap"}  # dashboards
    wanted = {name: body for name, body in wanted.items() if body["kind"] != "DatabaseEngine"}  # in a folder of its own
    assert found.keys() == wanted.keys()
    assert [name for name, body in found.items() if body != wanted[name]] == []


def test_the_catalogue_is_what_install_applies(kube_assets: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = _kubectl(kube_assets, "kustomize", str(ROOT / "catalogue"))
    assert execute(["install", "--dry-run"]) == 0
    wanted = {name: body for name, body in _read(capsys.readouterr().out).items() if name[0] == "DatabaseEngine"}
    assert _read(made) == wanted != {}


@pytest.mark.slow
def test_an_empty_cluster_takes_all_of_it_and_the_quickstart_by_kubectl_alone(
    kube_assets: Path, tmp_path: Path
) -> None:
    """Together with the equality above: what runs after `dbaas install` runs after this as well."""
    with running_control_plane(kube_assets, tmp_path / "kube") as state:

        def kubectl(*arguments: str) -> str:
            return _kubectl(kube_assets, "--kubeconfig", str(state / "kubeconfig"), *arguments)

        kubectl("apply", "-k", str(ROOT / "base"))
        kubectl("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
        kubectl("apply", "-k", str(ROOT / "catalogue"))
        for folder in ("base", "catalogue"):
            again = kubectl("apply", "-k", str(ROOT / folder)).splitlines()
            assert {line for line in again if not line.endswith(" unchanged")} <= {SENT_ANEW}
        assert kubectl("get", "pdb", "-A", "-o", "jsonpath={.items[*].metadata.generation}") == "1"
        quickstart = ("-f", str(PROJECT / "samples" / "01-quickstart"), "--validate=strict")
        made = kubectl("apply", *quickstart).splitlines()
        assert made and all(line.endswith(" created") for line in made)


def _kubectl(kube_assets: Path, *arguments: str) -> str:
    done = subprocess.run([kube_assets / "kubectl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _read(text: str) -> Bodies:
    documents = [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]
    return {(d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]): d for d in documents}
