"""Starting and stopping, and what is said when it cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
from pathlib import Path

import pytest

from dbaas.cli.exits import ExitCode
from dbaas.core.home import Home
from e2e.conftest import QUICKSTART, Laptop, eventually

pytestmark = pytest.mark.slow


def test_the_second_up_says_who_runs(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    pid = json.loads((laptop.home / "lock").read_text())["pid"]
    for arguments in (("up",), ("up", "-d")):
        ended = laptop.run(*arguments)
        assert ended.code == ExitCode.ALREADY_RUNNING
        assert ended.err.startswith(f"error: dbaas already runs in {laptop.home}: process {pid}\n")


def test_commands_without_a_laptop_say_what_to_do(laptop: Laptop) -> None:
    for arguments in (("get", "databases"), ("apply", "-f", QUICKSTART), ("status",), ("wait", "all")):
        ended = laptop.run(*arguments)
        assert ended.code == ExitCode.UNREACHABLE
        assert "start it: dbaas up -d" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_cleanly(laptop: Laptop, number: signal.Signals) -> None:
    running = laptop.start("up")
    assert running.stdout is not None
    lines = [running.stdout.readline() for _ in range(6)]
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert lines[0].startswith("dbaas runs on this machine (process ")
    assert lines[5] == "  stop        Ctrl-C, or: dbaas down\n"
    assert running.returncode == 0
    assert err.startswith("stopping servers; their data is kept (once more to end at once") and "\nstopped\n" in err


@pytest.mark.real_server
def test_a_slow_stop_tells_what_it_waits_for_and_a_second_signal_ends_it_at_once(laptop: Laptop) -> None:
    running = laptop.start("up")
    assert running.stdout is not None and running.stderr is not None
    assert running.stdout.readline()
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    pid = laptop.read("process", "main")["status"]["pid"]
    os.kill(pid, signal.SIGSTOP)
    try:
        running.send_signal(signal.SIGINT)
        assert "once more to end at once and leave them running" in running.stderr.readline()
        assert "  waiting for servers to write everything and end: default.main" in running.stderr.readline()
        running.send_signal(signal.SIGINT)
        running.communicate(timeout=10)
        assert running.returncode == -signal.SIGINT
        assert "servers still run: default.main" in laptop.run("status").err
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.real_server
def test_a_clean_stop_and_a_start_are_no_trouble_worth_an_event(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    laptop.do("apply", "-f", QUICKSTART, "--wait", "--timeout", "60s")
    laptop.do("down")
    laptop.do("up", "-d")
    assert laptop.ready("instance", "main")[0] == "True"
    assert laptop.do("events", "--warnings") == ""
    assert laptop.read("process", "main")["status"]["restarts"] == 0


def test_a_watch_ends_quietly_when_interrupted(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    running = laptop.start("get", "engines", "-w")
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in err


def test_a_port_that_is_taken_is_told(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = laptop.run("up", "-d", "--port", str(port))
    assert ended.code == ExitCode.FAILED
    assert f"cannot listen on 127.0.0.1:{port}: the port is in use by another program" in ended.err


def test_an_output_that_takes_nothing_keeps_nobody_from_serving(laptop: Laptop) -> None:
    with Path("/dev/full").open("w") as full:
        running = laptop.start("up", output=full)
        eventually(lambda: laptop.run("get", "engines").code == ExitCode.OK)
        _, told = laptop.start("get", "engines", output=full).communicate(timeout=60)
    laptop.do("down")
    assert running.communicate(timeout=60)[1].endswith("\nstopped\n")
    assert told == (
        "target: laptop\nerror: cannot write what was asked for: No space left on device\n  make room on that disk\n"
    )


def test_the_port_and_the_token_stay_the_same(laptop: Laptop) -> None:
    kept = []
    for _ in range(2):
        laptop.do("up", "-d")
        kept.append((laptop.home / "kubeconfig").read_text())
        laptop.do("down")
    assert kept[0] == kept[1]


def test_the_laptops_kubeconfig_works_for_the_command_too(laptop: Laptop) -> None:
    laptop.do("up", "-d")
    path = laptop.do("kubeconfig").strip()
    assert "postgres" in laptop.do("get", "engines", "--kubeconfig", path)


def test_wrong_options_are_wrong_usage(laptop: Laptop) -> None:
    for arguments in (("get", "--no-such"), ("delete",), ("nonsense",), ("wait", "db", "--timeout", "soon")):
        ended = laptop.run(*arguments)
        assert ended.code in (ExitCode.USAGE, ExitCode.UNREACHABLE)
        assert "Traceback" not in ended.err


def test_a_start_in_the_background_that_is_interrupted_leaves_nothing_behind(laptop: Laptop) -> None:
    os.mkfifo(laptop.home / "token")  # who reads the token waits until we write it
    starting = laptop.start("up", "-d")
    with (laptop.home / "token").open("w") as token:
        starting.send_signal(signal.SIGINT)
        token.write("t0ken")
    out, err = starting.communicate(timeout=60)
    assert (starting.returncode, out, err) == (ExitCode.INTERRUPTED, "", "")
    assert Home(laptop.home).running() is None
