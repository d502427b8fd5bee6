"""One probe: yes, or why not."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from dbaas.api.process import Probe
from dbaas.laptop.probing import ask
from dbaas.laptop.surroundings import Surroundings
from fixtures.laptop import Laptop, free_port


def place(**ports: int) -> Surroundings:
    return Surroundings(Path("/bin"), Path("/"), Path("/"), ports)


async def test_a_command_answers_by_its_exit_code_and_says_why(laptop: Laptop) -> None:
    probe = Probe(command=["sh", "-c", "echo not today; exit $(PORT_MAIN)"])
    assert await ask(probe, place(main=0), laptop.machine.processes) == ""
    assert await ask(probe, place(main=2), laptop.machine.processes) == "sh exited with code 2: not today"


async def test_a_command_that_takes_too_long_is_a_no(laptop: Laptop) -> None:
    probe = Probe(command=["sleep", "1000"], timeout="100ms")
    assert await ask(probe, place(), laptop.machine.processes) == "/bin/sleep did not end within 0.1 s"


async def test_a_command_that_cannot_run_is_a_no(laptop: Laptop) -> None:
    assert "cannot run /bin/nothing" in await ask(Probe(command=["nothing"]), place(), laptop.machine.processes)


async def test_a_port_answers_by_accepting(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        assert await ask(Probe(port="main"), place(main=number), laptop.machine.processes) == ""
    number = free_port()
    assert await ask(Probe(port="main"), place(main=number), laptop.machine.processes) == (
        f"port {number} refuses connections"
    )


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\n", ""),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "/alive at port N answers 503 Service Unavailable"),
        (b"", "/alive at port N answers nothing"),
    ],
    ids=["yes", "no", "silence"],
)
async def test_a_page_answers_by_its_status(laptop: Laptop, answer: bytes, why: str) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        number = server.sockets[0].getsockname()[1]
        probe = Probe(port="main", path="/alive")
        assert await ask(probe, place(main=number), laptop.machine.processes) == why.replace("N", str(number))
    assert asked[0].startswith(b"GET /alive HTTP/1.0\r\n")


async def test_a_program_that_is_halted_accepts_and_answers_no_page(laptop: Laptop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number = listener.getsockname()[1]
        assert await ask(Probe(port="main"), place(main=number), laptop.machine.processes) == ""
        probe = Probe(port="main", path="/alive", timeout="100ms")
        assert await ask(probe, place(main=number), laptop.machine.processes) == (
            f"port {number} does not answer within 0.1 s"
        )
