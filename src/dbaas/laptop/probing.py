"""One probe: a command that exits 0, a TCP connection that is accepted, or a page that is answered with 200."""

from __future__ import annotations

import asyncio

from dbaas.api.process import Probe
from dbaas.core.duration import parse_duration
from dbaas.core.process import CannotRun, CommandTimedOut, Processes
from dbaas.laptop.ports import HOST
from dbaas.laptop.surroundings import Surroundings

SHOWN_CHARACTERS = 300
STATUS_BYTES = 200


async def ask(probe: Probe, surroundings: Surroundings, processes: Processes) -> str:
    """Empty where the answer is yes, else why not."""
    seconds = parse_duration(probe.timeout).total_seconds()
    if not probe.command:
        return await _connect(surroundings.ports.get(probe.port or "", 0), probe.path or "", seconds)
    try:
        done = await processes.run(surroundings.command(probe.command), seconds)
    except (CannotRun, CommandTimedOut) as error:
        return error.message
    if done.succeeded:
        return ""
    return f"{probe.command[0]} {done.exit}: {done.output.strip()[-SHOWN_CHARACTERS:]}".rstrip(": ")


async def _connect(port: int, path: str, seconds: float) -> str:
    try:
        async with asyncio.timeout(seconds):
            return await _get(port, path)
    except TimeoutError:
        return f"port {port} does not answer within {seconds:g} s"
    except OSError:
        return f"port {port} refuses connections"


async def _get(port: int, path: str) -> str:
    """One request of HTTP/1.0, whose answer ends with the connection; of that only the first line counts."""
    reader, writer = await asyncio.open_connection(HOST, port)
    try:
        if not path:
            return ""
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {HOST}:{port}\r\n\r\n".encode())
        answer = (await reader.read(STATUS_BYTES)).decode(errors="replace").splitlines()
    finally:
        writer.close()
    status = answer[0].split() if answer else []
    return "" if status[1:2] == ["200"] else f"{path} at port {port} answers {' '.join(status[1:]) or 'nothing'}"
