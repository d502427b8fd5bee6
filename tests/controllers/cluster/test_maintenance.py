"""What restarts servers waits for its time, is listed meanwhile, and then happens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from controllers.cluster.conftest import World
from dbaas.api.cluster import Maintenance
from dbaas.api.resource import Key
from dbaas.contracts.provider import Disruption
from dbaas.controllers.cluster.maintenance import Pending, find_wait
from dbaas.core.clock import EPOCH
from fixtures.registries import RUNNER

FRIDAY_NIGHT = {"dayOfWeek": 5, "startTime": "22:00", "duration": "4h"}
OPENS = EPOCH + timedelta(days=1, hours=22)


def maintenance(**more: Any) -> Maintenance:
    return Maintenance.model_validate({"windows": [FRIDAY_NIGHT], **more})


def wearing(shoes: str, **more: Any) -> dict[str, Any]:
    """A storage class stands for whatever the runner must stop for."""
    return {"storage": {"storageClassName": shoes}, "maintenance": {"windows": [FRIDAY_NIGHT], **more}}


def shoes_of(world: World) -> object:
    runner = world.get(RUNNER, Key("default", "main-0"))
    assert runner is not None
    return runner.spec["shoes"]


def test_without_windows_nothing_waits() -> None:
    assert find_wait("main", Disruption("settings"), None, EPOCH) is None
    assert find_wait("main", Disruption("settings"), maintenance(windows=[]), EPOCH) is None


def test_outside_its_windows_a_restart_waits_for_the_next() -> None:
    found = find_wait("main", Disruption("settings.conf"), maintenance(), EPOCH)
    assert found == Pending("restart of main for settings.conf", "maintenance window of Friday 22:00 UTC", OPENS)


def test_the_window_is_told_in_its_own_time_zone() -> None:
    found = find_wait("main", Disruption("settings"), maintenance(timezone="Asia/Tokyo"), EPOCH)
    assert found is not None
    assert found.reason == "maintenance window of Friday 22:00 Asia/Tokyo"
    assert found.until == OPENS - timedelta(hours=9)


@pytest.mark.parametrize("after", [timedelta(), timedelta(hours=3, minutes=59)])
def test_in_a_window_nothing_waits(after: timedelta) -> None:
    assert find_wait("main", Disruption("settings"), maintenance(), OPENS + after) is None


def test_a_restart_that_was_asked_for_does_not_wait() -> None:
    assert find_wait("main", Disruption("settings", is_asked=True), maintenance(), EPOCH) is None


def test_newer_programs_wait_for_consent_even_in_a_window() -> None:
    upgrade = Disruption("other programs", is_upgrade=True)
    found = find_wait("main", upgrade, maintenance(), OPENS)
    assert found is not None and found.until is None and "autoUpgrade is off" in found.reason
    assert find_wait("main", upgrade, maintenance(autoUpgrade=True), OPENS) is None


async def test_a_change_is_listed_until_its_window_opens_and_then_made(serving: World) -> None:
    serving.declare(**wearing("red"))
    outcome = await serving.reconcile()
    assert shoes_of(serving) == ""
    assert outcome.status["pending"] == [
        {
            "change": "restart of main-0 for shoes red",
            "reason": "maintenance window of Friday 22:00 UTC",
            "until": "2026-01-02T22:00:00Z",
        }
    ]
    assert (outcome.phase, outcome.conditions[0].status) == ("Ready", "True")
    assert outcome.message == "the cluster serves; a change waits: maintenance window of Friday 22:00 UTC"
    assert outcome.requeue_after == pytest.approx(46 * 3600)
    serving.clock.moment = OPENS
    outcome = await serving.reconcile()
    assert shoes_of(serving) == "red"
    assert "pending" not in outcome.status


async def test_while_it_waits_a_second_look_writes_nothing(serving: World) -> None:
    serving.declare(**wearing("red"))
    await serving.reconcile()
    before = serving.client.writes
    await serving.reconcile()
    assert serving.client.writes == before


async def test_a_change_that_is_taken_back_does_not_wait_any_more(serving: World) -> None:
    serving.declare(**wearing("red"))
    await serving.reconcile()
    serving.declare(maintenance={"windows": [FRIDAY_NIGHT]})
    assert "pending" not in (await serving.reconcile()).status


async def test_an_asked_restart_takes_the_change_along(serving: World) -> None:
    serving.declare(**wearing("asked"))
    outcome = await serving.reconcile()
    assert shoes_of(serving) == "asked"
    assert "pending" not in outcome.status


async def test_a_deleted_child_comes_back_at_any_time(serving: World) -> None:
    serving.declare(**wearing("red"))
    serving.client.remove(RUNNER, Key("default", "main-0"))
    await serving.reconcile()
    assert shoes_of(serving) == "red"
