"""Lines that are cut are whole again afterwards, even where the process that has cut them was killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from availability.partition import GROUPS, cut_off, find_obstacle
from e2e.conftest import eventually

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(find_obstacle()), reason=find_obstacle() or "lines can be cut here"),
]
SERVER = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    listener.accept()[0].close()
"""
CUTTER = """
import sys, time, psutil
from availability.partition import cut_off
with cut_off(lambda: [psutil.Process(int(sys.argv[1]))], [int(sys.argv[2])]):
    print("cut", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def server() -> Iterator[tuple[int, int]]:
    """Its process and its port."""
    words = [sys.executable, "-c", SERVER]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.pid, int(process.stdout.readline())
        process.kill()


def reaches(port: int) -> bool:
    """For the user whose server it is."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except TimeoutError:
        return False
    return True


def is_left(cutter: int) -> bool:
    tables = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    return f"dbaas_cut_{cutter}" in tables or any(GROUPS.glob(f"**/dbaas_cut_{cutter}"))


def test_a_line_is_cut_and_whole_again(server: tuple[int, int]) -> None:
    pid, port = server
    assert reaches(port)
    with cut_off(lambda: [psutil.Process(pid)], [port]):
        assert not reaches(port)
    assert reaches(port)


def test_a_line_is_whole_again_though_whoever_has_cut_it_is_killed(server: tuple[int, int]) -> None:
    pid, port = server
    here = str(Path(__file__).parents[1])
    words = [sys.executable, "-c", CUTTER, str(pid), str(port)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, text=True, cwd=here, env={**os.environ, "PYTHONPATH": str(here)}
    ) as cutter:
        assert cutter.stdout is not None
        assert cutter.stdout.readline() == "cut\n"
        assert not reaches(port)
        cutter.send_signal(signal.SIGKILL)
    eventually(lambda: reaches(port) and not is_left(cutter.pid))
