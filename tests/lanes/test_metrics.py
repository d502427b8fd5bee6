"""What lanes count."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from dbaas.contracts.engine import Unreachable
from dbaas.core.simulation import run_virtually
from dbaas.lanes.metering import LaneEvent
from dbaas.lanes.metrics import LaneMetrics
from fixtures.pretending import PretendServer, listen

ENGINE = {"engine": "basalt"}


def test_logins_questions_and_statements_are_counted_by_engine() -> None:
    async def main() -> None:
        registry, events = CollectorRegistry(), await listen()
        meter, engine = LaneMetrics(registry), {"engine": events[0].engine}
        for event in events:
            meter(event)
        value = registry.get_sample_value
        assert value("dbaas_connection_attempts_total", {**engine, "status": "success"}) == 1
        assert value("dbaas_connection_latency_seconds_sum", engine) == 2
        assert value("dbaas_statements_total", {**engine, "status": "success"}) == 2
        for work in ("observe", "execute"):
            assert value("dbaas_server_request_duration_seconds_sum", {**engine, "work": work}) == 1

    run_virtually(main())


def test_a_server_that_is_away_counts_as_failed_logins_and_one_circuit() -> None:
    registry = CollectorRegistry()
    meter = LaneMetrics(registry)
    for work in ("connect", "open", "connect", "close"):
        meter(LaneEvent("default/main", work, 1.0, failure=Unreachable("away").reason, engine="basalt"))
    value = registry.get_sample_value
    assert value("dbaas_connection_attempts_total", {**ENGINE, "status": "failure"}) == 2
    assert value("dbaas_circuits_opened_total", {**ENGINE, "reason": Unreachable("away").reason}) == 1


def test_what_is_known_beforehand_is_there_with_zero() -> None:
    registry = CollectorRegistry()
    LaneMetrics(registry, ["basalt"])
    for name in ("dbaas_connection_attempts_total", "dbaas_statements_total"):
        assert registry.get_sample_value(name, {**ENGINE, "status": "failure"}) == 0
    assert registry.get_sample_value("dbaas_connection_latency_seconds_count", ENGINE) == 0


def test_every_attempt_to_log_in_is_counted_those_of_probes_too() -> None:
    """A server that stays away is only probed: it must not look as if nobody tried."""

    async def main() -> None:
        server, registry = PretendServer(down=Unreachable("away")), CollectorRegistry()
        events: list[LaneEvent] = []
        lane, meter = server.lane(events=events), LaneMetrics(registry)
        with pytest.raises(Unreachable):
            await lane.observe("things", None, ["a"])
        await server.clock.sleep(600)
        await lane.close()
        for event in events:
            meter(event)
        failed = {"engine": lane.engine.name, "status": "failure"}
        tried = sum(server.connects.values())
        assert tried > 5
        assert registry.get_sample_value("dbaas_connection_attempts_total", failed) == tried

    run_virtually(main())
