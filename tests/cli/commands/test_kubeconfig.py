"""Where other clients find the laptop."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.cli.application import execute
from dbaas.cli.exits import ExitCode
from dbaas.core.home import Home
from dbaas.core.secrets import Secret

Capture = pytest.CaptureFixture[str]


def test_the_path_is_printed_alone(tmp_path: Path, capsys: Capture) -> None:
    Home(tmp_path).write_kubeconfig("http://127.0.0.1:6440", Secret("t0ken"))
    assert execute(["kubeconfig", "--home", str(tmp_path)]) == ExitCode.OK
    assert capsys.readouterr() == (f"{tmp_path}/kubeconfig\n", "")


def test_the_home_may_be_in_the_environment(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBAAS_HOME", str(tmp_path))
    Home(tmp_path).write_kubeconfig("http://127.0.0.1:6440", Secret("t0ken"))
    assert execute(["kubeconfig"]) == ExitCode.OK
    assert capsys.readouterr().out == f"{tmp_path}/kubeconfig\n"


def test_a_home_that_was_never_up_has_none(tmp_path: Path, capsys: Capture) -> None:
    assert execute(["kubeconfig", "--home", str(tmp_path)]) == ExitCode.UNREACHABLE
    assert capsys.readouterr() == ("", f"error: there is no laptop in {tmp_path} yet\n  start it: dbaas up -d\n")
