"""What a process says of itself when it is asked: whether a restart would help, whether to count on it, who leads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dbaas.runtime.election import Elector

Problems = Callable[[], Sequence[str]]


@dataclass(frozen=True)
class Health:
    """Sums up the parts. A process that stands by is ready: its caches are, and it serves all but the work."""

    live: Sequence[Problems]
    ready: Sequence[Problems]

    def unhealthy(self) -> list[str]:
        return [problem for ask in self.live for problem in ask()]

    def unready(self) -> list[str]:
        return [problem for ask in self.ready for problem in ask()]


class LeaderMetrics(Collector):
    """The series of controller-runtime's election, and the number of the turn."""

    def __init__(self, elector: Elector, name: str) -> None:
        self._elector = elector
        self._name = name

    def collect(self) -> Iterator[Metric]:
        status = GaugeMetricFamily(
            "leader_election_master_status", "1 where this process leads, 0 where it stands by.", labels=["name"]
        )
        status.add_metric([self._name], float(self._elector.holds()))
        turns = CounterMetricFamily(
            "dbaas_lease_transitions", "How often the lease has got a new holder.", labels=["name"]
        )
        turns.add_metric([self._name], self._elector.transitions)
        yield from (status, turns)
