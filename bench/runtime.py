"""Our runtime with 10,000 objects of a kind with one child each, against our API server and against kube-apiserver.

The same controllers, in turns, on both servers; they, the servers and the load are processes of their own on the same
cores. A number takes so many objects, `--quick` a thousand; `--alone` leaves kube-apiserver out: no ratios then.
`--trace` tells what held the loop longest in each phase, which costs some time itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _controllers import GADGET, access_of
from _laptop import report
from _servers import Server, start_embedded, start_kube
from dbaas.api.core import CUSTOM_RESOURCE_DEFINITION
from dbaas.api.resource import Key
from dbaas.contracts.client import NotFound
from dbaas.core.clock import SystemClock
from dbaas.kube.http import HttpTransport
from dbaas.kube.verbs import RestClient, Writing

QUICK, ALONE, TRACE = ("--quick" in sys.argv, "--alone" in sys.argv, "--trace" in sys.argv)
OBJECTS = next(map(int, filter(str.isdigit, sys.argv)), 1000 if QUICK else 10_000)
EDITS = 50 if QUICK else 150
EVENTS = 500 if QUICK else 2000
PAUSE_SECONDS = 0.01  # between two edits
CREATE_SECONDS = 16.0  # a slow machine makes fewer objects in that time
PHASE_SECONDS = 8.0
LIMIT_SECONDS = 238
CONTROLLERS = Path(__file__).with_name("_controllers.py")
NAMESPACE = "default"
CONNECTIONS = 16


@dataclass
class Figures:
    """Of one server."""

    objects: int = 0
    settled: dict[str, Any] = field(default_factory=dict)
    restarted: dict[str, Any] = field(default_factory=dict)
    idle: dict[str, Any] = field(default_factory=dict)
    resync: dict[str, Any] = field(default_factory=dict)
    event_microseconds: float = 0.0


class Controllers:
    """The process of controllers of one server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.began = time.perf_counter()
        self._process = process

    def ask(self, command: str, number: int = 0) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([command, number]) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise SystemExit(f"the controllers have ended at {command!r}")
        figures: dict[str, Any] = json.loads(answer)
        return figures | {"seconds": time.perf_counter() - self.began}


@contextlib.contextmanager
def start_controllers(server: Server) -> Iterator[Controllers]:
    """They end when their input does."""
    command = [sys.executable, str(CONTROLLERS), *(["--trace"] if TRACE else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        process.stdin.write(json.dumps(dict(server.access)) + "\n")
        process.stdin.flush()
        try:
            yield Controllers(process)
        finally:
            process.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=15)
            process.kill()


def main() -> None:
    signal.signal(signal.SIGALRM, lambda *_: sys.exit(f"stopped after {LIMIT_SECONDS} s"))
    signal.alarm(LIMIT_SECONDS)  # all ends in order: the servers are stopped on the way out
    found: list[Figures] = []
    for start in [start_embedded] if ALONE else [start_embedded, start_kube]:
        with start() as server:
            found.append(_measure(server))
    _show(found[0], found[-1] if len(found) > 1 else None)


def _measure(server: Server) -> Figures:
    asyncio.run(_define(server))
    figures = Figures(_create(server))
    with start_controllers(server) as controllers:
        figures.settled = controllers.ask("settle", figures.objects)
    with start_controllers(server) as controllers:
        figures.restarted = controllers.ask("settle", figures.objects)
        asyncio.run(_edit(server, figures.objects))
        figures.idle = controllers.ask("rest", EDITS)
        controllers.ask("resync")
        asyncio.run(_edit(server, figures.objects))
        figures.resync = controllers.ask("rest", EDITS)
        controllers.ask("settle")
        figures.event_microseconds = _write_statuses(server, controllers, figures.objects)
    return figures


async def _define(server: Server) -> None:
    """Gadgets are served then, and their namespace is there."""
    async with _open_client(server) as client:
        await client.create(CUSTOM_RESOURCE_DEFINITION, _definition())
        async with asyncio.timeout(30):
            while True:
                try:
                    await client.list(GADGET)
                    break
                except NotFound:
                    await asyncio.sleep(0.1)
        await asyncio.sleep(1)  # kube-apiserver rebuilds its handlers


def _definition() -> dict[str, Any]:
    text = {"type": "string", "maxLength": 4096}
    spec = {"type": "object", "properties": {"size": {"type": "integer"}, "stamp": text, "text": text}}
    status = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": GADGET.version,
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": spec, "status": status}}},
        "subresources": {"status": {}},
    }
    names = {"plural": GADGET.plural, "kind": GADGET.kind, "singular": "gadget", "listKind": "GadgetList"}
    return {
        "apiVersion": CUSTOM_RESOURCE_DEFINITION.api_version,
        "kind": CUSTOM_RESOURCE_DEFINITION.kind,
        "metadata": {"name": GADGET.resource},
        "spec": {"group": GADGET.group, "scope": "Namespaced", "names": names, "versions": [version]},
    }


