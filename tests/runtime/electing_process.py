"""An operator process for tests of the election: `python electing_process.py KUBECONFIG NAMESPACE JOURNAL`.

Made of the runtime's real parts. Its controller works on Widgets: each run appends the number of its turn, its process
and what it worked on to the journal, which all processes share. It says on standard output what it has become.
"""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from pathlib import Path

from prometheus_client import CollectorRegistry

from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.reconcile import Condition, Controller, Outcome
from dbaas.core.clock import SystemClock
from dbaas.core.fuse import ProcessFuse
from dbaas.core.logs import set_up_logs
from dbaas.core.randomness import SystemRandomness
from dbaas.core.signals import on_stop_signal
from dbaas.kube.http import HttpTransport
from dbaas.kube.kubeconfig import load_kubeconfig
from dbaas.kube.retries import RetryingTransport
from dbaas.kube.verbs import RestClient
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
CLOCK, CHANCE = SystemClock(), SystemRandomness()


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Work:
    """Each run is one line: it is written whole, so the order of lines is the order of runs."""

    def __init__(self, journal: Path, elector: Elector) -> None:
        self._file = os.open(journal, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self._elector = elector

    async def reconcile(self, widget: Resource) -> Outcome:
        turn = self._elector.transitions
        self._write(turn, f"began-{widget.key.name}")
        await CLOCK.sleep(widget.spec.get("seconds", 0))
        self._write(turn, f"ended-{widget.key.name}")
        return Outcome([Condition("Ready", "True", "Fine")], {"turn": turn}, requeue_after=AGAIN_SECONDS)

    def _write(self, turn: int, what: str) -> None:
        os.write(self._file, f"{turn} {os.getpid()} {what}\n".encode())


async def announce(elector: Elector, manager: Manager) -> None:
    while manager.unready():
        await CLOCK.sleep(0.02)
    say("synced")
    await elector.gained()
    say("leads", elector.transitions)
    await asyncio.Event().wait()


async def run(kubeconfig: Path, namespace: str, journal: Path) -> None:
    set_up_logs(None, verbose=True)
    access = load_kubeconfig([kubeconfig]).access()
    own_way, transport = HttpTransport(access, CLOCK), HttpTransport(access, CLOCK)
    candidate = Candidate(Key(namespace, "operator"), build_identity(platform.node(), CHANCE), TIMING)
    elector = Elector(RestClient(own_way), candidate, CLOCK, CHANCE, ProcessFuse())
    registry = CollectorRegistry()
    registry.register(LeaderMetrics(elector, "operator"))
    rest = RestClient(RetryingTransport(LeaderTransport(transport, elector), CLOCK, CHANCE))
    manager = Manager(rest, CLOCK, CHANCE, Metrics(registry), elector, (namespace,))
    manager.add(Controller(WIDGET, Work(journal, elector).reconcile, workers=2))
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
    asyncio.run(run(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])))
