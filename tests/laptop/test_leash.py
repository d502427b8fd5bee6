"""What a command has started beside itself never outlives it, however the command ends, and nobody else is killed."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from dbaas.core.clock import SystemClock
from dbaas.laptop.leash import cut
from dbaas.laptop.record import load_record
from dbaas.laptop.stopping import stop_recorded
from fixtures.laptop import WEB, Laptop, needs_linux

pytestmark = needs_linux

# A server in a session of its own, with a child in another one, and the command that waits beside them.
SERVER = """
mkdir -p inner && cd inner
setsid sh -c 'echo $$ > child; exec sleep 1000' &
echo $$ > server.new && mv server.new server
exec sleep 1000
"""
COMMAND = 'setsid sh -c "$SERVER" & exec sleep 1000'
SPEC = {
    "command": ["sh", "-c", COMMAND],
    "env": [{"name": "SERVER", "value": SERVER}],
    "leash": "inner/server",
    "probes": {
        "ready": {"command": ["test", "-s", "$(DIRECTORY)/inner/server", "-a", "-s", "$(DIRECTORY)/inner/child"]}
    },
    "restart": {"backoff": "10ms"},
}


def folder(laptop: Laptop) -> Path:
    return laptop.home / "processes" / "shop.web" / "data"


def family(laptop: Laptop) -> list[int]:
    return [int((folder(laptop) / "inner" / name).read_text()) for name in ("server", "child")]


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def anybody(pids: list[int]) -> list[int]:
    return [pid for pid in pids if runs(pid)]


@pytest.fixture
def stranger(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the same user that works elsewhere."""
    made = subprocess.Popen(["sleep", "1000"], cwd="/")
    try:
        yield made
    finally:
        made.kill()
        made.wait()


async def test_when_the_command_is_killed_so_are_all_on_its_leash_before_it_is_told(laptop: Laptop) -> None:
    laptop.put(SPEC)
    pid = (await laptop.until_ready())["pid"]
    left = family(laptop)
    assert len(anybody(left)) == 2
    os.kill(pid, signal.SIGKILL)
    await laptop.until(lambda s: s.get("pid") != pid)
    assert anybody(left) == []


async def test_a_command_that_was_found_dead_has_nothing_left_before_another_is_started(laptop: Laptop) -> None:
    laptop.put(SPEC)
    pid = (await laptop.until_ready())["pid"]
    left = family(laptop)
    await laptop.agent.close()
    os.kill(pid, signal.SIGKILL)
    assert len(anybody(left)) == 2
    await laptop.restart()
    await laptop.until(lambda s: s.get("pid") not in (None, pid))
    assert anybody(left) == []


async def test_a_halted_command_is_killed_at_once_and_not_asked(laptop: Laptop) -> None:
    alive = {
        "command": ["sh", "-c", "! grep -q '^State:.T' /proc/$(cat command)/status"],
        "period": "50ms",
        "failures": 2,
    }
    spec = {**SPEC, "command": ["sh", "-c", f"echo $$ > command; {COMMAND}"], "stopTimeout": "1h"}
    laptop.put({**spec, "probes": {**SPEC["probes"], "alive": alive}})
    pid = (await laptop.until_ready())["pid"]
    left = family(laptop)
    os.kill(pid, signal.SIGSTOP)
    status = await laptop.until(lambda s: s["restarts"] == 1)
    assert anybody([pid, *left]) == []
    assert status["lastExit"]["signal"] == "SIGKILL"


async def test_what_is_on_the_leash_of_a_stopped_or_deleted_process_goes_with_it(laptop: Laptop) -> None:
    laptop.put(SPEC)
    await laptop.until_ready()
    left = family(laptop)
    laptop.put({**SPEC, "stopped": True})
    await laptop.until_reason("Stopped")
    assert anybody(left) == []
    for name in ("server", "child"):  # else it would count as ready by what the first ones have written
        (folder(laptop) / "inner" / name).unlink()
    laptop.put(SPEC)
    await laptop.until_ready()
    left = family(laptop)
    laptop.delete()
    await laptop.until_gone()
    assert anybody(left) == []


async def test_stopping_a_home_that_nobody_watches_ends_what_dead_commands_have_left(laptop: Laptop) -> None:
    laptop.put(SPEC)
    pid = (await laptop.until_ready())["pid"]
    left = family(laptop)
    await laptop.agent.close()
    os.kill(pid, signal.SIGKILL)
    await laptop.machine.processes.wait(laptop.runs[-1].started[-1])
    await stop_recorded(laptop.home, laptop.machine.processes, SystemClock())
    assert anybody(left) == []


async def test_a_pid_that_was_given_to_somebody_else_means_nobody(
    laptop: Laptop, stranger: subprocess.Popen[bytes]
) -> None:
    laptop.put(SPEC)
    await laptop.until_ready()
    left = family(laptop)
    (folder(laptop) / "inner" / "server").write_text(f"{stranger.pid}\n")
    laptop.put({**SPEC, "stopped": True})
    await laptop.until_reason("Stopped")
    assert runs(stranger.pid)
    for pid in anybody(left):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("content", ["", "-1\n", "0", "1", "99999999999999999999", "words", "\0"])
async def test_a_pid_file_that_names_no_program_kills_nobody(laptop: Laptop, content: str) -> None:
    laptop.home.joinpath("pid").write_text(content)
    assert not await cut("pid", laptop.home, laptop.machine.processes)


async def test_without_a_leash_a_sick_command_is_asked_to_end(laptop: Laptop) -> None:
    alive = {"command": ["test", "!", "-f", "sick"], "period": "50ms", "failures": 1}
    probes = {"alive": alive, "ready": {"command": ["test", "-s", "trap"]}}
    script = "trap 'exit 7' TERM; echo set > trap; while :; do sleep 0.01; done"
    laptop.put({"command": ["sh", "-c", script], "probes": probes})
    await laptop.until_ready()
    assert load_record(laptop.home / "processes" / f"{WEB.namespace}.{WEB.name}" / "record.json").leash == ""
    (folder(laptop) / "sick").touch()
    assert (await laptop.until(lambda s: s["restarts"] == 1))["lastExit"]["code"] == 7
