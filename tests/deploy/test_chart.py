"""The Helm chart gives what `dbaas install` applies, refuses values that are wrong, and leaves what is people's."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbaas.cli.application import execute
from fixtures.control_plane import running_control_plane

CHART = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "dbaas"
HOME = "dbaas-system"
INSTANCE = {
    "apiVersion": "dbaas.io/v1",
    "kind": "DatabaseInstance",
    "metadata": {"name": "main", "namespace": "default", "finalizers": ["dbaas.io/cleanup"]},
    "spec": {"engine": "postgres", "connection": {"host": "db.test", "port": 5432, "secretRef": {"name": "admin"}}},
}

pytestmark = pytest.mark.kube_apiserver
Bodies = dict[tuple[str, str, str], dict[str, Any]]
WHOLE: dict[str, Any] = {}
SOME = {"namespaces": ["shop", "billing"]}
OFF = {"webhooks": "off", "replicas": 1, "image": {"repository": "example.org/dbaas", "tag": "7"}}


@pytest.mark.parametrize(
    ("values", "arguments"),
    [
        (WHOLE, ()),
        (SOME, ("--namespaced", "shop,billing")),
        ({"namespaces": ["shop", HOME]}, ("--namespaced", f"shop,{HOME}")),
        ({"namespaces": ["default"], "webhooks": "off"}, ("--namespaced", "default", "--webhooks", "off")),
        ({"webhooks": "cert-manager", **SOME}, ("--webhooks", "cert-manager", "--namespaced", "shop,billing")),
        ({"selector": {"team": "a", "zone": "b"}}, ("--selector", "team=a,zone=b")),
        ({"monitoring": True}, ("--monitoring",)),
        (
            {"monitoring": True, "webhooks": "off", **SOME},
            ("--monitoring", "--webhooks", "off", "--namespaced", "shop,billing"),
        ),
        (OFF, ("--webhooks", "off", "--replicas", "1", "--image", "example.org/dbaas:7")),
    ],
)
def test_the_chart_gives_what_install_applies(
    helm: Path, values: dict[str, Any], arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    made = _run(helm, "template", "dbaas", CHART, "-n", HOME, "--include-crds", values=values)
    assert execute(["install", "--dry-run", *arguments]) == 0
    found, wanted = _read(made.stdout), _read(capsys.readouterr().out)
    del wanted["Namespace", "", HOME]  # Helm's own affair
    entry = next(body for body in found.values() if body["kind"] == "DatabaseEngine")
    assert entry["metadata"].pop("annotations") == {"helm.sh/resource-policy": "keep"}
    assert found.keys() == wanted.keys()
    assert [name for name, body in found.items() if body != wanted[name]] == []


def test_what_is_usual_for_pods_reaches_them(helm: Path) -> None:
    values = {
        "image": {"digest": f"sha256:{'a' * 64}", "pullPolicy": "Always", "pullSecrets": [{"name": "registry"}]},
        "resources": {"limits": {"memory": "1Gi"}},
        "env": [{"name": "OTEL_EXPORTER_OTLP_ENDPOINT", "value": "http://collector:4318"}],
        "podAnnotations": {"a": "b"},
        "nodeSelector": {"disk": "fast"},
        "tolerations": [{"operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
        "priorityClassName": "high",
    }
    made = _read(_run(helm, "template", "dbaas", CHART, "-n", HOME, values=values).stdout)
    template = made["Deployment", HOME, "dbaas-operator"]["spec"]["template"]
    pod, (container,) = template["spec"], template["spec"]["containers"]
    assert template["metadata"]["annotations"] == values["podAnnotations"]
    assert container["image"] == f"dbaas@sha256:{'a' * 64}"
    assert (container["imagePullPolicy"], pod["imagePullSecrets"]) == ("Always", [{"name": "registry"}])
    assert (container["resources"], container["env"]) == (values["resources"] | _usual("requests"), values["env"])
    for name in ("nodeSelector", "tolerations", "affinity", "priorityClassName"):
        assert pod[name] == values[name]


def _usual(name: str) -> dict[str, Any]:
    """Maps are merged with those that the chart brings."""
    return {name: yaml.safe_load((CHART / "values.yaml").read_text())["resources"][name]}


def test_without_a_catalogue_there_are_no_engines(helm: Path) -> None:
    made = _run(helm, "template", "dbaas", CHART, "-n", HOME, values={"catalogue": False})
    assert "DatabaseEngine" not in {kind for kind, _, _ in _read(made.stdout)}


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"replica": 3}, "replica"),
        ({"replicas": "3"}, "replicas"),
        ({"replicas": -1}, "replicas"),
        ({"webhooks": "on"}, "webhooks"),
        ({"monitoring": "yes"}, "monitoring"),
        ({"namespaces": "shop"}, "namespaces"),
        ({"namespaces": ["Shop"]}, "namespaces/0"),
        ({"namespaces": ["shop", "shop"]}, "namespaces"),
        ({"selector": {"team": 1}}, "selector/team"),
        ({"selector": {"team": "a,b"}}, "selector/team"),
        ({"image": {"name": "dbaas"}}, "image"),
        ({"image": {"digest": "latest"}}, "image/digest"),
        ({"image": None}, "image"),
        ({"env": [{"name": "A", "value": 1}]}, "env/0/value"),
    ],
)
def test_wrong_values_are_refused_by_name(helm: Path, values: dict[str, Any], place: str) -> None:
    refused = _run(helm, "template", "dbaas", CHART, values=values, check=False)
    assert refused.returncode != 0
    assert place in refused.stderr
    assert "don't meet the specifications of the schema" in refused.stderr


def test_the_chart_has_no_faults_that_helm_knows(helm: Path) -> None:
    assert "0 chart(s) failed" in _run(helm, "lint", CHART, "--strict").stdout


@pytest.fixture(scope="module")
def cluster(kube_assets: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Cluster]:
    """A control plane of its own: definitions are everybody's in a cluster."""
    base = tmp_path_factory.getbasetemp()
    with running_control_plane(
        kube_assets, (base if worker_id == "master" else base.parent) / f"chart-kube-{worker_id}"
    ) as state:
        yield Cluster(kube_assets, state / "kubeconfig")


