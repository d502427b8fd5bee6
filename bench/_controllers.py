"""The runtime with one small controller, in a process of its own for `runtime`: commands come in, figures go out.

A gadget becomes one ConfigMap by server-side apply and a status: two writes, the fewest that are possible.
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp  # noqa: F401 - otherwise loaded with the first request, on the loop
from prometheus_client import CollectorRegistry

from dbaas.api.core import CONFIG_MAP
from dbaas.api.resource import Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.core.clock import SystemClock
from dbaas.core.memory import set_aside
from dbaas.core.randomness import SystemRandomness
from dbaas.core.secrets import Secret
from dbaas.kube.access import Access
from dbaas.kube.http import HttpTransport
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient
from dbaas.runtime.manager import RESYNC_SECONDS, Manager
from dbaas.runtime.metrics import MeteredTransport, Metrics

GADGET = Kind("bench.dbaas.io", "v1", "Gadget", "gadgets")
BEAT_SECONDS = 0.01
HOLD_MS = 3.0  # shorter ones are of no interest
LOOK_SECONDS = 0.01
PATIENCE_SECONDS = 100.0


def access_of(server: Mapping[str, Any]) -> Access:
    """Of a server as `_servers` describes it."""
    if tls := server.get("tls"):
        ca, certificate, key = (Path(tls[name]).read_text() for name in ("ca", "certificate", "key"))
        return Access(server["url"], ca=ca, certificate=certificate, private_key=Secret(key))
    return Access(server["url"], token=Secret(server["authorization"].removeprefix("Bearer ")))


class Beats:
    """How late the loop runs what is due every 10 ms; each beat that a stall has swallowed counts as late as it was.

    `busy` is the most of it that can be the loop's own work: the processor time that its thread has used since the beat
    before. The rest it has waited for a processor that others had.
    """

    def __init__(self) -> None:
        self.is_on = True
        self._late: list[float] = []
        self._busy: list[float] = []

    async def run(self) -> None:
        while self.is_on:
            due, used = time.perf_counter() + BEAT_SECONDS, time.thread_time()
            await asyncio.sleep(BEAT_SECONDS)
            late = max(0.0, time.perf_counter() - due)
            self._late.append(late)
            self._busy.append(min(late, time.thread_time() - used))
            while (late := late - BEAT_SECONDS) > 0:
                self._late.append(late)

    def take(self) -> dict[str, float]:
        """Since the last call, in milliseconds."""
        late, busy = sorted(self._late) or [0.0], sorted(self._busy) or [0.0]
        self._late, self._busy = [], []
        return {
            "late_p99_ms": late[int(len(late) * 0.99)] * 1000,
            "late_most_ms": late[-1] * 1000,
            "late_busy_p99_ms": busy[int(len(busy) * 0.99)] * 1000,
        }


class Holds:
    """Which callbacks hold the loop longest, by the processor time of its thread: that of others does not count."""

    def __init__(self) -> None:
        self._longest: dict[str, float] = {}
        run = asyncio.Handle._run  # type: ignore[attr-defined]

        def traced(handle: asyncio.Handle) -> None:
            began = time.thread_time()
            run(handle)
            spent = (time.thread_time() - began) * 1000
            if spent > HOLD_MS:
                name = _describe(handle)
                self._longest[name] = max(spent, self._longest.get(name, 0.0))

        asyncio.Handle._run = traced  # type: ignore[attr-defined]

    def take(self) -> list[tuple[str, float]]:
        """Since the last call: the longest of each name in milliseconds, the longest first."""
        longest, self._longest = self._longest, {}
        return sorted(longest.items(), key=lambda item: -item[1])[:5]


def _describe(handle: asyncio.Handle) -> str:
    """The task that went on, and where it stands after it."""
    callback = handle._callback  # type: ignore[attr-defined]
    task = getattr(callback, "__self__", None)
    if not isinstance(task, asyncio.Task):
        return str(getattr(callback, "__qualname__", callback))
    stack = [frame.f_code.co_qualname for frame in task.get_stack(limit=8)]
    return " > ".join([task.get_name(), *stack])


class Gadgets:
    """The reconciler; it notes who has been looked at, and how long after its stamp an edit arrived."""

    def __init__(self, client: Client) -> None:
        self.runs = 0
        self.seen: set[str] = set()
        self.delays: list[float] = []
        self._stamps: set[str] = set()
        self._client = client

    async def __call__(self, gadget: Resource) -> Outcome:
        body = gadget.body()
        if (stamp := body["spec"]["stamp"]) and stamp not in self._stamps:
            self._stamps.add(stamp)
            self.delays.append((time.perf_counter_ns() - int(stamp)) / 1e6)
        self.runs += 1
        await self._client.apply(CONFIG_MAP, build_child(gadget, body["spec"]))
        self.seen.add(gadget.metadata.name)
        return Outcome([Condition("Ready", "True", "Settled")], {"size": body["spec"]["size"]})


def build_child(gadget: Resource, spec: Mapping[str, Any]) -> dict[str, Any]:
    meta = gadget.metadata
    owner = {"apiVersion": GADGET.api_version, "kind": GADGET.kind, "name": meta.name, "uid": meta.uid}
    return {
        "apiVersion": CONFIG_MAP.api_version,
        "kind": CONFIG_MAP.kind,
        "metadata": {
            "name": meta.name,
            "namespace": meta.namespace,
            "labels": {"app.kubernetes.io/managed-by": "bench"},
            "ownerReferences": [owner | {"controller": True, "blockOwnerDeletion": True}],
        },
        "data": {"size": str(spec["size"]), "stamp": spec["stamp"], "text": spec["text"][:300]},
    }


class ResyncClock(SystemClock):
    """The pause between two resyncs of all, ten hours, ends when `wanted` is set and nothing else is left to do."""

    def __init__(self) -> None:
        self.wanted = asyncio.Event()
        self.manager: Manager | None = None

    async def sleep(self, seconds: float) -> None:
        if seconds < RESYNC_SECONDS / 2:
            await super().sleep(seconds)
            return
        await self.wanted.wait()
        while self.manager is None or not (self.wanted.is_set() and self.manager.is_idle):
            await super().sleep(LOOK_SECONDS)
            await self.wanted.wait()


class Session:
    """What the benchmark can ask of the running controllers; each method is a command."""

    def __init__(self, clock: ResyncClock, manager: Manager, gadgets: Gadgets, metrics: Metrics) -> None:
        self.beats = Beats()
        self._holds = Holds() if "--trace" in sys.argv else None
        self._clock = clock
        self._manager = manager
        self._gadgets = gadgets
        self._metrics = metrics

    async def settle(self, objects: int) -> dict[str, Any]:
        """Once so many have been looked at and nothing is left to do, what that took since the last command."""
        late = self._clock.monotonic() + PATIENCE_SECONDS
        while not (len(self._gadgets.seen) >= objects and self._manager.is_idle):
            if self._clock.monotonic() > late:
                raise SystemExit(f"{len(self._gadgets.seen)} of {objects} looked at after {PATIENCE_SECONDS:.0f} s")
            await self._clock.sleep(LOOK_SECONDS)
        if objects:
            set_aside()
        return self.figures()

    async def resync(self, _: int) -> dict[str, Any]:
        """All gadgets are looked at again, and again, until `rest`."""
        self._clock.wanted.set()
        return self.figures()

    async def rest(self, edits: int) -> dict[str, Any]:
        """Once so many edits have arrived; no resync from here on."""
        late = self._clock.monotonic() + PATIENCE_SECONDS
        while len(self._gadgets.delays) < edits:
            if self._clock.monotonic() > late:
                raise SystemExit(f"{len(self._gadgets.delays)} of {edits} edits arrived")
            await self._clock.sleep(LOOK_SECONDS)
        self._clock.wanted.clear()
        return self.figures()

    async def hush(self, _: int) -> dict[str, Any]:
        """No beats from here on, so that only events cost something."""
        self.beats.is_on = False
        return self.figures()

    def figures(self) -> dict[str, Any]:
        delays, self._gadgets.delays = self._gadgets.delays, []
        found = {
            "writes": self._count_writes(),
            "runs": self._gadgets.runs,
            "processor_seconds": time.process_time(),
            "resident_mib": _read_memory("VmRSS"),
            "peak_mib": _read_memory("VmHWM"),
            "delays_ms": delays,
            **self.beats.take(),
            "holds": self._holds.take() if self._holds else [],
        }
        self._gadgets.runs = 0
        return found

    def _count_writes(self) -> int:
        samples = [sample for metric in self._metrics.requests.collect() for sample in metric.samples]
        writes = [each for each in samples if each.name.endswith("_total") and each.labels["method"] != "GET"]
        return int(sum(each.value for each in writes))


def _read_memory(name: str) -> float:
    """In MiB; VmRSS and VmHWM as in proc(5)."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found[1]) / 1024 if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def main() -> None:
    server = json.loads(sys.stdin.readline())
    clock, chance = ResyncClock(), SystemRandomness()
    metrics = Metrics(CollectorRegistry())
    http = HttpTransport(access_of(server), clock)
    transport = MeteredTransport(RetryingTransport(http, clock, chance), metrics)
    manager = Manager(RestClient(transport), clock, chance, metrics)
    gadgets = Gadgets(manager.client)
    manager.add(Controller(GADGET, gadgets, owns=[CONFIG_MAP]))
    clock.manager = manager
    set_aside()  # as `dbaas up` does, and again after the first look at all
    session = Session(clock, manager, gadgets, metrics)
    running = asyncio.create_task(manager.run())
    beating = asyncio.create_task(session.beats.run())
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            command, number = json.loads(line)
            print(json.dumps(await getattr(session, command)(number)), flush=True)
    finally:
        beating.cancel()
        await manager.stop()
        await running
        await http.close()


if __name__ == "__main__":
    asyncio.run(main())
