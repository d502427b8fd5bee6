"""A thousand servers, of which fifty hang while others refuse or are slow: what the healthy ones notice of it.

Arguments: how many servers, and how many of them hang. The servers are pretended by one process that repeats what a
real one has said (`_stub`), and that one is an instance too. An edit is timed from its writing until its object says
that it is done; a health check is one that the benchmark asks for itself. Looks with and without sick servers take
turns, and begin as long after the servers have become sick or well: so a machine that is busy with something else is
that for both, and work that servers leave behind when they come back is no part of either. Each look at sick times is
compared with the two around it, and what is reported is the round in the middle: one moment in which the machine was
busy with something else would decide the p99 of all rounds together.

Memory is set aside as `dbaas up` does, before the first server and when all are there.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import psutil

from _laptop import report
from _plane import MAIN, Plane, is_ready, open_plane, running_server
from dbaas.api.core import SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind
from dbaas.api.role import DATABASE_ROLE
from dbaas.core.logs import set_up_logs
from dbaas.core.memory import set_aside
from fixtures.postgres import TestServer, log_in

SERVERS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
HANGING = int(sys.argv[2]) if len(sys.argv) > 2 else 50
REFUSING = SLOW = HANGING // 2
SICK = HANGING + REFUSING + SLOW
EDITS = 1000  # in each look
ROUNDS = 3
PAUSE_SECONDS = 0.02
LOOK_SECONDS = 0.001
SETTLE_SECONDS = 60.0  # of sickness, or after it, before it is measured: the longest pauses of circuits have begun
FIRST_SECONDS = 70.0  # until each server has been asked again, and its first drift pass is over
LONGEST_BACK_SECONDS = 30.0 + 10.0  # the longest pause of a circuit, and what one attempt may last
PATIENCE_SECONDS = 300.0
LOCAL = "127.0.0.1"
WHAT = EDIT, REAL_EDIT, CHECK = ("edit", "edit on the real one", "health check")

Times = dict[str, list[float]]


class Stub:
    """The process that pretends."""

    def __init__(self, process: asyncio.subprocess.Process, ports: Sequence[int]) -> None:
        self._process = process
        self.ports = ports

    async def change(self, sorts: Mapping[int, str]) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(sorts).encode() + b"\n")
        await self._process.stdout.readline()


@contextlib.asynccontextmanager
async def run_stub(server: TestServer) -> AsyncIterator[Stub]:
    address, program = server.address, Path(__file__).with_name("_stub.py")
    login = (address.host, str(address.port), address.username, address.password.reveal())
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(program), *login, str(SERVERS), stdin=pipe, stdout=pipe, limit=2**20
    )
    assert process.stdout is not None and process.stdin is not None
    try:
        yield Stub(process, json.loads(await process.stdout.readline()))
    finally:
        process.stdin.close()
        await process.wait()


def main() -> None:
    set_up_logs(None, verbose=False)
    with running_server() as server:
        asyncio.run(_measure(server))


async def _measure(server: TestServer) -> None:
    async with await log_in(server.address) as admin:
        await admin.execute(b"CREATE ROLE app")
    async with run_stub(server) as stub, open_plane(server) as plane:
        set_aside()
        own = psutil.Process()
        before = own.memory_info().rss
        began = time.perf_counter()
        await _introduce(plane, server, stub.ports)
        await _until(plane, range(SERVERS), ready=True)
        print(f"{SERVERS} servers, one role each, Ready after {time.perf_counter() - began:.1f} s", flush=True)
        grown = (own.memory_info().rss - before) / SERVERS / 1024
        print(f"{grown:.0f} KiB of memory and {own.num_fds() / SERVERS:.1f} descriptors a server", flush=True)
        set_aside()
        await asyncio.sleep(FIRST_SECONDS)
        _tell(*await _take_turns(plane, stub))


async def _take_turns(plane: Plane, stub: Stub) -> tuple[Sequence[Times], Sequence[Times], Sequence[float]]:
    """The looks at well and at sick times, one more of the first; and how long it took until all were back."""
    well, sick, back = [await _look_once(plane)], [], []
    for _ in range(ROUNDS):
        await stub.change({number: _sort_of(number) for number in range(SICK)})
        await asyncio.sleep(SETTLE_SECONDS)
        await _until(plane, range(HANGING + REFUSING), ready=False)
        sick.append(await _look_once(plane))
        await stub.change(dict.fromkeys(range(SICK), "well"))
        began = time.perf_counter()
        await _until(plane, range(SICK), ready=True)
        back.append(time.perf_counter() - began)
        await asyncio.sleep(SETTLE_SECONDS)
        well.append(await _look_once(plane))
    return well, sick, back


def _tell(well: Sequence[Times], sick: Sequence[Times], back: Sequence[float]) -> None:
    for share in (99, 50):
        for what in WHAT:
            told = [_quantile(look[what], share) for look in well]
            fair = [statistics.mean(pair) for pair in pairwise(told)]
            rounds = sorted(zip((_quantile(look[what], share) for look in sick), fair, strict=True), key=_ratio)
            wanted = "1.1 ×" if share == 99 else "stated"
            print(f"p{share} {what}, all rounds: {', '.join(f'{_ratio(each):.2f}' for each in rounds)}")
            report(
                f"p{share} on healthy servers while {SICK} are sick: {what}", *rounds[len(rounds) // 2], "ms", wanted
            )
    report("all are back, at the longest", max(back), LONGEST_BACK_SECONDS, "s", "1 ×")


def _ratio(pair: tuple[float, float]) -> float:
    return pair[0] / pair[1]


def _quantile(times: Sequence[float], share: int) -> float:
    return statistics.quantiles(times, n=100)[share - 1]


def _sort_of(number: int) -> str:
    return "hangs" if number < HANGING else "refuses" if number < HANGING + REFUSING else "slow"


async def _introduce(plane: Plane, server: TestServer, ports: Sequence[int]) -> None:
    address = server.address
    values = {"username": address.username, "password": address.password.reveal()}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
    metadata = {"name": "all", "namespace": "default"}
    await plane.user.create(SECRET, {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})
    for number, port in enumerate(ports):
        connection = {"host": LOCAL, "port": port, "secretRef": {"name": "all"}}
        spec = {"engine": "postgres", "connection": connection, "postgres": {"sslMode": "disable"}}
        await plane.make(DATABASE_INSTANCE, f"server-{number}", spec)
        on_it = {"instanceRef": {"name": f"server-{number}"}, "roleName": "app"}
        await plane.make(DATABASE_ROLE, f"app-{number}", on_it)
    await plane.make(DATABASE_ROLE, "app-real", {"instanceRef": {"name": MAIN.name}, "roleName": "app"})


async def _until(plane: Plane, numbers: Collection[int], *, ready: bool) -> None:
    """Until the servers, and with them the roles on those that are to be ready, are so."""
    kinds: Sequence[tuple[Kind, str]] = [(DATABASE_INSTANCE, "server"), *([(DATABASE_ROLE, "app")] if ready else [])]
    left = {(kind, f"{prefix}-{number}") for kind, prefix in kinds for number in numbers}
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while left:
                await asyncio.sleep(0.2)
                for kind in {kind for kind, _ in left}:
                    found = {
                        each.metadata.name for each in await plane.manager.client.list(kind) if is_ready(each) == ready
                    }
                    left -= {(kind, name) for name in found}
    except TimeoutError:
        raise SystemExit(f"{len(left)} never came, such as {sorted(name for _, name in left)[:3]}") from None


async def _look_once(plane: Plane) -> Times:
    """In milliseconds, on servers that are always well. One begins when the one before has ended."""
    times: Times = {what: [] for what in WHAT}
    began, used = time.perf_counter(), time.process_time()
    for number in random.Random(1).choices(range(SICK, SERVERS), k=EDITS):
        for what, name in ((EDIT, f"app-{number}"), (REAL_EDIT, "app-real")):
            with _timed(times[what]):
                await _edit(plane, name)
        lane = plane.lanes.get(f"default/server-{number}")
        assert lane is not None
        with _timed(times[CHECK]):
            await lane.facts(fresh=True)
        await asyncio.sleep(PAUSE_SECONDS)
    told = [f"{what} {_quantile(each, 50):.1f} and {_quantile(each, 99):.1f} ms" for what, each in times.items()]
    busy = (time.process_time() - used) / (time.perf_counter() - began)
    print(f"p50 and p99: {', '.join(told)}; {busy:.0%} of a core", flush=True)
    return times


@contextlib.contextmanager
def _timed(times: list[float]) -> Iterator[None]:
    began = time.perf_counter()
    yield
    times.append((time.perf_counter() - began) * 1000)


async def _edit(plane: Plane, name: str) -> None:
    """One that changes nothing on the server, so that the pretended ones do it like the real one."""
    key = Key("default", name)
    patch = {"spec": {"driftPolicy": {"mode": "detect", "interval": f"{600 + time.time_ns() % 100_000}s"}}}
    generation = (await plane.user.patch(DATABASE_ROLE, key, patch)).metadata.generation
    while (await plane.user.get(DATABASE_ROLE, key)).status.get("observedGeneration") != generation:
        await plane.sources.clock.sleep(LOOK_SECONDS)


if __name__ == "__main__":
    main()
