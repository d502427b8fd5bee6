"""Tests of `runtime.metrics`: property 32 of the runtime."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from dbaas.api.resource import Resource
from dbaas.contracts.reconcile import Condition, Controller, Outcome, Refused
from dbaas.contracts.transport import Request, TransportError
from dbaas.core.errors import DbaasError
from dbaas.core.randomness import SeededRandomness
from dbaas.kube.verbs import RestClient
from dbaas.runtime.manager import Manager
from dbaas.runtime.metrics import MeteredTransport, Metrics
from fixtures.operating import WIDGET, operating, virtually
from fixtures.settle import settle

WIDGETS = {"kind": WIDGET.resource}
QUEUE = {"name": "widget", "controller": "widget"}


@virtually
async def test_what_happens_is_counted_under_the_usual_names() -> None:
    async def reconcile(resource: Resource) -> Outcome:
        if resource.metadata.name == "bad":
            raise DbaasError("cannot turn")
        return Outcome([Condition("Ready", "True", "Fine")])

    registry = CollectorRegistry()
    async with operating() as operator:
        metrics = Metrics(registry)
        rest = RestClient(MeteredTransport(operator.faults, metrics))
        manager = Manager(rest, operator.clock, SeededRandomness(1), metrics)
        manager.add(Controller(WIDGET, reconcile, workers=3))
        value = registry.get_sample_value
        assert value("controller_runtime_reconcile_total", {"controller": "widget", "result": "success"}) == 0
        operator.manager, operator.task = manager, None
        operator.start()
        for name in ("one", "two", "bad"):
            await operator.make(name)
        await operator.clock.sleep(0.001)
        assert value("controller_runtime_reconcile_total", {"controller": "widget", "result": "success"}) == 2
        errors = value("controller_runtime_reconcile_errors_total", {"controller": "widget"})
        assert errors is not None
        assert errors >= 1
        assert value("controller_runtime_reconcile_time_seconds_count", {"controller": "widget"}) == 2 + errors
        assert value("controller_runtime_max_concurrent_reconciles", {"controller": "widget"}) == 3
        assert value("controller_runtime_active_workers", {"controller": "widget"}) == 0
        assert value("workqueue_depth", QUEUE) == 0
        assert value("workqueue_adds_total", QUEUE) is not None
        assert value("workqueue_retries_total", QUEUE) == errors
        assert value("workqueue_queue_duration_seconds_count", QUEUE) == 2 + errors
        assert value("rest_client_requests_total", {"code": "200", "method": "PATCH"}) == 3
        assert value("dbaas_cache_objects", WIDGETS) == 3
        assert value("dbaas_lists_total", WIDGETS) == 1
        assert value("dbaas_events_dropped_total") == 0
        assert value("dbaas_objects", WIDGETS | {"ready": "True", "reason": "Fine"}) == 2


CONTROLLER_RUNTIME = (
    "controller_runtime_reconcile_total",
    "controller_runtime_reconcile_errors_total",
    "controller_runtime_terminal_reconcile_errors_total",
    "controller_runtime_reconcile_time_seconds_bucket",
    "controller_runtime_max_concurrent_reconciles",
    "controller_runtime_active_workers",
    "workqueue_depth",
    "workqueue_adds_total",
    "workqueue_queue_duration_seconds_bucket",
    "workqueue_work_duration_seconds_bucket",
    "workqueue_unfinished_work_seconds",
    "workqueue_longest_running_processor_seconds",
    "workqueue_retries_total",
)


@virtually
async def test_every_series_of_a_controller_is_there_with_zero_before_anything_happened() -> None:
    async def reconcile(_: Resource) -> Outcome:
        raise AssertionError("never reached")

    registry = CollectorRegistry()
    async with operating() as operator:
        manager = Manager(operator.rest, operator.clock, SeededRandomness(1), Metrics(registry))
        manager.add(Controller(WIDGET, reconcile, workers=3))
        found = {sample.name: sample for metric in registry.collect() for sample in metric.samples}
        assert set(CONTROLLER_RUNTIME) - found.keys() == set()
        assert {found[name].labels["controller"] for name in CONTROLLER_RUNTIME} == {"widget"}
        assert sum(found[name].value for name in CONTROLLER_RUNTIME if "max_concurrent" not in name) == 0


@virtually
async def test_what_is_refused_counts_as_an_error_that_is_final() -> None:
    async def reconcile(_: Resource) -> Outcome:
        raise Refused("TooBig", "too big")

    registry = CollectorRegistry()
    async with operating() as operator:
        operator.manager = Manager(operator.rest, operator.clock, SeededRandomness(1), Metrics(registry))
        operator.start(Controller(WIDGET, reconcile))
        await operator.make("one")
        await operator.settle()
        labels = {"controller": "widget"}
        assert registry.get_sample_value("controller_runtime_terminal_reconcile_errors_total", labels) == 1


@virtually
async def test_no_series_names_an_object() -> None:
    async def reconcile(_: Resource) -> Outcome:
        return Outcome([Condition("Ready", "True", "Fine")])

    registry = CollectorRegistry()
    async with operating() as operator:
        manager = Manager(operator.rest, operator.clock, SeededRandomness(1), Metrics(registry))
        operator.manager = manager
        operator.start(Controller(WIDGET, reconcile))
        await operator.make("needle")
        await settle(manager, operator.clock)
        samples = [sample for metric in registry.collect() for sample in metric.samples]
        assert samples
        assert not any("needle" in value for sample in samples for value in sample.labels.values())


@virtually
async def test_requests_without_an_answer_are_counted_too() -> None:
    registry = CollectorRegistry()
    async with operating() as operator:
        metered = MeteredTransport(operator.faults, Metrics(registry))
        operator.faults.refuse(lambda _: True)
        with pytest.raises(TransportError):
            await metered.request(Request("GET", "/version"))
        assert registry.get_sample_value("rest_client_requests_total", {"code": "<error>", "method": "GET"}) == 1
