"""Processes of the machine, with real ones: starting behind the gate, finding again, stopping, running to the end."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dbaas.core.clock import SystemClock
from dbaas.core.process import (
    CannotRun,
    Command,
    CommandTimedOut,
    Exit,
    LocalProcesses,
    ProcessIdentity,
    User,
)

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can start programs as somebody else")


pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc, which only Linux has")


@pytest.fixture
def processes() -> LocalProcesses:
    return LocalProcesses(SystemClock())


def shell(script: str, directory: Path, **env: str) -> Command:
    return Command(("/bin/sh", "-c", script), directory, {"PATH": "/usr/bin:/bin", **env})


def ignore(identity: ProcessIdentity) -> None:
    pass


async def test_a_program_is_recorded_before_it_runs(processes: LocalProcesses, tmp_path: Path) -> None:
    seen: list[tuple[ProcessIdentity, bool]] = []

    def record(identity: ProcessIdentity) -> None:
        seen.append((identity, (tmp_path / "ran").exists()))

    identity = await processes.start(shell("touch ran", tmp_path), tmp_path / "log", record)
    assert await processes.wait(identity) == Exit(code=0)
    assert seen == [(identity, False)]
    assert (tmp_path / "ran").exists()


async def test_a_program_that_could_not_be_recorded_never_runs(processes: LocalProcesses, tmp_path: Path) -> None:
    def record(identity: ProcessIdentity) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        await processes.start(shell("touch ran", tmp_path), tmp_path / "log", record)
    assert not (tmp_path / "ran").exists()


def test_a_program_whose_starter_is_killed_before_recording_never_runs(tmp_path: Path) -> None:
    script = """
