"""`dbaas down`: stops the control plane and its servers on this machine, cleanly; data is kept."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import Annotated

import typer

from dbaas.cli.exits import CommandError, NothingRuns, WaitedTooLong
from dbaas.cli.options import HomeOptions
from dbaas.cli.targets import find_home
from dbaas.cli.terminal import Terminal, open_terminal
from dbaas.cli.waiting import parse_timeout
from dbaas.core.clock import Clock, SystemClock
from dbaas.core.home import Home, Running

POLL_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class DownOptions(HomeOptions):
    """How long to be patient."""

    timeout: Annotated[str, typer.Option(help="How long to wait for a clean stop.")] = "2m"


def run(options: DownOptions) -> None:
    """Stop the control plane and servers on this machine.

    Data is kept: up brings all of it back.
    """
    timeout = parse_timeout(options.timeout)
    home = find_home(options)
    if not home.path.exists():
        raise NothingRuns(f"there is no laptop in {home.path}")
    asyncio.run(stop(home, timeout, open_terminal(os.environ), SystemClock()))


async def stop(home: Home, timeout: float, terminal: Terminal, clock: Clock) -> None:
    """Servers that a killed control plane has left behind are found by its records."""
    running = home.running()
    if running is not None:
        await _end(home, running, timeout, clock)
        terminal.print("stopped; data is kept")
        return
    left = await _stop_left(home, clock)
    if left:
        terminal.print(f"dbaas did not run; stopped servers that it had left: {', '.join(left)}")
    else:
        terminal.print("nothing was running")


async def _end(home: Home, running: Running, timeout: float, clock: Clock) -> None:
    if not running.pid:
        raise CommandError("dbaas is just starting or stopping", "try again in a moment")
    try:
        os.kill(running.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise CommandError(f"cannot stop process {running.pid}: it belongs to another user") from error
    deadline = clock.monotonic() + timeout
    while home.running() is not None:
        if clock.monotonic() > deadline:
            raise WaitedTooLong(
                f"process {running.pid} is still stopping after {timeout:g} s", f"its log is {home.log}"
            )
        await clock.sleep(POLL_SECONDS)


async def _stop_left(home: Home, clock: Clock) -> list[str]:
    from dbaas.core.process import LocalProcesses
    from dbaas.laptop.stopping import stop_recorded

    with home.hold(Running(os.getpid())):
        return await stop_recorded(home.path, LocalProcesses(clock), clock)
