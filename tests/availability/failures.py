"""What can happen to a cluster of three, one function each: strikes at once, and heals when the block ends."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

import psutil

from availability import partition
from availability.bed import Bed
from dbaas.api.resource import ANNOTATION_PAUSED
from fixtures.trio import CRASH_SECONDS, LOSS_SECONDS, NAMES, WHOLE_SECONDS, Trio, family

UNNOTICED_SECONDS = 5.0
LEASE_SECONDS = 20.0  # nobody else may be elected before that, counted from the last sign of the primary
AT_ONCE_SECONDS = 2.0


@dataclass(frozen=True)
class Struck:
    """What was done. `moment` is when it was, `former` the primary until then.

    `fenced` are processes that must end, and not go on by themselves. `servers` were there before, by
    instance, and are there no more once the cluster is whole again.
    """

    moment: float
    former: str
    fenced: Sequence[psutil.Process] = ()
    servers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """`writer` says who takes writes afterwards, and `seconds` within which time.

    With `same` nobody notices: no write waits longer. Who is to be fenced is so within `fenced_seconds`. One that
    `lasts` is healed when its time is over, which is `least_seconds` or there is nothing to be seen. What is `missing`
    on this machine for it is told by that function. What `is_rare` is left to `tools/soak.py`.
    """

    name: str
    strike: Callable[[Bed], AbstractContextManager[Struck]]
    writer: Literal["another", "anyone", "same"]
    seconds: float
    fenced_seconds: float = LEASE_SECONDS
    lasts: bool = False
    least_seconds: float = 0.0
    missing: Callable[[Bed], str] = lambda bed: ""
    is_rare: bool = False


@contextmanager
def kill_primary(bed: Bed) -> Iterator[Struck]:
    """PostgreSQL under a living Patroni."""
    name = bed.trio.primary()
    pid = bed.trio.server_pid(name)
    os.kill(pid, signal.SIGKILL)
    yield Struck(time.monotonic(), name, servers={name: pid})


@contextmanager
def kill_replica(bed: Bed) -> Iterator[Struck]:
    former = bed.trio.primary()
    name = next(name for name in NAMES if name != former)
    pid = bed.trio.server_pid(name)
    os.kill(pid, signal.SIGKILL)
    yield Struck(time.monotonic(), former, servers={name: pid})


@contextmanager
def kill_patroni(bed: Bed) -> Iterator[Struck]:
    """Of the primary, alone: nobody would tell its server that another one is elected."""
    name = bed.trio.primary()
    pid = bed.trio.server_pid(name)
    servers = family(pid)
    os.kill(bed.trio.process(name)["pid"], signal.SIGKILL)
    yield Struck(time.monotonic(), name, servers, {name: pid})


@contextmanager
def kill_all(bed: Bed) -> Iterator[Struck]:
    """Every Patroni and every server, at the same time."""
    former = bed.trio.primary()
    servers = {name: bed.trio.server_pid(name) for name in NAMES}
    pids = [*(bed.trio.process(name)["pid"] for name in NAMES), *servers.values()]
    for pid in pids:
        with suppress(ProcessLookupError):  # who was on the leash of the one before
            os.kill(pid, signal.SIGKILL)
    yield Struck(time.monotonic(), former, servers=servers)


@contextmanager
def halt_patroni(bed: Bed) -> Iterator[Struck]:
    """Of the primary, alone: its server would go on for ever."""
    name = bed.trio.primary()
    pid = bed.trio.server_pid(name)
    patroni, servers = psutil.Process(bed.trio.process(name)["pid"]), family(pid)
    with _halted([patroni]):
        yield Struck(time.monotonic(), name, [patroni, *servers], {name: pid})


@contextmanager
def halt_primary(bed: Bed) -> Iterator[Struck]:
    """All of it, as when a machine stands still: when it wakes it knows nothing of what happened meanwhile."""
    name = bed.trio.primary()
    pid = bed.trio.server_pid(name)
    everything = [psutil.Process(bed.trio.process(name)["pid"]), *family(pid)]
    with _halted(everything):
        yield Struck(time.monotonic(), name, everything, {name: pid})


@contextmanager
def halt_server(bed: Bed) -> Iterator[Struck]:
    """PostgreSQL alone, under a Patroni that lives."""
    name = bed.trio.primary()
    pid = bed.trio.server_pid(name)
    with _halted(family(pid)):
        yield Struck(time.monotonic(), name, servers={name: pid})


@contextmanager
def halt_unfenced(bed: Bed) -> Iterator[Struck]:
    """The same where nobody looks whether it lives, as when who should stands still with it. Then it wakes."""
    name, laptop = bed.trio.primary(), bed.trio.laptop
    pid = bed.trio.server_pid(name)
    everything = [psutil.Process(bed.trio.process(name)["pid"]), *family(pid)]
    laptop.patch("databasecluster", "main", {"metadata": {"annotations": {ANNOTATION_PAUSED: "true"}}})
    laptop.patch("process", name, {"spec": {"probes": {"alive": None}}})
    try:
        with _halted(everything):
            yield Struck(time.monotonic(), name, servers={name: pid})
    finally:
        laptop.patch("databasecluster", "main", {"metadata": {"annotations": {ANNOTATION_PAUSED: None}}})


@contextmanager
def halt_control_plane(bed: Bed) -> Iterator[Struck]:
    """API server, controllers and agent. The members cannot renew what they have agreed on; they ask each other."""
    former = bed.trio.primary()
    held = json.loads((bed.trio.laptop.home / "lock").read_text())
    with _halted([psutil.Process(held["pid"])]):
        yield Struck(time.monotonic(), former)


@contextmanager
def fill_disk(bed: Bed) -> Iterator[Struck]:
    """Of the primary, to the last byte."""
    name = bed.trio.primary()
    bed.disks[name].fill()
    try:
        yield Struck(time.monotonic(), name)
    finally:
        bed.disks[name].make_room()


@contextmanager
def cut_off_primary(bed: Bed) -> Iterator[Struck]:
    """From the API and from the others; clients still reach it."""
    name = bed.trio.primary()
    place = f"{bed.trio.laptop.home / 'processes' / f'default.{name}'}/"
    with partition.cut_off(lambda: _find_processes(place), bed.ports(name)):
        yield Struck(time.monotonic(), name)


def _find_processes(place: str) -> Sequence[psutil.Process]:
    """Those that were called with something of that folder, and what they have started."""
    found = list[psutil.Process]()
    for each in psutil.process_iter(["cmdline"]):
        if any(place in word for word in each.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                found += [each, *each.children(recursive=True)]
    return found


@contextmanager
def _halted(processes: Sequence[psutil.Process]) -> Iterator[None]:
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.suspend()
    try:
        yield
    finally:
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.resume()


def _no_disk(bed: Bed) -> str:
    return "" if bed.disks else "only root may mount a small disk"


def has_new_servers(trio: Trio, servers: Mapping[str, int]) -> bool:
    """Whether each of the instances has another server than that."""
    with suppress(OSError, IndexError):
        return all(trio.server_pid(name) != pid for name, pid in servers.items())
    return False


_PAST_LEASE = LEASE_SECONDS + 5
CRASH = Failure("the primary's PostgreSQL is killed", kill_primary, "anyone", CRASH_SECONDS)
PATRONI_KILLED = Failure("the primary's Patroni is killed", kill_patroni, "anyone", LOSS_SECONDS, AT_ONCE_SECONDS)
FAILURES = (
    CRASH,
    Failure("a replica's PostgreSQL is killed", kill_replica, "same", UNNOTICED_SECONDS),
    PATRONI_KILLED,
    Failure("all of them are killed", kill_all, "anyone", WHOLE_SECONDS),
    Failure("the primary's Patroni is halted", halt_patroni, "anyone", LOSS_SECONDS, lasts=True),
    Failure("the primary's PostgreSQL is halted", halt_server, "another", LOSS_SECONDS, lasts=True, is_rare=True),
    Failure(
        "the primary is halted with all its processes", halt_primary, "anyone", LOSS_SECONDS, lasts=True, is_rare=True
    ),
    Failure("the primary is halted and nobody fences it", halt_unfenced, "another", LOSS_SECONDS, lasts=True),
    Failure("dbaas is halted", halt_control_plane, "same", UNNOTICED_SECONDS, lasts=True, least_seconds=_PAST_LEASE),
    Failure(
        "the primary's disk is full", fill_disk, "anyone", WHOLE_SECONDS, lasts=True, least_seconds=5, missing=_no_disk
    ),
    Failure(
        "the primary is cut off", cut_off_primary, "another", LOSS_SECONDS, lasts=True,
        missing=lambda bed: partition.find_obstacle(),
    ),
)  # fmt: skip
