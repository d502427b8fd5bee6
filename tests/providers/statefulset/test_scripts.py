"""The scripts, run by a real shell: a volume is made whole or not at all, a server is started, told and ended."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from dbaas.contracts.provider import (
    DATA_MISSING,
    DATA_OF_OTHER_VERSION,
    File,
    Init,
    Instance,
    SecretKey,
    Stop,
    VersionMark,
)
from dbaas.providers.statefulset.filling import FILL
from dbaas.providers.statefulset.places import Places
from dbaas.providers.statefulset.printing import PRINT_SECONDS
from dbaas.providers.statefulset.scripts import PROGRAM_MISSING, build_init, build_run

pytestmark = pytest.mark.slow

PATIENCE_SECONDS = 15.0
SERVER = """
import signal, sys, time
def note(word):
    with open("log", "a") as log:
        log.write(word + "\\n")
signal.signal(signal.SIGINT, lambda *_: (note("ended"), sys.exit(7)))
signal.signal(signal.SIGHUP, lambda *_: note("told"))
note("started")
while True:
    time.sleep(0.05)
"""
"""Like every server that has a clean end it sets its own handlers: shells start what is behind with SIGINT ignored."""
INSTANCE = Instance(
    name="main",
    command=(sys.executable, "-c", SERVER),
    init=(
        Init(("sh", "-c", "echo 18 > $0/VERSION; cp pw $0/seen", "$(CREATES)"), "data", VersionMark("VERSION", "18")),
    ),
    files=(
        File("pw", secret=SecretKey("main", "password"), on_change="nothing"),
        File("slow.conf", "a\n", on_change="restart"),
        File("conf.d/quick.conf", "b\n", on_change="reload"),
    ),
    stop=Stop("SIGINT", 5),
)


@dataclass
class Pod:
    """The folders of a container, on this machine. `shell` runs the scripts."""

    root: Path
    shell: tuple[str, ...]
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def places(self) -> Places:
        root = self.root
        return Places(str(root / "volume"), str(root / "run"), str(root / "mounted"), str(root / "words"))

    @property
    def volume(self) -> Path:
        return self.root / "volume"

    def mount(self, path: str, content: str) -> None:
        target = self.root / "mounted" / "files" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)

    def initialise(self, instance: Instance = INSTANCE, **known: bool) -> subprocess.CompletedProcess[str]:
        script = build_init(instance, self.places, **known)  # type: ignore[arg-type]
        return subprocess.run([*self.shell, "-c", script], capture_output=True, text=True, check=False)

    def start(self, instance: Instance = INSTANCE, output: IO[str] | None = None) -> subprocess.Popen[bytes]:
        script = build_run(instance, self.places)
        self.started.append(subprocess.Popen([*self.shell, "-c", script], stdout=output, start_new_session=True))
        return self.started[-1]

    def end(self) -> None:
        """What a container's end does to all that is left in it."""
        for process in self.started:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def log(self) -> list[str]:
        file = self.volume / "log"
        return file.read_text().split() if file.exists() else []


def _shells() -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [("sh",)]
    found += [("bash", "--posix")] if shutil.which("bash") else []
    return [*found, ("busybox", "sh")] if shutil.which("busybox") else found


@pytest.fixture(params=_shells(), ids=" ".join)
def pod(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pod]:
    made = Pod(tmp_path, request.param)
    made.volume.mkdir()
    for path, content in (("pw", "secret"), ("slow.conf", "a\n"), ("conf.d/quick.conf", "b\n")):
        made.mount(path, content)
    yield made
    made.end()


@pytest.fixture
def running(pod: Pod) -> Iterator[subprocess.Popen[bytes]]:
    assert pod.initialise().returncode == 0
    process = pod.start()
    until(lambda: "started" in pod.log())
    yield process


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it never was so"
        time.sleep(0.02)


def test_the_first_start_fills_the_volume_and_leaves_no_password(pod: Pod) -> None:
    done = pod.initialise()
    assert done.returncode == 0, done.stderr
    assert (pod.volume / "data" / "seen").read_text() == "secret"
    assert sorted(each.name for each in pod.volume.iterdir()) == ["conf.d", "data", "slow.conf"]
    assert (pod.volume / "slow.conf").stat().st_mode & 0o777 == 0o600


def test_a_second_start_leaves_the_data_alone(pod: Pod) -> None:
    pod.initialise()
    (pod.volume / "data" / "seen").write_text("changed since")
    assert pod.initialise().returncode == 0
    assert (pod.volume / "data" / "seen").read_text() == "changed since"