import asyncio, os, signal, sys
from pathlib import Path
from dbaas.core.clock import SystemClock
from dbaas.core.process import Command, LocalProcesses
def record(identity):
    print(identity.pid, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
command = Command(("/usr/bin/touch", "ran"), Path.cwd())
asyncio.run(LocalProcesses(SystemClock()).start(command, Path("log"), record))
"""
    # stdout is inherited by nobody but the starter, so communicate() ends when it is dead
    starter = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, check=False)
    assert starter.returncode == -signal.SIGKILL, starter.stderr
    gate = int(starter.stdout)
    asyncio.run(LocalProcesses(SystemClock()).wait(find(gate)))
    assert not (tmp_path / "ran").exists()


def find(pid: int) -> ProcessIdentity:
    """The identity of a process that may be gone already."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ProcessIdentity(pid, "gone")
    return ProcessIdentity(pid, f"{Path('/proc/sys/kernel/random/boot_id').read_text().strip()}:{fields[19]}")


async def test_what_a_program_prints_is_appended_to_a_private_log(processes: LocalProcesses, tmp_path: Path) -> None:
    for _ in range(2):
        command = shell("echo out; echo err >&2", tmp_path)
        await processes.wait(await processes.start(command, tmp_path / "log", ignore))
    assert (tmp_path / "log").read_text() == "out\nerr\n" * 2
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


async def test_a_program_gets_its_folder_its_environment_and_nothing_else(
    processes: LocalProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEAKED", "yes")
    done = await processes.run(shell('echo "$PWD $GIVEN ${LEAKED-no}"; umask', tmp_path, GIVEN="given"), 5)
    assert done.output.split() == [str(tmp_path), "given", "no", "0077"]


async def test_a_program_leads_a_session_of_its_own(processes: LocalProcesses, tmp_path: Path) -> None:
    identity = await processes.start(shell("exec sleep 60", tmp_path), tmp_path / "log", ignore)
    assert os.getsid(identity.pid) == os.getpgid(identity.pid) == identity.pid
    processes.kill(identity)
    assert await processes.wait(identity) == Exit(signal="SIGKILL")


async def test_a_signal_reaches_the_program_and_its_exit_code_comes_back(
    processes: LocalProcesses, tmp_path: Path
) -> None:
    script = "trap 'exit 7' TERM; echo ready > up; while :; do read -r x < pipe; done"
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "up")
    identity = await processes.start(shell(script, tmp_path), tmp_path / "log", ignore)
    assert (tmp_path / "up").read_text() == "ready\n"
    processes.send_signal(identity, "SIGTERM")
    assert await processes.wait(identity) == Exit(code=7)


async def test_a_process_of_an_earlier_run_is_found_again_and_waited_for(
    processes: LocalProcesses, tmp_path: Path
) -> None:
    identity = await processes.start(shell("exec sleep 60", tmp_path), tmp_path / "log", ignore)
    later = LocalProcesses(SystemClock())
    assert later.is_running(identity)
    waiting = asyncio.create_task(later.wait(identity))
    later.send_signal(identity, "SIGTERM")
    await waiting
    assert not later.is_running(identity)
    await processes.wait(identity)


async def test_an_orphan_that_became_our_child_is_reaped(processes: LocalProcesses, tmp_path: Path) -> None:
    """In a container we may be the first process, and then inherit what an earlier run of ours has left."""
    earlier = LocalProcesses(SystemClock())
    identity = await earlier.start(shell("exec sleep 60", tmp_path), tmp_path / "log", ignore)
    processes.kill(identity)
    assert await processes.wait(identity) == Exit(signal="SIGKILL")
    assert find(identity.pid).born == "gone"
    assert await earlier.wait(identity) == Exit()


async def test_a_reused_pid_is_another_process(processes: LocalProcesses, tmp_path: Path) -> None:
    identity = await processes.start(shell("exec sleep 60", tmp_path), tmp_path / "log", ignore)
    earlier = ProcessIdentity(identity.pid, "another boot:1")
    assert not processes.is_running(earlier)
    processes.send_signal(earlier, "SIGKILL")
    processes.kill(earlier)
    assert await processes.wait(earlier) == Exit()
    assert processes.is_running(identity)
    processes.kill(identity)
    await processes.wait(identity)


async def test_two_can_wait_for_one_process_and_both_learn_how_it_ended(
    processes: LocalProcesses, tmp_path: Path
) -> None:
    identity = await processes.start(shell("exit 3", tmp_path), tmp_path / "log", ignore)
    assert await asyncio.gather(processes.wait(identity), processes.wait(identity)) == [Exit(code=3)] * 2


async def test_what_a_program_leaves_behind_in_its_group_is_killed(processes: LocalProcesses, tmp_path: Path) -> None:
    identity = await processes.start(shell("sleep 60 & echo $! > left", tmp_path), tmp_path / "log", ignore)
    await processes.wait(identity)
    left = find(int((tmp_path / "left").read_text()))
    await processes.wait(left)
    assert not processes.is_running(left)


async def test_a_command_that_takes_too_long_is_killed_with_all_it_started(
    processes: LocalProcesses, tmp_path: Path
) -> None:
    with pytest.raises(CommandTimedOut, match=r"/bin/sh did not end within 1 s"):
        await processes.run(shell("sleep 60 & echo $! > left; wait", tmp_path), 1)
    await processes.wait(find(int((tmp_path / "left").read_text())))


async def test_a_cancelled_command_is_killed(processes: LocalProcesses, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "up")
    running = asyncio.create_task(processes.run(shell("echo $$ > up; exec sleep 60", tmp_path), 60))
    await asyncio.get_running_loop().run_in_executor(None, (tmp_path / "up").read_text)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_only_the_end_of_a_long_output_is_kept(processes: LocalProcesses, tmp_path: Path) -> None:
    done = await processes.run(shell("head -c 200000 /dev/zero | tr '\\0' x; echo end", tmp_path), 10)
    assert done.succeeded
    assert len(done.output) == 65536
    assert done.output.endswith("xend\n")


@pytest.mark.parametrize("start", [True, False], ids=["start", "run"])
async def test_a_folder_that_is_missing_is_a_clear_error(
    processes: LocalProcesses, tmp_path: Path, start: bool
) -> None:
    command = shell("true", tmp_path / "nowhere")
    with pytest.raises(CannotRun, match="nowhere: No such file"):
        await (processes.start(command, tmp_path / "log", ignore) if start else processes.run(command, 1))


async def test_a_program_that_is_missing_is_a_clear_error(processes: LocalProcesses, tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="cannot run /no/program in"):
        await processes.run(Command(("/no/program",), tmp_path), 1)


async def test_what_a_command_answers_is_kept_apart_from_its_errors(processes: LocalProcesses, tmp_path: Path) -> None:
    script = "echo answer; echo why >&2"
    done = await processes.run(replace(shell(script, tmp_path), parted=True), 5)
    assert (done.output, done.errors) == ("answer\n", "why\n")
    assert (await processes.run(shell(script, tmp_path), 5)).output == "answer\nwhy\n"


async def test_a_command_that_fails_tells_its_code(processes: LocalProcesses, tmp_path: Path) -> None:
    done = await processes.run(shell("echo why >&2; exit 4", tmp_path), 5)
    assert (str(done.exit), done.output, done.succeeded) == ("exited with code 4", "why\n", False)


@needs_root
async def test_root_can_start_programs_as_somebody_else(processes: LocalProcesses) -> None:
    nobody = User("nobody", 65534, 65534)
    done = await processes.run(Command(("/usr/bin/id",), Path("/"), {}, nobody), 5)
    assert done.output.startswith("uid=65534(nobody) gid=65534")
    assert "root" not in done.output


async def test_a_family_is_killed_to_the_last_member_whatever_their_sessions(
    processes: LocalProcesses, tmp_path: Path
) -> None:
    script = "setsid sh -c 'setsid sleep 1000 & sleep 1000 & echo ready > ready; wait' & wait"
    identity = await processes.start(shell(script, tmp_path), tmp_path / "log", ignore)
    while not (tmp_path / "ready").exists():
        await SystemClock().sleep(0.01)
    family = processes.kill_family(identity.pid, tmp_path)
    assert len(family) == 4
    for each in family:
        await processes.wait(each)
    assert not any(processes.is_running(each) for each in family)


async def test_all_that_work_in_a_folder_are_killed_whoever_has_started_them(
    processes: LocalProcesses, tmp_path: Path
) -> None:
    inner, other = tmp_path / "work" / "inner", tmp_path / "other"
    for folder in (inner, other):
        folder.mkdir(parents=True)
    started = [
        await processes.start(shell("exec sleep 1000", folder), tmp_path / "log", ignore) for folder in (inner, other)
    ]
    assert list(processes.kill_workers(tmp_path / "work")) == started[:1]
    await processes.wait(started[0])
    assert processes.is_running(started[1])
    assert processes.kill_workers(tmp_path / "missing") == []
    processes.kill(started[1])
    await processes.wait(started[1])


async def test_a_process_that_works_elsewhere_is_no_family(processes: LocalProcesses, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    identity = await processes.start(shell("exec sleep 1000", tmp_path), tmp_path / "log", ignore)
    assert processes.kill_family(identity.pid, tmp_path / "other") == ()
    assert processes.kill_family(-1, tmp_path) == ()
    assert processes.is_running(identity)
    processes.kill(identity)
    await processes.wait(identity)