def _create(server: Server) -> int:
    """How many there are then: as many as could be made in time. 2 KB each."""
    body = {
        "apiVersion": GADGET.api_version,
        "kind": GADGET.kind,
        "metadata": {"name": "g-{n}", "labels": {"app": "shop"}, "annotations": {"note": "x" * 700}},
        "spec": {"size": 3, "stamp": "", "text": "y" * 1000},
    }
    path = GADGET.path(NAMESPACE)
    made = _send(server, method="POST", path=path, body=json.dumps(body), count=OBJECTS, limit_seconds=CREATE_SECONDS)
    return int(made["count"])


async def _edit(server: Server, objects: int) -> None:
    """One edit after the other, each stamped with the moment at which it is sent."""
    async with _open_client(server) as client:
        for number in range(EDITS):
            key = Key(NAMESPACE, f"g-{number * 37 % objects}")
            await client.patch(GADGET, key, {"spec": {"stamp": str(time.perf_counter_ns())}})
            await asyncio.sleep(PAUSE_SECONDS)


def _write_statuses(server: Server, controllers: Controllers, objects: int) -> float:
    """Processor time of the controllers for each change of a status that does not concern them, in microseconds."""
    before = controllers.ask("hush")
    body = json.dumps({"status": {"note": "written by somebody else"}})
    path = f"{GADGET.path(NAMESPACE)}/g-{{n}}/status"
    merge = {"method": "PATCH", "content_type": "application/merge-patch+json", "path": path, "body": body}
    written = _send(server, **merge, count=min(EVENTS, objects), limit_seconds=PHASE_SECONDS)
    after = controllers.ask("settle")
    if after["runs"]:
        raise SystemExit(f"changes of a status have led to {after['runs']} reconciles")
    spent: float = after["processor_seconds"] - before["processor_seconds"]
    return spent / written["count"] * 1e6


def _send(server: Server, **job: Any) -> dict[str, Any]:
    return server.run(first=0, connections=CONNECTIONS, **job)


@contextlib.asynccontextmanager
async def _open_client(server: Server) -> Any:
    http = HttpTransport(access_of(server.access), SystemClock())
    try:
        yield RestClient(http, Writing("bench"))
    finally:
        await http.close()


def _show(ours: Figures, theirs: Figures | None) -> None:
    """Our server first, kube-apiserver second; 0 for what did not run."""

    def compare(what: str, figure: Any, unit: str, wanted: str) -> None:
        report(what, figure(ours), figure(theirs) if theirs else 0.0, unit, wanted)

    compare("objects made to be settled", lambda f: f.objects, "", str(OBJECTS))
    compare("from start to all settled", lambda f: f.objects / f.settled["seconds"], "/s", "stated")
    compare("writes for each object", lambda f: f.settled["writes"] / f.objects, "", "2")
    compare("reconciles for each object", lambda f: f.settled["runs"] / f.objects, "", "stated")
    compare(
        "processor of the controllers for each object",
        lambda f: f.settled["processor_seconds"] / f.objects * 1000, "ms", "stated",
    )  # fmt: skip
    compare("restart with all settled, from the process on", lambda f: f.restarted["seconds"], "s", "< 10 s")
    compare("writes after it", lambda f: f.restarted["writes"], "", "0")
    compare("peak memory of it", lambda f: f.restarted["peak_mib"], "MiB", "≤ 150 MiB")
    compare("peak memory of the first start", lambda f: f.settled["peak_mib"], "MiB", "≤ 150 MiB")
    compare("an edit to its reconcile, idle, p50", lambda f: _part(f.idle, 0.5), "ms", "< 15 ms")
    compare("an edit to its reconcile, idle, p99", lambda f: _part(f.idle, 0.99), "ms", "stated")
    compare("an edit to its reconcile, in a resync, p50", lambda f: _part(f.resync, 0.5), "ms", "stated")
    compare("an edit to its reconcile, in a resync, p99", lambda f: _part(f.resync, 0.99), "ms", "< 1 s")
    compare("reconciles in the resync", lambda f: f.resync["runs"], "", "stated")
    compare("processor for each status event", lambda f: f.event_microseconds, "µs", "< 50 µs")
    for phase in ("settled", "restarted", "resync"):
        compare(f"loop late, {phase}, p99", lambda f: getattr(f, phase)["late_p99_ms"], "ms", "< 50 ms")  # noqa: B023
        compare(f"of that its own work, {phase}, p99", lambda f: getattr(f, phase)["late_busy_p99_ms"], "ms", "stated")  # noqa: B023
        compare(f"loop late, {phase}, most", lambda f: getattr(f, phase)["late_most_ms"], "ms", "stated")  # noqa: B023
        for figures in (ours, theirs) if theirs else (ours,):
            for name, spent in getattr(figures, phase)["holds"]:
                print(f"  {phase}: {spent:.1f} ms of processor time in one go: {name}")


def _part(figures: dict[str, Any], share: float) -> float:
    delays = sorted(figures["delays_ms"])
    return statistics.median(delays) if share == 0.5 else delays[int(len(delays) * share)]


if __name__ == "__main__":
    main()
