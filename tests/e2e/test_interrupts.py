"""Ctrl-C ends every command quietly, at whatever it is, and leaves the laptop as it is."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from dbaas.cli.exits import ExitCode
from e2e.conftest import QUICKSTART, Ended, Laptop

pytestmark = [pytest.mark.real_server, pytest.mark.slow]

LOST = "{apiVersion: dbaas.io/v1, kind: Database, metadata: {name: lost}, spec: {instanceRef: {name: lost}}}"


def interrupt(shop: Laptop, *arguments: str) -> Ended:
    """Once the command has said where it works."""
    running = shop.start(*arguments)
    assert running.stderr is not None
    first = running.stderr.readline()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    return Ended(running.returncode, out, first + err)


@pytest.mark.parametrize(
    "arguments",
    [
        ("get", "databases", "-w"),
        ("events", "-w"),
        ("logs", "main", "-f"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_ctrl_c_ends_what_goes_on(shop: Laptop, arguments: tuple[str, ...]) -> None:
    ended = interrupt(shop, *arguments)
    assert ended.code == ExitCode.INTERRUPTED
    assert ended.err.startswith("target: laptop\n")
    assert "Traceback" not in ended.err


def test_ctrl_c_ends_a_wait_and_what_was_applied_stays(shop: Laptop, tmp_path: Path) -> None:
    (tmp_path / "lost.yaml").write_text(LOST)
    running = shop.start("apply", "-f", str(tmp_path / "lost.yaml"), "--wait")
    assert running.stdout is not None
    assert running.stdout.readline() == "database.dbaas.io/lost created\n"
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=30)
    assert running.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in err
    assert interrupt(shop, "wait", "database/lost", "--timeout", "60s").code == ExitCode.INTERRUPTED
    shop.do("delete", "database", "lost", "--timeout", "30s")


def test_ctrl_c_in_the_middle_of_a_plan_changes_nothing(shop: Laptop) -> None:
    ended = interrupt(shop, "plan", "-f", QUICKSTART)
    assert ended.code in (ExitCode.INTERRUPTED, ExitCode.OK)
    assert "Traceback" not in ended.err
    assert "0 statements; nothing was executed" in shop.do("plan", "-f", QUICKSTART)
