"""Processes of the operating system: the only module that starts them, signals them and waits for them.

A server must outlive us (we may be killed) and must never run unrecorded, so a program is started behind a gate: a
shell that waits for one line on its standard input and then becomes the program. The caller records the identity in
between. If we die before the line is written, the shell reads the end of input and goes away.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

import psutil

from dbaas.core.clock import Clock
from dbaas.core.errors import DbaasError

OUTPUT_LIMIT_BYTES = 64 * 1024
REMEMBERED_EXITS = 256
POLL_SECONDS = 0.2  # only where the system has no pidfd (macOS)
_GATE = ("/bin/sh", "-c", 'read -r go && exec "$@" </dev/null', "sh")
_HAS_PROC = Path("/proc/self/stat").exists()


@dataclass(frozen=True)
class User:
    """An account of the machine that programs can run as; only root can start them as somebody else."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Command:
    """What to run. `env` is the whole environment, nothing is inherited; `argv[0]` is a path. No secrets in `argv`.

    `parted`: what a short command prints as errors is kept apart from what it answers.
    """

    argv: tuple[str, ...]
    directory: Path
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    user: User | None = None
    parted: bool = False


@dataclass(frozen=True)
class ProcessIdentity:
    """One process and no other: `born` says when the pid was given out, so a pid that was reused does not match.

    On Linux it is the boot's id and the start in clock ticks since boot (proc(5), field 22), which no change of the
    wall clock moves; elsewhere the creation time that psutil reads.
    """

    pid: int
    born: str


@dataclass(frozen=True)
class Exit:
    """How a process ended: `code`, or the name of the `signal`; neither where it was not our child."""

    code: int | None = None
    signal: str = ""

    def __str__(self) -> str:
        if self.signal:
            return f"was killed by {self.signal}"
        return "ended" if self.code is None else f"exited with code {self.code}"


@dataclass(frozen=True)
class Completed:
    """A short command's end and the last 64 KiB of what it printed, standard output and error in order.

    `errors` is standard error alone, where the command was to keep it apart; then `output` is without it.
    """

    exit: Exit
    output: str
    errors: str = ""

    @property
    def succeeded(self) -> bool:
        return self.exit.code == 0


class CannotRun(DbaasError):
    """The program cannot be started at all: it is missing, not executable, or its folder cannot be entered."""

    reason = "CannotRun"


class CommandTimedOut(DbaasError):
    """The command did not end in time; it and what it started were killed."""

    reason = "CommandTimedOut"


class Processes(Protocol):
    """Where a part gets processes from; a simulation stands in for the machine."""

    async def start(self, command: Command, log: Path, record: Callable[[ProcessIdentity], None]) -> ProcessIdentity:
        """Starts a program in a session of its own; its output is appended to `log` (0600).

        `record` is called with the identity before the program runs: if it raises, or we die in it, it never runs.
        Not interrupted by cancellation. Raises CannotRun.
        """
        ...

    async def run(self, command: Command, timeout_seconds: float) -> Completed:
        """Runs a command to its end. Raises CannotRun and CommandTimedOut; cancellation kills it."""
        ...

    async def wait(self, process: ProcessIdentity) -> Exit:
        """Until it has ended, whether we started it or an earlier run of ours did; at once if it has already."""
        ...

    def is_running(self, process: ProcessIdentity) -> bool: ...

    def send_signal(self, process: ProcessIdentity, name: str) -> None:
        """To the process alone, by a name such as SIGTERM. Nothing happens where it has ended."""
        ...

    def kill(self, process: ProcessIdentity) -> None:
        """SIGKILL to the process and its whole group."""
        ...

    def kill_family(self, pid: int, folder: Path) -> Sequence[ProcessIdentity]:
        """SIGKILL to a process and all that descend from it, whatever their sessions; returns which they were.

        Only to one that works in `folder` or below it as the folder's owner, so that a pid which was reused means
        nobody. All are halted before the first is killed: none sees another's end, or starts anything in between.
        """
        ...

    def kill_workers(self, folder: Path) -> Sequence[ProcessIdentity]:
        """The same to all that work in `folder` or below it as the folder's owner, whoever has started them.

        Not to what somebody uses at a terminal, such as a shell that has gone there.
        """
        ...