def test_what_fails_in_the_middle_leaves_nothing_that_looks_finished(pod: Pod) -> None:
    broken = replace(INSTANCE, init=(Init(("sh", "-c", "echo 18 > $0/VERSION; exit 3", "$(CREATES)"), "data"),))
    assert pod.initialise(broken).returncode == 3
    assert not (pod.volume / "data").exists()
    assert pod.initialise().returncode == 0
    assert (pod.volume / "data" / "VERSION").exists()


def test_data_of_another_version_is_refused_in_the_pods_last_words(pod: Pod) -> None:
    pod.initialise()
    (pod.volume / "data" / "VERSION").write_text("16\n")
    done = pod.initialise()
    assert done.returncode == 1
    said = (pod.root / "words").read_text()
    assert said.startswith(f"{DATA_OF_OTHER_VERSION}: ") and "version 16" in said and said == done.stderr


def test_data_that_was_served_and_is_gone_is_not_made_anew(pod: Pod) -> None:
    once = replace(INSTANCE, init=tuple(replace(step, once=True) for step in INSTANCE.init))
    done = pod.initialise(once, has_served=True)
    assert done.returncode == 1 and not (pod.volume / "data").exists()
    said = (pod.root / "words").read_text()
    assert said.startswith(f"{DATA_MISSING}: the volume has no data, ") and said == done.stderr
    assert pod.initialise(once).returncode == 0
    assert pod.initialise(once, has_served=True).returncode == 0
    assert (pod.volume / "data" / "VERSION").read_text() == "18\n"


def test_the_end_is_passed_on_and_the_exit_code_comes_back(pod: Pod, running: subprocess.Popen[bytes]) -> None:
    running.send_signal(signal.SIGTERM)
    assert running.wait(PATIENCE_SECONDS) == 7
    assert pod.log() == ["started", "ended"]


def test_a_file_that_can_be_read_again_is_put_in_place_and_told(pod: Pod, running: subprocess.Popen[bytes]) -> None:
    pod.mount("conf.d/quick.conf", "c\n")
    until(lambda: "told" in pod.log())
    assert (pod.volume / "conf.d" / "quick.conf").read_text() == "c\n"
    assert running.poll() is None


def test_a_file_that_needs_a_restart_waits_for_it(pod: Pod, running: subprocess.Popen[bytes]) -> None:
    pod.mount("slow.conf", "new\n")
    pod.mount("conf.d/quick.conf", "c\n")
    until(lambda: "told" in pod.log())
    assert (pod.volume / "slow.conf").read_text() == "a\n"
    running.send_signal(signal.SIGTERM)
    running.wait(PATIENCE_SECONDS)


def test_a_server_that_dies_ends_the_container(pod: Pod) -> None:
    pod.initialise()
    process = pod.start(replace(INSTANCE, command=("sh", "-c", "exit 5")))
    assert process.wait(PATIENCE_SECONDS) == 5


LOGGER = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
for attempt in ("first", "again"):
    for path in ("log/server.json", "log/server.log"):
        with open(path, "a") as log:
            log.write(f"{attempt} {path} " + "x" * 100_000 + "\\n")
    while attempt == "first" and not os.path.exists("go"):
        time.sleep(0.05)
