"""What kustomize makes of deploy/kustomize is what `dbaas install` would apply."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.cli.application import execute

ROOT = Path(__file__).resolve().parents[2] / "deploy" / "kustomize"

pytestmark = pytest.mark.kube_apiserver
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
    made = subprocess.run(
        [kube_assets / "kubectl", "kustomize", str(ROOT / folder)], capture_output=True, text=True, check=True
    )
    assert execute(["install", "--dry-run", *arguments]) == 0
    wanted = _read(capsys.readouterr().out)
    for body in wanted.values():
        if body["kind"] == "CustomResourceDefinition":
            del body["metadata"]["labels"]  # files of definitions are nobody's installation
    found = {name: body for name, body in _read(made.stdout).items() if name[0] != "ConfigMap"}  # dashboards
    wanted = {name: body for name, body in wanted.items() if body["kind"] != "DatabaseEngine"}  # in a folder of its own
    assert found.keys() == wanted.keys()
    assert [name for name, body in found.items() if body != wanted[name]] == []


def _read(text: str) -> Bodies:
    documents = [document for document in yaml.safe_load_all(text) if document]
    return {(d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]): d for d in documents}