class LocalProcesses:
    """The processes of this machine. Belongs to one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._children: dict[ProcessIdentity, subprocess.Popen[bytes]] = {}
        self._exits: dict[ProcessIdentity, Exit] = {}

    async def start(self, command: Command, log: Path, record: Callable[[ProcessIdentity], None]) -> ProcessIdentity:
        with _open_log(log) as output:
            child = _spawn(command, _GATE + command.argv, subprocess.PIPE, output, output)
        assert child.stdin is not None
        with child.stdin as gate:
            identity = _identify_child(child)
            self._children[identity] = child
            recorded = False
            try:
                record(identity)
                recorded = True
            finally:
                if not recorded:
                    _kill_group(child.pid)
                    del self._children[identity]
                    child.wait()
            with contextlib.suppress(BrokenPipeError):  # killed from outside already: whoever waits will see it
                gate.write(b"go\n")
                gate.flush()
        return identity

    async def run(self, command: Command, timeout_seconds: float) -> Completed:
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            child = _spawn(command, command.argv, subprocess.DEVNULL, output, errors if command.parted else output)
            identity = _identify_child(child)
            self._children[identity] = child
            try:
                async with asyncio.timeout(timeout_seconds):
                    ended = await self.wait(identity)
            except TimeoutError as error:
                raise CommandTimedOut(f"{command.argv[0]} did not end within {timeout_seconds:g} s") from error
            finally:
                if child.returncode is None:
                    _kill_group(child.pid)
                    await self.wait(identity)
            return Completed(ended, _tail(output), _tail(errors))

    async def wait(self, process: ProcessIdentity) -> Exit:
        await self._until_ended(process)
        self._reap(process)
        return self._exits.get(process, Exit())

    def _reap(self, process: ProcessIdentity) -> None:
        child = self._children.pop(process, None)
        returncode = None
        if _is_zombie(process):
            _kill_group(process.pid)  # what it left behind; until it is reaped, its pid cannot name another group
            returncode = _reap_child(process.pid)
        if child is not None:
            child.returncode = returncode or 0
        if returncode is None:
            return
        self._exits[process] = _exit(returncode)
        while len(self._exits) > REMEMBERED_EXITS:
            del self._exits[next(iter(self._exits))]

    async def _until_ended(self, process: ProcessIdentity) -> None:
        if not hasattr(os, "pidfd_open"):
            while self.is_running(process):
                await self._clock.sleep(POLL_SECONDS)
            return
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return
        try:
            if self.is_running(process):
                await _readable(descriptor)
        finally:
            os.close(descriptor)

    def is_running(self, process: ProcessIdentity) -> bool:
        return _born(process.pid) == process.born

    def send_signal(self, process: ProcessIdentity, name: str) -> None:
        if self.is_running(process):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, signal.Signals[name])

    def kill(self, process: ProcessIdentity) -> None:
        if self.is_running(process):
            _kill_group(process.pid)

    def kill_family(self, pid: int, folder: Path) -> Sequence[ProcessIdentity]:
        head = _find_worker(pid, folder)
        if head is None:
            return ()
        return _kill_all(lambda: (head, *_descendants(head)))

    def kill_workers(self, folder: Path) -> Sequence[ProcessIdentity]:
        return _kill_all(lambda: [p for p in psutil.process_iter() if _works_in(p, folder) and not _is_watched(p)])


def describe_listener(port: int) -> str:
    """Who listens on a TCP port of this machine, as far as we may know: ` (process 123, python)`, else nothing."""
    with contextlib.suppress(psutil.Error):
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
                return f" (process {connection.pid}, {psutil.Process(connection.pid).name()})"
    return ""


def _kill_all(find: Callable[[], Iterable[psutil.Process]]) -> Sequence[ProcessIdentity]:
    halted: dict[int, psutil.Process] = {}
    while fresh := [each for each in find() if each.pid not in halted]:
        for each in fresh:
            halted[each.pid] = each
            with contextlib.suppress(psutil.Error):
                each.suspend()
    identities = [ProcessIdentity(pid, born) for pid in halted if (born := _born(pid))]
    for each in halted.values():
        with contextlib.suppress(psutil.Error):
            each.kill()
    return identities


def _find_worker(pid: int, folder: Path) -> psutil.Process | None:
    try:
        found = psutil.Process(pid)
    except (psutil.Error, ValueError):
        return None
    return found if _works_in(found, folder) else None


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return Path(process.cwd()).is_relative_to(folder.resolve()) and process.uids().real == folder.stat().st_uid
    except (psutil.Error, OSError, ValueError):
        return False


def _is_watched(process: psutil.Process) -> bool:
    try:
        return process.terminal() is not None
    except psutil.Error:
        return False


def _descendants(head: psutil.Process) -> list[psutil.Process]:
    try:
        return head.children(recursive=True)
    except psutil.Error:
        return []


def _spawn(
    command: Command, argv: tuple[str, ...], stdin: int, output: IO[bytes], errors: IO[bytes]
) -> subprocess.Popen[bytes]:
    user = command.user if os.geteuid() == 0 else None
    try:
        return subprocess.Popen(
            argv, cwd=command.directory, env=command.env, stdin=stdin, stdout=output, stderr=errors,
            start_new_session=True, umask=0o077, user=user.uid if user else None, group=user.gid if user else None,
            extra_groups=[] if user else None,
        )  # fmt: skip
    except OSError as error:
        raise CannotRun(f"cannot run {argv[0]} in {command.directory}: {error.strerror}") from error


def _identify_child(child: subprocess.Popen[bytes]) -> ProcessIdentity:
    """A child that has ended already still has its start time until it is reaped."""
    return ProcessIdentity(child.pid, _birth(child.pid)[0])


def _born(pid: int) -> str | None:
    """None where no such process runs (one that waits only to be reaped has ended)."""
    try:
        born, ended = _birth(pid)
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return None
    return None if ended else born


def _is_zombie(process: ProcessIdentity) -> bool:
    """It has ended, and its parent has not asked how."""
    try:
        return _birth(process.pid) == (process.born, True)
    except psutil.ZombieProcess:
        return True
    except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
        return False


def _reap_child(pid: int) -> int | None:
    """None where it is no child of ours. In a container what an earlier run of ours has left may have become one."""
    try:
        _, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return os.waitstatus_to_exitcode(status)


def _birth(pid: int) -> tuple[str, bool]:
    """When the process began, and whether it has ended; raises where there is no such pid."""
    if _HAS_PROC:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{fields[19]}", fields[0] in "ZX"
    found = psutil.Process(pid)
    return f"{found.create_time():.6f}", found.status() == psutil.STATUS_ZOMBIE


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(descriptor, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(descriptor)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
        os.killpg(pid, signal.SIGKILL)


def _exit(returncode: int) -> Exit:
    if returncode >= 0:
        return Exit(code=returncode)
    try:
        return Exit(signal=signal.Signals(-returncode).name)
    except ValueError:  # a real-time signal without a name
        return Exit(signal=f"signal {-returncode}")


def _open_log(log: Path) -> IO[bytes]:
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "ab")


def _tail(output: IO[bytes]) -> str:
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - OUTPUT_LIMIT_BYTES))
    return output.read().decode(errors="replace")
