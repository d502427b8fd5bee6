"""What is said where it cannot start; that it starts is shown by the real command in tests/e2e."""

from __future__ import annotations

from pathlib import Path

import pytest

from dbaas.cli.application import execute
from dbaas.cli.commands.up import describe_place
from dbaas.cli.exits import ExitCode
from dbaas.core.home import Home, Running

Capture = pytest.CaptureFixture[str]
SERVING = Running(17, "2026-01-01T00:00:00Z", "http://127.0.0.1:6440", "http://127.0.0.1:6441/metrics")


@pytest.mark.parametrize("arguments", [["up"], ["up", "-d"]])
@pytest.mark.parametrize("running", [SERVING, Running(17)], ids=["serving", "starting"])
def test_a_home_that_is_held_is_told_with_who_holds_it(
    arguments: list[str], running: Running, tmp_path: Path, capsys: Capture
) -> None:
    home = Home(tmp_path)
    home.make(shared=False)
    with home.hold(running):
        assert execute([*arguments, "--home", str(tmp_path)]) == ExitCode.ALREADY_RUNNING
    assert capsys.readouterr() == (
        "",
        f"error: dbaas already runs in {tmp_path}: process 17\n  see how it is: dbaas status\n  stop it: dbaas down\n",
    )


@pytest.mark.parametrize("arguments", [["up"], ["up", "-d"]])
def test_a_home_that_cannot_be_made_is_told(arguments: list[str], tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "file").write_text("in the way")
    assert execute([*arguments, "--home", str(tmp_path / "file")]) == ExitCode.FAILED
    assert capsys.readouterr().err == f"error: cannot use {tmp_path}/file as home folder: File exists\n"


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_wrong_usage(port: str, tmp_path: Path, capsys: Capture) -> None:
    assert execute(["up", "--home", str(tmp_path), "--port", port]) == ExitCode.USAGE
    assert "--port" in capsys.readouterr().err


def test_people_are_told_where_everything_is(tmp_path: Path) -> None:
    assert describe_place(Home(tmp_path), SERVING) == [
        "dbaas runs on this machine (process 17)",
        "  endpoint    http://127.0.0.1:6440",
        f"  kubeconfig  {tmp_path}/kubeconfig",
        f"  home        {tmp_path}",
        f"  log         {tmp_path}/logs/dbaas.log",
    ]
