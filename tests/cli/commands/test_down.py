"""Stopping is clean, patient, and says what it found."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dbaas.api.resource import Key
from dbaas.cli.application import execute
from dbaas.cli.commands.down import stop
from dbaas.cli.exits import CommandError, ExitCode, WaitedTooLong
from dbaas.cli.terminal import Terminal
from dbaas.core.clock import LoopClock, SystemClock
from dbaas.core.home import Home, Running
from dbaas.core.process import Command, LocalProcesses
from dbaas.core.simulation import run_virtually
from dbaas.laptop.layout import Layout
from dbaas.laptop.record import Record, save_record

HOLDER = """
import os, pathlib, signal, sys
from dbaas.core.home import Home, Running
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with Home(pathlib.Path(sys.argv[1])).hold(Running(os.getpid(), "", "http://127.0.0.1:1")):
    print("held", flush=True)
    while True:
        signal.pause()
"""
Hold = Callable[[str], "subprocess.Popen[str]"]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make(shared=False)
    return made


@pytest.fixture
def hold(home: Home) -> Iterator[Hold]:
    """Another process that holds the home until it is told to stop, or for ever if it is stubborn."""
    started: list[subprocess.Popen[str]] = []

    def start(mood: str) -> subprocess.Popen[str]:
        arguments = [sys.executable, "-c", HOLDER, str(home.path), mood]
        started.append(subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout is not None and started[-1].stdout.readline() == "held\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


async def said(home: Home, timeout: float = 30) -> str:
    terminal = Terminal(out := io.StringIO(), io.StringIO())
    await stop(home, timeout, terminal, SystemClock())
    return out.getvalue()


async def test_what_runs_is_asked_to_end_and_waited_for(home: Home, hold: Hold) -> None:
    process = hold("obedient")
    assert await said(home) == "stopped; data is kept\n"
    assert process.wait(10) == 0


async def test_what_does_not_end_in_time_is_told_with_its_log(home: Home, hold: Hold) -> None:
    process = hold("stubborn")
    with pytest.raises(WaitedTooLong) as caught:
        await said(home, 0.1)
    assert caught.value.message == f"process {process.pid} is still stopping after 0.1 s"
    assert caught.value.advice == (f"its log is {home.log}", "it goes on stopping; ask again: dbaas down")


def test_a_slow_stop_says_what_it_waits_for(home: Home, hold: Hold) -> None:
    hold("stubborn")
    layout, key, err = Layout(home.path), Key("shop", "main"), io.StringIO()
    layout.make(key)
    processes = LocalProcesses(SystemClock())
    sleeping = processes.start(
        Command(("/bin/sleep", "1000"), Path("/")),
        layout.log(key),
        lambda made: save_record(layout.record(key), Record(pid=made.pid, born=made.born)),
    )
    server = asyncio.run(sleeping)
    try:
        with pytest.raises(WaitedTooLong) as caught:
            run_virtually(stop(home, 13, Terminal(io.StringIO(), err), LoopClock()))
    finally:
        processes.kill(server)
        asyncio.run(processes.wait(server))
    waiting = "waiting for servers to write everything and end: shop.main"
    assert err.getvalue() == f"  {waiting}, 2 s\n  {waiting}, 12 s\n"
    assert caught.value.advice[0] == waiting


async def test_nothing_to_stop_is_no_error(home: Home) -> None:
    assert await said(home) == "nothing was running\n"
    assert home.running() is None


async def test_what_is_only_just_starting_is_left_alone(home: Home) -> None:
    with home.hold(Running()), pytest.raises(CommandError, match="dbaas is just starting or stopping") as caught:
        await said(home)
    assert caught.value.advice == ("try again in a moment",)


def test_where_no_laptop_ever_was_there_is_nothing_to_stop(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["down", "--home", str(tmp_path / "none")]) == ExitCode.UNREACHABLE
    assert capsys.readouterr() == ("", f"error: there is no laptop in {tmp_path}/none\n")


def test_a_timeout_that_is_none_is_wrong_usage(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["down", "--home", str(home.path), "--timeout", "soon"]) == ExitCode.USAGE
    assert capsys.readouterr().err.startswith("error: --timeout: 'soon' is not a duration")