class Cluster:
    """A real API server, and people's tools on it."""

    def __init__(self, assets: Path, kubeconfig: Path) -> None:
        self._assets = assets
        self._kubeconfig = kubeconfig

    def helm(self, *arguments: object, values: dict[str, Any] | None = None, check: bool = True) -> Ended:
        where = ("--kubeconfig", self._kubeconfig)
        return _run(self._assets / "helm", *arguments, *where, values=values, check=check)

    def kubectl(self, *arguments: object, text: str = "") -> str:
        command = [str(each) for each in (self._assets / "kubectl", "--kubeconfig", self._kubeconfig, *arguments)]
        ended = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def names(self, kind: str, *arguments: str) -> set[str]:
        lines = self.kubectl("get", kind, *arguments, "--ignore-not-found", "-o", "name").split()
        return {line.partition("/")[2] for line in lines}


@pytest.mark.slow
def test_a_release_comes_changes_and_goes_and_leaves_what_is_peoples(helm: Path, cluster: Cluster) -> None:
    release = ("dbaas", CHART, "-n", HOME)
    told = cluster.helm("install", *release, "--create-namespace")
    assert "kubectl -n dbaas-system rollout status" in told.stdout
    assert cluster.names("deployments", "-n", HOME) == {"dbaas-operator"}
    assert cluster.names("databaseengines.dbaas.io") == {"postgres"}
    cluster.kubectl("apply", "-f", "-", text=json.dumps(INSTANCE))

    for name in SOME["namespaces"]:
        cluster.kubectl("create", "namespace", name)
    cluster.helm("upgrade", *release, values=SOME)
    assert "--namespaces=shop,billing" in cluster.kubectl(
        "get", "deployment", "dbaas-operator", "-n", HOME, "-o", "yaml"
    )
    version = cluster.kubectl(
        "get", "deployment", "dbaas-operator", "-n", HOME, "-o", "jsonpath={.metadata.generation}"
    )
    cluster.helm("upgrade", *release, values=SOME)
    again = cluster.kubectl("get", "deployment", "dbaas-operator", "-n", HOME, "-o", "jsonpath={.metadata.generation}")
    assert again == version, "the second time nothing changes"

    definitions = cluster.names("customresourcedefinitions")
    cluster.helm("uninstall", "dbaas", "-n", HOME)
    labelled = ("-A", "-l", f"dbaas.io/installation={HOME}")
    for kind in ("deployments", "services", "roles", "rolebindings", "clusterroles", "clusterrolebindings"):
        assert cluster.names(kind, *labelled) == set(), kind
    assert cluster.names("customresourcedefinitions") == definitions
    assert cluster.names("databaseinstances.dbaas.io", "-n", "default") == {"main"}
    assert cluster.names("databaseengines.dbaas.io") == {"postgres"}

    cluster.helm("install", *release)
    assert cluster.names("databaseinstances.dbaas.io", "-n", "default") == {"main"}


@pytest.mark.slow
def test_older_definitions_are_brought_up_to_date_before_the_operator(helm: Path, cluster: Cluster) -> None:
    release = ("second", CHART, "-n", "second", "--create-namespace")
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", CHART / "crds")
    label = ("label", "customresourcedefinition", "databases.dbaas.io", "--overwrite")
    cluster.kubectl(*label, "app.kubernetes.io/version=0.0.9")
    refused = cluster.helm("install", *release, values={"catalogue": False}, check=False)
    assert "the definitions in this cluster are of version 0.0.9" in refused.stderr
    assert cluster.names("deployments", "-n", "second") == set()
    shown = cluster.helm("show", "crds", CHART).stdout
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=shown)
    cluster.helm("install", *release, values={"catalogue": False})
    cluster.helm("uninstall", "second", "-n", "second")


Ended = subprocess.CompletedProcess[str]


def _run(program: Path, *arguments: object, values: dict[str, Any] | None = None, check: bool = True) -> Ended:
    command = [str(each) for each in (program, *arguments)]
    given = json.dumps(values or {}) if arguments[0] in ("template", "install", "upgrade") else None
    command += ["--values", "-"] if given else []
    ended = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert ended.returncode == 0 or not check, ended.stderr
    return ended


def _read(text: str) -> Bodies:
    documents = [document for document in yaml.load_all(text, yaml.CSafeLoader) if document]
    return {(d["kind"], d["metadata"].get("namespace", ""), d["metadata"]["name"]): d for d in documents}
