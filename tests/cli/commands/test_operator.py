"""Tests of `dbaas operator`: what flags and environment come to. What it runs is tested in tests/app."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.api.resource import Key
from dbaas.app.partition import BadSelector
from dbaas.cli.application import execute
from dbaas.cli.commands.operator import OperatorOptions, find_access, parse_address, read_settings
from dbaas.cli.exits import WrongUsage


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    file = tmp_path / "kubeconfig"
    file.write_text(
        "current-context: it\n"
        "clusters: [{name: it, cluster: {server: 'http://127.0.0.1:1'}}]\n"
        "contexts: [{name: it, context: {cluster: it, namespace: home}}]\n"
    )
    return str(file)


def test_without_a_word_it_works_everywhere_and_takes_the_lease_of_its_own_namespace(kubeconfig: str) -> None:
    settings = read_settings(OperatorOptions(kubeconfig=kubeconfig), {})
    assert settings.namespaces == ()
    assert settings.lease == Key("home", "dbaas-operator")
    assert (settings.metrics_host, settings.metrics_port) == ("", 8080)
    assert settings.webhooks is not None
    assert settings.webhooks.secret == Key("home", "dbaas-webhooks")
    assert settings.webhooks.configuration == "home-operator"
    assert settings.webhooks.certificates is None


def test_what_is_said_counts(kubeconfig: str) -> None:
    settings = read_settings(
        OperatorOptions(
            kubeconfig=kubeconfig, namespaces="a, b,a", selector="team=x", leader_elect=False, webhooks=False,
            metrics_address="[::1]:1",
        ),
        {},
    )  # fmt: skip
    assert settings.namespaces == ("a", "b")
    assert settings.labels == {"team": "x"}
    assert settings.lease is None
    assert settings.webhooks is None
    assert (settings.metrics_host, settings.metrics_port) == ("::1", 1)


def test_certificates_may_be_those_of_a_folder(kubeconfig: str) -> None:
    settings = read_settings(OperatorOptions(kubeconfig=kubeconfig, webhook_certificates="/certificates"), {})
    assert settings.webhooks is not None
    assert settings.webhooks.certificates == Path("/certificates")


def test_a_selector_that_cannot_be_given_to_new_objects_is_refused(kubeconfig: str) -> None:
    with pytest.raises(BadSelector):
        read_settings(OperatorOptions(kubeconfig=kubeconfig, selector="team!=x"), {})


@pytest.mark.parametrize("text", ["8080", "host", ":x", ":70000", ""])
def test_an_address_without_a_port_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match=r"is not of the form \[HOST\]:PORT"):
        parse_address(text)


def test_no_cluster_is_taken_because_it_is_at_hand(kubeconfig: str) -> None:
    with pytest.raises(WrongUsage, match="which cluster"):
        find_access(OperatorOptions(), {"KUBECONFIG": kubeconfig})
    assert find_access(OperatorOptions(context="it"), {"KUBECONFIG": kubeconfig}).context == "it"


def test_the_environment_says_what_no_flag_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DBAAS_METRICS_ADDRESS", "nonsense")
    monkeypatch.setenv("DBAAS_KUBECONFIG", "/nowhere")
    assert execute(["operator"]) == 1
    assert "kubeconfig" in capsys.readouterr().err
    monkeypatch.delenv("DBAAS_KUBECONFIG")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert execute(["operator"]) == 2


def test_an_unknown_log_level_is_refused(kubeconfig: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["operator", "--kubeconfig", kubeconfig, "--log-level", "loud"]) == 2
    assert "there is no log level 'loud'" in capsys.readouterr().err
