"""Tests of `server.metrics`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from dbaas.server.metrics import PortInUse, serve_metrics


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
