"""An operator process for tests of the election: `python electing_process.py KUBECONFIG NAMESPACE JOURNAL [SERVER]`.

Made of the runtime's real parts. Its controller works on Widgets: each run appends the number of its turn, its process
and what it worked on to the journal, which all processes share. It says on standard output what it has become.

With a PostgreSQL server given, as JSON, it also sends as many statements as the Widget says, over several connections;
each has the number of the turn in it. Its fuse has no timer then, which would hide what the lane does.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.engine import Address
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.contracts.statement import Statement
from dbaas.core.clock import SystemClock
from dbaas.core.fuse import ProcessFuse
from dbaas.core.logs import set_up_logs
from dbaas.core.offload import InlineOffload
from dbaas.core.randomness import SystemRandomness
from dbaas.core.secrets import Secret
from dbaas.core.signals import on_stop_signal
from dbaas.engines.postgres.engine import build_engine
from dbaas.engines.postgres.queries import Literal, compose
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient
from dbaas.lanes.lanes import ServerLanes
from dbaas.runtime.election import Candidate, Elector, LeaseLost, Timing, build_identity
from dbaas.runtime.fencing import LeaderTransport
from dbaas.runtime.health import Health, LeaderMetrics
from dbaas.runtime.manager import Manager
from dbaas.runtime.metrics import Metrics
from dbaas.runtime.operator import Operator
from dbaas.runtime.watchdog import Watchdog
from dbaas.server.metrics import serve_metrics

WIDGET = Kind("election.dbaas.io", "v1", "Widget", "widgets")
TIMING = Timing(lease_seconds=4, renew_seconds=2.5, retry_seconds=0.3)
AGAIN_SECONDS = 0.03
CONNECTIONS = 4
CLOCK, CHANCE = SystemClock(), SystemRandomness()


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class SlowFuse(ProcessFuse):
    """Blows only when the event loop has noticed by itself."""

    def arm(self, seconds: float) -> None:
        """Later than anything else."""


class Work:
    """Each run is one line: it is written whole, so the order of lines is the order of runs."""

    def __init__(self, journal: Path, elector: Elector, lane: Lane | None) -> None:
        self._lane = lane
        self._file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._elector = elector

    async def reconcile(self, widget: Resource) -> Outcome:
        turn = self._elector.transitions
        self._write(turn, f"began-{widget.key.name}")
        await CLOCK.sleep(widget.spec.get("seconds", 0))
        await asyncio.gather(*(self._send(turn, widget.spec.get("statements", 0)) for _ in range(CONNECTIONS)))
        self._write(turn, f"ended-{widget.key.name}")
        return Outcome([Condition("Ready", "True", "Fine")], {"turn": turn}, requeue_after=AGAIN_SECONDS)

    async def _send(self, turn: int, count: int) -> None:
        """One after the other, as the many changes of one object."""
        text = compose("SELECT pg_sleep(0.02), {turn}", turn=Literal(turn))
        for _ in range(count if self._lane else 0):
            assert self._lane is not None
            await self._lane.execute([Statement(text, transactional=False)])

    def _write(self, turn: int, what: str) -> None:
        os.write(self._file, f"{turn} {os.getpid()} {what}\n".encode())


async def announce(elector: Elector, manager: Manager) -> None:
    while manager.unready():
        await CLOCK.sleep(0.02)
    say("synced")
    await elector.gained()
    say("leads", elector.transitions)
    await asyncio.Event().wait()


def open_lane(server: str, elector: Elector) -> Lane | None:
    if not server:
        return None
    values = json.loads(server)
    address = Address(**{**values, "password": Secret(values["password"])})
    lanes = ServerLanes(CLOCK, CHANCE, leadership=elector)
    return lanes.open("default/main", build_engine(InlineOffload()), address, CONNECTIONS)


async def run(kubeconfig: Path, namespace: str, journal: Path, server: str) -> None:
    set_up_logs(None, verbose=True)
    access = load_kubeconfig([kubeconfig]).access()
    own_way, transport = HttpTransport(access, CLOCK), HttpTransport(access, CLOCK)
    candidate = Candidate(Key(namespace, "operator"), build_identity(platform.node(), CHANCE), TIMING)
    elector = Elector(RestClient(own_way), candidate, CLOCK, CHANCE, SlowFuse() if server else ProcessFuse())
    registry = CollectorRegistry()
    registry.register(LeaderMetrics(elector, "operator"))
    rest = RestClient(RetryingTransport(LeaderTransport(transport, elector), CLOCK, CHANCE))
    manager = Manager(rest, CLOCK, CHANCE, Metrics(registry), elector, (namespace,))
    work = Work(journal, elector, open_lane(server, elector))
    manager.add(Controller(WIDGET, work.reconcile, workers=2))
    watchdog = Watchdog(CLOCK, registry)
    health = Health([manager.unhealthy, watchdog.unhealthy], [manager.unready])
    face = await serve_metrics(registry, health.unhealthy, health.unready)
    stop = asyncio.Event()
    on_stop_signal(stop.set)
    say("serves", face.port)
    beside = [("watchdog", watchdog.run), ("announcement", lambda: announce(elector, manager))]
    try:
        await Operator(manager, elector, CLOCK, beside).run(stop)
    except LeaseLost:
        sys.exit(1)
    await face.close()
    for each in (own_way, transport):
        await each.close()
    say("left")


if __name__ == "__main__":
    kubeconfig, namespace, journal, *server = sys.argv[1:]
    asyncio.run(run(Path(kubeconfig), namespace, Path(journal), "".join(server)))
