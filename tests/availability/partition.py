"""Cuts the line between one member and the rest of the cluster, on one machine, by rules for its loopback interface.

Who is cut off is in a control group of its own, by which its new connections are known; those that it has are known by
their ports. What root has open or opens to it goes on: the tests' clients, and the agent, which is beside it. What the
agent starts anew meanwhile comes into the group as well, long before a Python can have opened anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

GROUPS = Path("/sys/fs/cgroup")
LOOK_SECONDS, JOIN_SECONDS = 0.05, 10.0
_RULES = """\
table inet {name} {{
  set open {{ type inet_service . inet_service; {elements} }}
  chain output {{
    type filter hook output priority 0
    oif lo tcp sport . tcp dport @open drop
    oif lo tcp dport . tcp sport @open drop
    oif lo socket cgroupv2 level 1 "{group}" tcp sport != {{ {ports} }} tcp dport != {{ {ports} }} drop
    oif lo socket cgroupv2 level 1 "{group}" accept
    oif lo tcp dport {{ {ports} }} meta skuid {user} drop
  }}
}}
"""
_JOIN = """
read -r _
nft delete table inet "$0"
for _ in 1 2 3 4 5; do
    while read -r process; do echo "$process" > "$2/cgroup.procs"; done < "$1/cgroup.procs"
    rmdir "$1" && exit
    sleep 0.2
done
"""
"""Waits for the end of its input, which comes with the end of the process that has cut the line, however it ends."""


def find_obstacle() -> str:
    """Why no line can be cut on this machine; empty where it can."""
    if os.geteuid() != 0:
        return "only root may cut lines"
    if shutil.which("nft") is None:
        return "there is no program 'nft'"
    return "" if _find_groups() else "control groups of version 2 are not mounted"


@contextmanager
def cut_off(find_members: Callable[[], Sequence[psutil.Process]], ports: Sequence[int]) -> Iterator[None]:
    """All processes of one instance, whenever they are asked for; `ports` are those that it listens on, itself too."""
    members = find_members()
    root = _find_groups()
    assert root is not None
    name = f"dbaas_cut_{os.getpid()}"
    group = root / name
    group.mkdir()
    _put(members, group)
    shown = str(group.relative_to(GROUPS))
    lines = ", ".join(f"{local} . {remote}" for local, remote in _find_lines(members, ports))
    rules = _RULES.format(
        name=name, group=shown, ports=", ".join(map(str, ports)), user=members[0].uids().real,
        elements=f"elements = {{ {lines} }}" if lines else "",
    )  # fmt: skip
    with _joined_afterwards(name, group, root):
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        with _watched(find_members, group):
            yield


@contextmanager
def _joined_afterwards(name: str, group: Path, root: Path) -> Iterator[None]:
    """Also where this process is killed meanwhile: rules that nobody takes back would cut lines of whoever comes."""
    words = ("sh", "-c", _JOIN, name, str(group), str(root))
    joiner = subprocess.Popen(words, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    assert joiner.stdin is not None
    try:
        yield
    finally:
        joiner.stdin.close()
        joiner.wait(JOIN_SECONDS)


@contextmanager
def _watched(find_members: Callable[[], Sequence[psutil.Process]], group: Path) -> Iterator[None]:
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(LOOK_SECONDS):
            _put(find_members(), group)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _put(members: Iterable[psutil.Process], group: Path) -> None:
    for each in members:
        with suppress(OSError):  # it has ended meanwhile
            (group / "cgroup.procs").write_text(str(each.pid))


def _find_groups() -> Path | None:
    return next((each for each in (GROUPS, GROUPS / "unified") if (each / "cgroup.procs").exists()), None)


def _find_lines(members: Sequence[psutil.Process], ports: Sequence[int]) -> set[tuple[int, int]]:
    """Local and remote ports of what it has open to others."""
    found = set()
    for each in members:
        with suppress(psutil.Error):
            for line in each.net_connections("tcp"):
                if line.raddr and line.laddr.port not in ports and line.raddr.port not in ports:
                    found.add((line.laddr.port, line.raddr.port))
    return found
