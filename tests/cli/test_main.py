"""The entry point hands the exit code on, and ends quietly when it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from dbaas.cli.exits import ExitCode
from dbaas.cli.main import INTERRUPTED, run

PROGRAM = (sys.executable, "-c", "from dbaas.cli.main import run; run()")


@pytest.mark.parametrize(("arguments", "code"), [(["version"], 0), (["nonsense"], 2)])
def test_the_process_ends_with_the_code_of_the_command(
    arguments: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["dbaas", *arguments])
    before = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(SystemExit) as ended:
            run()
    finally:
        signal.signal(signal.SIGINT, before)  # a command that there is not leaves it as it is while modules are loaded
    assert ended.value.code == code


def test_an_interrupted_command_ends_quietly_with_the_code_of_shells(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        server = f"http://127.0.0.1:{silent.getsockname()[1]}"
        body = {
            "current-context": "silent", "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "silent", "context": {"cluster": "c", "user": "u"}}],
        }  # fmt: skip
        (tmp_path / "config").write_text(json.dumps(body))
        arguments = ("get", "databases", "--kubeconfig", str(tmp_path / "config"))
        running = subprocess.Popen([*PROGRAM, *arguments], stderr=subprocess.PIPE, text=True, env=dict(os.environ))
        connected, _ = silent.accept()
        with connected:
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (INTERRUPTED, "target: context silent\n")


def test_both_places_know_the_same_code() -> None:
    assert INTERRUPTED == ExitCode.INTERRUPTED
