"""Tests of `server.metrics`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from dbaas.server.metrics import PortInUse, describe_process, serve_metrics


@asynccontextmanager
async def _serving(unhealthy: list[str], unready: list[str]) -> AsyncIterator[str]:
    registry = CollectorRegistry()
    Counter("turns_total", "Turns.", registry=registry).inc(3)
    server = await serve_metrics(registry, lambda: unhealthy, lambda: unready)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await server.close()


async def _get(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.text()


async def test_metrics_are_served_in_the_format_of_prometheus() -> None:
    async with _serving([], []) as url:
        status, text = await _get(f"{url}/metrics")
        assert status == 200
        assert "turns_total 3.0" in text


class _Large(Collector):
    """Has the loop do something else, and tells whether that was done before it went on."""

    def __init__(self, happened: list[str]) -> None:
        self._happened = happened

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        asyncio.get_running_loop().call_soon(self._happened.append, "something else")
        yield GaugeMetricFamily("first", "First.", value=1)
        self._happened.append("went on")
        yield GaugeMetricFamily("second", "Second.", value=2)


async def test_others_get_their_turn_while_a_large_fleet_is_told_of() -> None:
    registry, happened = CollectorRegistry(), list[str]()
    registry.register(_Large(happened))
    server = await serve_metrics(registry, list, list)
    try:
        _, text = await _get(f"http://127.0.0.1:{server.port}/metrics")
    finally:
        await server.close()
    assert happened == ["something else", "went on"]
    assert "first 1.0\n" in text and "second 2.0\n" in text


def test_a_process_tells_what_it_is_and_takes_and_no_series_twice() -> None:
    registry = CollectorRegistry()
    describe_process(registry)
    Counter("turns_total", "Turns.", registry=registry).inc()
    names = {sample.name for metric in registry.collect() for sample in metric.samples}
    assert {"dbaas_build_info", "process_resident_memory_bytes"} <= names
    assert not any(name.endswith("_created") for name in names)


async def test_health_and_readiness_name_what_is_wrong() -> None:
    async with _serving([], ["databases not synced"]) as url:
        assert await _get(f"{url}/livez") == await _get(f"{url}/healthz") == (200, "ok")
        assert await _get(f"{url}/readyz") == (503, "databases not synced")
    async with _serving(["the watch of databases is stuck"], []) as url:
        assert await _get(f"{url}/livez") == (503, "the watch of databases is stuck")


async def test_a_port_that_is_taken_is_a_clear_error() -> None:
    registry = CollectorRegistry()
    first = await serve_metrics(registry, list, list)
    try:
        with pytest.raises(PortInUse, match=f"127.0.0.1:{first.port}: the port is in use"):
            await serve_metrics(registry, list, list, port=first.port)
    finally:
        await first.close()
