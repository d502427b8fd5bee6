"""One probe: a command that exits 0, or a TCP connection that is accepted."""

from __future__ import annotations

import asyncio

from dbaas.api.process import Probe
from dbaas.core.duration import parse_duration
from dbaas.core.process import CannotRun, CommandTimedOut, Processes
from dbaas.laptop.ports import HOST
from dbaas.laptop.surroundings import Surroundings

SHOWN_CHARACTERS = 300


async def ask(probe: Probe, surroundings: Surroundings, processes: Processes) -> str:
    """Empty where the answer is yes, else why not."""
    seconds = parse_duration(probe.timeout).total_seconds()
    if not probe.command:
        return await _connect(surroundings.ports.get(probe.port or "", 0), seconds)
    try:
        done = await processes.run(surroundings.command(probe.command), seconds)
    except (CannotRun, CommandTimedOut) as error:
        return error.message
    if done.succeeded:
        return ""
    return f"{probe.command[0]} {done.exit}: {done.output.strip()[-SHOWN_CHARACTERS:]}".rstrip(": ")


async def _connect(port: int, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(HOST, port)
    except TimeoutError:
        return f"port {port} does not answer within {seconds:g} s"
    except OSError:
        return f"port {port} refuses connections"
    writer.close()
    return ""
