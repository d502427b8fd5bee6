"""Tests of `dbaas install`: what is asked for, and what is shown. What it does to a cluster is tested in tests/app."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import yaml

from dbaas.api.core import NAMESPACE
from dbaas.api.resource import Key
from dbaas.cli.application import execute
from dbaas.cli.commands.install import InstallOptions, describe_wide_rights, name_cluster, read_installation
from dbaas.cli.exits import WrongUsage
from dbaas.contracts.client import NotFound
from dbaas.manifests.installation import build_installation
from fixtures.control_plane import running_control_plane
from fixtures.replicas import installed

pytestmark = pytest.mark.usefixtures("clean_environment")


def test_a_dry_run_prints_manifests_and_needs_no_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["install", "--dry-run", "--namespaced", "a,b", "--image", "registry.example/dbaas:7"]) == 0
    bodies = list(yaml.load_all(capsys.readouterr().out, yaml.CSafeLoader))
    (deployment,) = (body for body in bodies if body["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "registry.example/dbaas:7"
    assert "--namespaces=a,b" in container["args"]
    assert bodies[0]["kind"] == "CustomResourceDefinition"


def test_no_cluster_is_taken_because_it_is_at_hand(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["install"]) == 2
    assert "which cluster?" in capsys.readouterr().err


def test_a_cluster_of_the_environment_counts_and_never_the_laptop() -> None:
    assert name_cluster(InstallOptions(), {"KUBECONFIG": "/it"}).kubeconfig == "/it"
    assert name_cluster(InstallOptions(context="x"), {"KUBECONFIG": "/it"}).kubeconfig == ""


def test_the_image_is_that_of_this_version() -> None:
    asked = read_installation(InstallOptions())
    assert asked.image == f"dbaas:{asked.version}"


def test_a_list_of_no_namespaces_is_refused() -> None:
    with pytest.raises(WrongUsage):
        read_installation(InstallOptions(namespaced=" ,"))


def test_an_unknown_way_of_certificates_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["install", "--dry-run", "--webhooks", "none"]) == 2
    assert "cert-manager" in capsys.readouterr().err


def test_what_is_allowed_outside_of_the_namespaces_is_told_with_its_reason() -> None:
    options = InstallOptions(namespaced="a,b")
    reason, *lines, last = describe_wide_rights(build_installation(read_installation(options)))
    assert "what is in no namespace can be allowed only cluster-wide" in reason
    assert "  get, list, watch: namespaces" in lines
    assert "  get, patch: validatingwebhookconfigurations.admissionregistration.k8s.io (dbaas-system-operator)" in lines
    assert not [line for line in lines if "secrets" in line or "databases.dbaas.io" in line]
    assert "namespace default" in last


@pytest.mark.kube_apiserver
async def test_a_second_operator_for_the_same_objects_is_refused_with_both_ways_on(
    operated_kube_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with installed(operated_kube_state) as cluster:
        where = ["--kubeconfig", str(cluster.kubeconfig), "-n", f"{cluster.asked.namespace}-too"]
        where += ["--namespaced", f"{cluster.work},elsewhere"]
        assert await asyncio.to_thread(execute, ["install", *where]) == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert f"cannot install into namespace {cluster.asked.namespace}-too: " in said.err
        assert "work on the same objects" in said.err.replace("works", "work")
        assert "part them by --selector or --namespaced" in said.err
        assert f"dbaas uninstall -n {cluster.asked.namespace}" in said.err
        with pytest.raises(NotFound):
            await cluster.user.get(NAMESPACE, Key("", f"{cluster.asked.namespace}-too"))


@pytest.mark.kube_apiserver
async def test_a_second_time_there_is_nothing_to_change(
    kube_assets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a cluster where nobody else installs anything meanwhile: definitions are everybody's."""
    with running_control_plane(kube_assets, tmp_path / "kube") as state:
        async with installed(state) as cluster:
            arguments = ["--kubeconfig", str(cluster.kubeconfig), "-n", cluster.asked.namespace]
            arguments += ["--namespaced", cluster.work]
            first = await asyncio.to_thread(execute, ["install", *arguments])
            said = capsys.readouterr()
            assert first == 0, said.err
            assert "outside of these namespaces it may" in said.err
            assert f"Deployment {cluster.asked.namespace}/dbaas-operator changed" in said.out  # another image
            assert await asyncio.to_thread(execute, ["install", *arguments]) == 0
            said = capsys.readouterr()
            assert said.out == "nothing to change\n"
            assert "rollout status" in said.err