sys.exit(7)
"""
LOGGING = replace(INSTANCE, command=(sys.executable, "-c", LOGGER), logs=("log/server.json", "log/server.log"))
"""It opens the files that it appends its log to more than once, and writes more to them than a pipe holds."""


def test_a_log_that_a_server_writes_to_files_is_printed_to_its_end_and_takes_no_room(pod: Pod) -> None:
    (pod.root / "run").mkdir()
    assert pod.initialise().returncode == 0
    printed = (pod.root / "printed").open("w+")
    process = pod.start(LOGGING, output=printed)

    def words() -> list[str]:
        return [" ".join(line.split()[:2]) for line in (pod.root / "printed").read_text().splitlines()]

    said = ["log/server.json", "log/server.log"]
    until(lambda: words() == [f"first {path}" for path in said])
    for reader in readers(process.pid):
        os.kill(reader, signal.SIGKILL)
    until(lambda: len(readers(process.pid)) == 1)
    (pod.volume / "go").touch()
    assert process.wait(PATIENCE_SECONDS) == 7
    assert words() == [f"{attempt} {path}" for attempt in ("first", "again") for path in said]
    assert {each.is_symlink() for each in (pod.volume / "log").iterdir()} == {True}
    printed.close()


def readers(pid: int) -> list[int]:
    """Of the pipe, among all that have descended from that process and have not ended."""
    found = []
    for each in psutil.Process(pid).children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if each.name() in ("cat", "busybox") and "cat" in each.cmdline():
                found.append(each.pid)
    return found


def test_a_server_on_a_leash_ends_its_container_at_once_whoever_still_writes_its_log(pod: Pod) -> None:
    (pod.root / "run").mkdir()
    mount_member(pod, "first")
    left = "exec 3>>log/server.json; sleep 60 & exit 5"
    instance = member(command=("sh", "-c", left), logs=LOGGING.logs)
    assert pod.initialise(instance).returncode == 0
    began = time.monotonic()
    assert pod.start(instance).wait(PATIENCE_SECONDS) == 5
    assert time.monotonic() - began < PRINT_SECONDS


def member(**more: Any) -> Instance:
    """One that agrees with others, with a Secret in a file that it can read again."""
    content = '{"password": "$(PASSWORD)", "other": "$(UNKNOWN)"}\n'
    key = SecretKey("main", "password")
    return replace(
        INSTANCE,
        files=(File("member.json", content, on_change="reload", secrets={"PASSWORD": key}),),
        init=(Init(("sh", "-c", "echo 18 > $0/VERSION", "$(CREATES)"), "data", VersionMark("VERSION", "18")),),
        packages=("member",),
        leash="data/server.pid",
        joins=True,
        **more,
    )


def mount_member(pod: Pod, password: str) -> None:
    pod.mount("member.json", '{"password": "$(PASSWORD)", "other": "$(UNKNOWN)"}\n')
    for path, content in (("secrets/member.json/PASSWORD", password), ("scripts/fill", FILL)):
        target = pod.root / "mounted" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content)


HOSTILE = 'a"b\\c & $(PASSWORD) \\1 é\ttab\nline \x01 %s {x}'


def test_a_secret_is_put_into_a_file_whatever_is_in_it(pod: Pod) -> None:
    mount_member(pod, HOSTILE)
    done = pod.initialise(member())
    assert done.returncode == 0, done.stderr
    file = pod.volume / "member.json"
    assert json.loads(file.read_text()) == {"password": HOSTILE, "other": "$(UNKNOWN)"}
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_changes_is_put_in_place_and_told(pod: Pod) -> None:
    mount_member(pod, "first")
    assert pod.initialise(member()).returncode == 0
    pod.start(member())
    until(lambda: "started" in pod.log())
    mount_member(pod, "second")
    until(lambda: "told" in pod.log())
    assert json.loads((pod.volume / "member.json").read_text())["password"] == "second"
    assert sorted(each.name for each in pod.volume.glob("member*")) in (
        ["member.json"],
        ["member.json", "member.json.new"],
    )


def test_a_secret_that_cannot_be_read_starts_nothing(pod: Pod) -> None:
    mount_member(pod, "first")
    (pod.root / "mounted" / "secrets" / "member.json" / "PASSWORD").unlink()
    done = pod.initialise(member())
    assert done.returncode != 0 and "PASSWORD" in done.stderr
    assert not (pod.volume / "data").exists()


def test_an_image_without_the_program_says_so_in_the_pods_last_words(pod: Pod) -> None:
    mount_member(pod, "first")
    done = pod.initialise(member(command=("no-such-program", "x")))
    assert done.returncode == 1
    said = (pod.root / "words").read_text()
    assert said.startswith(f"{PROGRAM_MISSING}: ") and "no-such-program" in said


def test_a_newcomer_puts_aside_what_an_earlier_instance_has_left_and_never_deletes_it(pod: Pod) -> None:
    mount_member(pod, "first")
    for left in ("data.left-1", "data.left-2"):
        assert pod.initialise(member()).returncode == 0
        (pod.volume / "data" / "kept").write_text(left)
        assert pod.initialise(member(), is_newcomer=True).returncode == 0
        assert (pod.volume / left / "kept").read_text() == left
        assert not (pod.volume / "data" / "kept").exists()


def test_whoever_has_a_role_begins_with_what_is_there(pod: Pod) -> None:
    mount_member(pod, "first")
    pod.initialise(member())
    (pod.volume / "data" / "kept").write_text("x")
    assert pod.initialise(member()).returncode == 0
    assert (pod.volume / "data" / "kept").exists()


def test_a_pod_waits_until_an_earlier_one_of_its_instance_has_ended(pod: Pod) -> None:
    """One that was deleted by force runs on for a while, beside its successor, on the same volume."""
    mount_member(pod, "first")
    assert pod.initialise(member()).returncode == 0
    first = pod.start(member())
    until(lambda: pod.log() == ["started"])
    second = pod.start(member())
    until(lambda: is_waiting(second.pid))
    assert pod.log() == ["started"]
    os.killpg(first.pid, signal.SIGKILL)
    until(lambda: pod.log() == ["started", "started"])


def is_waiting(pid: int) -> bool:
    """For the lock, behind whoever has it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return any(b"flock" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children)
