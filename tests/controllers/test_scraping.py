"""What a control plane that runs tells whoever scrapes it: nothing that its reference does not name."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from dbaas.api.database import DATABASE
from dbaas.api.grant import DATABASE_GRANT
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.user import DATABASE_USER
from dbaas.server.metrics import describe_process, serve_metrics
from fixtures.grounds import Ground
from simulation.world import World, simulated_world

pytestmark = pytest.mark.slow

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
LIMIT_SECONDS = 90.0  # beside other tests
KIND = "databases.dbaas.io"
Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
async def world(ground: Ground) -> AsyncIterator[World]:
    async with simulated_world(ground=ground) as found:
        await found.make_shop()
        await found.settle(quiet_seconds=0.5)
        yield found


async def scrape(world: World) -> Samples:
    """Every sample by its name and labels, as Prometheus would read them; not all of one moment."""
    server = await serve_metrics(world.collected, list, list)
    try:
        url = f"http://127.0.0.1:{server.port}/metrics"
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            text = await response.text()
    finally:
        await server.close()
    families = text_string_to_metric_families(text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


async def until(world: World, holds: Callable[[Samples], object]) -> Samples:
    clock = world.sources.clock
    deadline = clock.monotonic() + LIMIT_SECONDS
    while not holds(samples := await scrape(world)):
        if clock.monotonic() > deadline:
            pytest.fail(f"never came true\n{_describe(samples)}\n{await world.tell()}")
        await clock.sleep(0.1)
    return samples


def _describe(samples: Samples) -> str:
    """What was counted at all, but for histograms."""
    counted = [each for each in samples.items() if each[1] and not each[0][0].endswith("_bucket")]
    return "\n".join(f"{name} {dict(labels)} {number:g}" for (name, labels), number in counted)


async def test_what_was_done_and_how_the_fleet_is_can_be_scraped(world: World) -> None:
    sent, here = {"engine": "basalt", "status": "success"}, world.named("default")
    samples = await until(world, lambda seen: (value(seen, "dbaas_statements_total", **sent) or 0) >= 5)
    for noun in ("database", "user", "grant"):
        labels = {"operation": "apply", "engine": "basalt"}
        assert value(samples, f"dbaas_{noun}_operations_total", **labels, status="failure") == 0
        done = value(samples, f"dbaas_{noun}_operations_total", **labels, status="success")
        assert done == value(samples, f"dbaas_{noun}_operation_duration_seconds_count", **labels)
        assert done is not None and done >= 1
    counted = {"kind": KIND, "phase": "Ready", "namespace": here}
    assert value(samples, "dbaas_resource_count", **counted) == 1
    assert value(samples, "dbaas_instance_healthy", namespace=here, server="main", engine="basalt") == 1
    checked = value(samples, "dbaas_instance_last_health_check_timestamp_seconds", namespace=here, server="main")
    assert checked is not None and checked > 0
    assert (value(samples, "dbaas_connection_attempts_total", engine="basalt", status="success") or 0) >= 1
    assert (value(samples, "rest_client_requests_total", code="201", method="POST") or 0) >= 1


async def test_a_change_behind_our_back_is_counted_and_told_while_it_lasts(world: World) -> None:
    labels = {"kind": "databasegrants.dbaas.io", "engine": "basalt"}
    detected = {"kind": "databasegrants.dbaas.io", "namespace": world.named("default")}
    assert value(await scrape(world), "dbaas_drift_detected", **detected) is None
    policy = {"mode": "detect", "interval": "2s"}
    await world.change(DATABASE_GRANT, "app", {"driftPolicy": policy})
    await world.settle(quiet_seconds=0.5)
    world.server.privileges["app"].clear()
    await until(world, lambda seen: value(seen, "dbaas_drift_detected", **detected))
    assert value(await scrape(world), "dbaas_drift_detections_total", **labels) == 1
    await world.change(DATABASE_GRANT, "app", {"driftPolicy": {**policy, "mode": "correct"}})
    await until(world, lambda seen: value(seen, "dbaas_drift_detected", **detected) is None)
    assert value(await scrape(world), "dbaas_drift_corrections_total", **labels, status="success") == 1


async def test_deletions_are_counted_and_a_server_that_is_gone_is_told_of_no_more(world: World) -> None:
    here = {"namespace": world.named("default"), "server": "main"}
    await world.change(DATABASE_USER, "owner", {"deletionPolicy": "Retain"})  # as that of a database is by default
    for kind, name in ((DATABASE_GRANT, "app"), (DATABASE_USER, "app"), (DATABASE, "shop"), (DATABASE_USER, "owner")):
        await world.delete(kind, name)
        await world.settle(quiet_seconds=0.5)
    await world.delete(DATABASE_INSTANCE, "main")
    await until(world, lambda seen: value(seen, "dbaas_instance_healthy", **here, engine="basalt") is None)
    samples = await scrape(world)
    deleted = {"operation": "delete", "engine": "basalt", "status": "success"}
    assert value(samples, "dbaas_user_operations_total", **deleted) == 1
    assert value(samples, "dbaas_instance_last_health_check_timestamp_seconds", **here) is None


async def test_every_series_is_in_the_reference_and_names_no_object_inside_a_server(world: World) -> None:
    describe_process(world.collected)
    named = dict(re.findall(r"^\| `(\w+)` \| \w+ \| (.*?) \|", REFERENCE.read_text(), re.MULTILINE))
    unknown = set()
    for name, labels in (key for key in await scrape(world)):
        series = re.sub(r"_(bucket|sum|count)$", "", name) if name not in named else name
        known = {*re.findall(r"`(\w+)`", named.get(series, "")), "le"}
        if not name.startswith("process_") and (series not in named or not dict(labels).keys() <= known):
            unknown.add((name, *dict(labels)))
        assert not {"shop", "app", "owner"} & {text for _, text in labels}, (name, labels)
    assert unknown == set()
