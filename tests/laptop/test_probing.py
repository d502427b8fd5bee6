"""One probe: yes, or why not."""

from __future__ import annotations

import socket
from pathlib import Path

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
