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
FIRST_WORD_SECONDS = 2.0
NEXT_WORD_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class DownOptions(HomeOptions):
    """How long to be patient."""

    timeout: Annotated[str, typer.Option(help="How long to wait for a clean stop.")] = "6m"


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
        await _end(home, running, timeout, Waiting(home, terminal, clock))
        terminal.print("stopped; data is kept")
        return
    left = await _stop_left(home, clock)
    if left:
        terminal.print(f"dbaas did not run; stopped servers that it had left: {', '.join(left)}")
    else:
        terminal.print("nothing was running")


async def _end(home: Home, running: Running, timeout: float, waiting: Waiting) -> None:
    if not running.pid:
        raise CommandError("dbaas is just starting or stopping", "try again in a moment")
    try:
        os.kill(running.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise CommandError(f"cannot stop process {running.pid}: it belongs to another user") from error
    while home.running() is not None:
        if waiting.seconds > timeout:
            raise WaitedTooLong(
                f"process {running.pid} is still stopping after {timeout:g} s",
                *waiting.describe(), f"its log is {home.log}", "it goes on stopping; ask again: dbaas down",
            )  # fmt: skip
        waiting.tell()
        await waiting.clock.sleep(POLL_SECONDS)


class Waiting:
    """How long a stop has taken, and a word now and then about what it waits for."""

    def __init__(self, home: Home, terminal: Terminal, clock: Clock) -> None:
        self.clock = clock
        self._home = home
        self._terminal = terminal
        self._began = clock.monotonic()
        self._next_word = FIRST_WORD_SECONDS

    @property
    def seconds(self) -> float:
        return self.clock.monotonic() - self._began

    def tell(self) -> None:
        if self.seconds < self._next_word:
            return
        self._next_word = self.seconds + NEXT_WORD_SECONDS
        for line in self.describe():
            self._terminal.remark(f"  {line}, {self.seconds:.0f} s")

    def describe(self) -> list[str]:
        """Servers write all that is in memory to the disk before they end, which takes its time."""
        from dbaas.core.process import LocalProcesses
        from dbaas.laptop.stopping import list_running

        names = list(list_running(self._home.path, LocalProcesses(self.clock)))
        return [f"waiting for servers to write everything and end: {', '.join(names)}"] if names else []


async def _stop_left(home: Home, clock: Clock) -> list[str]:
    from dbaas.core.process import LocalProcesses
    from dbaas.laptop.stopping import stop_recorded

    with home.hold(Running(os.getpid())):
        return await stop_recorded(home.path, LocalProcesses(clock), clock)
