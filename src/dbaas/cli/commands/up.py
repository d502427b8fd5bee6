"""`dbaas up`: the control plane and its servers on this machine, in the foreground or the background."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbaas.cli.exits import CommandError, ExitCode, WaitedTooLong
from dbaas.cli.options import HomeOptions
from dbaas.cli.targets import find_home
from dbaas.cli.terminal import Terminal, open_terminal
from dbaas.core.home import AlreadyRunning, Home, Running

if TYPE_CHECKING:
    from dbaas.core.clock import Clock
    from dbaas.core.process import LocalProcesses, ProcessIdentity

START_SECONDS = 60.0
POLL_SECONDS = 0.05
SHOWN_LINES = 10
LEAST_FREE_BYTES = 64 * 1024


class RunsAlready(CommandError):
    """Somebody else holds the home."""

    reason = "AlreadyRunning"
    code = ExitCode.ALREADY_RUNNING


@dataclass(frozen=True, kw_only=True)
class UpOptions(HomeOptions):
    """How to run it."""

    detach: Annotated[bool, typer.Option("--detach", "-d", help="Run in the background.")] = False
    port: Annotated[
        int, typer.Option(help="Port of the API; by default the home's own.", min=0, max=65535, show_default=False)
    ] = 0
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show the log.")] = False


def run(options: UpOptions) -> None:
    """Start the control plane and servers on this machine."""
    home = find_home(options)
    terminal = open_terminal(os.environ)
    try:
        if options.detach:
            asyncio.run(_run_detached(home, options, terminal))
        else:
            _run_here(home, options, terminal)
    except AlreadyRunning as error:
        raise RunsAlready(error.message, "see how it is: dbaas status", "stop it: dbaas down") from error


def _run_here(home: Home, options: UpOptions, terminal: Terminal) -> None:
    from dbaas.app.laptop import Settings, run_laptop
    from dbaas.core.memory import set_aside

    def announce(running: Running) -> None:
        with suppress(OSError):  # a full disk, or nobody who listens, is no reason not to serve
            for line in [*describe_place(home, running), "  stop        Ctrl-C, or: dbaas down"]:
                terminal.print(line)
            terminal.out.flush()
        set_aside()  # caches are filled

    telling: list[asyncio.Task[None]] = []

    def stopping() -> None:
        terminal.remark("stopping servers; their data is kept (once more to end at once and leave them running)")
        telling.append(asyncio.get_running_loop().create_task(_tell_what_it_waits_for(home, terminal)))

    set_aside()  # all is loaded
    asyncio.run(run_laptop(Settings(home, options.port, options.verbose), announce, stopping))
    terminal.remark("stopped")


async def _tell_what_it_waits_for(home: Home, terminal: Terminal) -> None:
    """Until it is cancelled, by the end of everything."""
    from dbaas.cli.commands.down import Waiting
    from dbaas.core.clock import SystemClock

    waiting = Waiting(home, terminal, SystemClock())
    while True:
        waiting.tell()
        await waiting.clock.sleep(POLL_SECONDS)


async def _run_detached(home: Home, options: UpOptions, terminal: Terminal) -> None:
    """Ends when it serves; what it says meanwhile goes to a file, whose end is shown where it does not start."""
    from dbaas.core.clock import SystemClock
    from dbaas.core.process import Command, LocalProcesses

    running = home.running()
    if running is not None:
        raise AlreadyRunning(f"dbaas already runs in {home.path}: process {running.pid}", running)
    home.make(shared=os.geteuid() == 0)
    clock = SystemClock()
    processes = LocalProcesses(clock)
    arguments = ["up", "--home", str(home.path), *(["--port", str(options.port)] if options.port else [])]
    program = (sys.executable, "-c", "from dbaas.cli.main import run; run()", *arguments)
    output = home.log.with_name("up.log")
    output.unlink(missing_ok=True)
    started: list[ProcessIdentity] = []
    child = await processes.start(Command(program, Path("/"), os.environ), output, started.append)
    try:
        running = await _wait_until_serving(home, processes, child, clock, output)
    except asyncio.CancelledError:  # who gives up waiting does not want it to go on unseen
        processes.send_signal(child, "SIGTERM")
        await processes.wait(child)
        raise
    for line in describe_place(home, running):
        terminal.print(line)
    terminal.print("  stop        dbaas down")


async def _wait_until_serving(
    home: Home, processes: LocalProcesses, child: ProcessIdentity, clock: Clock, output: Path
) -> Running:
    deadline = clock.monotonic() + START_SECONDS
    while not (running := home.running()) or running.pid != child.pid or not running.is_serving:
        if not processes.is_running(child):
            await _explain(home, processes, child, output)
        if clock.monotonic() > deadline:
            raise WaitedTooLong(f"dbaas does not serve after {START_SECONDS:g} s", f"its log is {home.log}")
        await clock.sleep(POLL_SECONDS)
    return running


async def _explain(home: Home, processes: LocalProcesses, child: ProcessIdentity, output: Path) -> None:
    """Raises what the child said last; on a full disk it can say nothing."""
    ended = await processes.wait(child)
    errors = [line.removeprefix("error: ") for line in _last_lines(output) if line]
    if not errors:
        is_full = shutil.disk_usage(home.path).free < LEAST_FREE_BYTES
        why = [f"the disk of {home.path} is full: make room"] if is_full else [f"its log is {home.log}"]
        errors = [f"dbaas {ended} before it served", *why]
    error = RunsAlready if ended.code == ExitCode.ALREADY_RUNNING else CommandError
    raise error(errors[0], *(line.strip() for line in errors[1:]))


def _last_lines(file: Path) -> list[str]:
    return file.read_text(errors="replace").splitlines()[-SHOWN_LINES:]


def describe_place(home: Home, running: Running) -> list[str]:
    return [
        f"dbaas runs on this machine (process {running.pid})",
        f"  endpoint    {running.endpoint}",
        f"  kubeconfig  {home.kubeconfig}",
        f"  home        {home.path}",
        f"  log         {home.log}",
    ]
