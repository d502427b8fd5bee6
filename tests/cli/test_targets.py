"""Which server is meant: never a Kubernetes cluster by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dbaas.cli.exits import NothingRuns
from dbaas.cli.options import TargetOptions
from dbaas.cli.targets import select_target
from dbaas.core.home import Home, Running
from dbaas.core.secrets import Secret

SERVING = Running(17, "2026-01-01T00:00:00Z", "http://127.0.0.1:6440")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make(shared=False)
    return made


@pytest.fixture
def kubeconfig(tmp_path: Path) -> str:
    body = {
        "current-context": "production",
        "clusters": [{"name": "c", "cluster": {"server": "https://k8s.example"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "production", "context": {"cluster": "c", "user": "u"}}],
    }
    (tmp_path / "config").write_text(json.dumps(body))
    return str(tmp_path / "config")


def test_a_running_laptop_wins_over_the_environment(home: Home, kubeconfig: str) -> None:
    with home.hold(SERVING):
        target = select_target(TargetOptions(home=str(home.path)), {"KUBECONFIG": kubeconfig})
    assert (target.name, target.access.server) == ("laptop", SERVING.endpoint)


def test_the_environment_counts_where_no_laptop_runs(home: Home, kubeconfig: str) -> None:
    target = select_target(TargetOptions(home=str(home.path)), {"KUBECONFIG": kubeconfig})
    assert (target.name, target.home) == ("context production", None)


def test_a_kubeconfig_that_is_asked_for_wins(home: Home, kubeconfig: str) -> None:
    with home.hold(SERVING):
        target = select_target(TargetOptions(home=str(home.path), kubeconfig=kubeconfig), {})
    assert target.name == "context production"


def test_nothing_is_an_error_that_says_what_to_do(home: Home) -> None:
    with pytest.raises(NothingRuns) as caught:
        select_target(TargetOptions(home=str(home.path)), {})
    assert caught.value.advice[0] == "start it: dbaas up -d"


def test_a_laptop_that_is_only_starting_is_told(home: Home) -> None:
    with home.hold(Running(17)), pytest.raises(NothingRuns, match="starting or stopping"):
        select_target(TargetOptions(home=str(home.path)), {})


def test_the_laptops_own_kubeconfig_can_be_used_too(home: Home) -> None:
    home.write_kubeconfig(SERVING.endpoint, Secret("t0ken"))
    target = select_target(TargetOptions(home=str(home.path), kubeconfig=str(home.kubeconfig)), {})
    assert target.access.server == SERVING.endpoint
    assert target.access.token is not None
