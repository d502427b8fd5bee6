"""Whether a MonitoringConfig says truly that all it names is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from controllers.make import make
from dbaas.api.core import SECRET, SERVICE_MONITOR
from dbaas.api.monitoring import MONITORING_CONFIG
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Client, Forbidden, NotFound
from dbaas.contracts.reconcile import Outcome, token_of
from dbaas.controllers.monitoring_config import MonitoringConfigController
from fixtures.clients import FakeClient
from fixtures.grounds import Ground
from simulation.world import ready_of, simulated_world

pytestmark = pytest.mark.slow

PMM: dict[str, Any] = {"type": "pmm", "pmm": {"serverHost": "pmm.test"}}
LOGIN = {"credentialsSecretRef": {"name": "login", "key": "token"}}
NOT_SERVED = NotFound("the server could not find the requested resource", code=404, reason="NotFound")
NOT_ALLOWED = Forbidden("servicemonitors is forbidden", code=403, reason="Forbidden")


class Without(FakeClient):
    """Answers every look at ServiceMonitors with an error."""

    def __init__(self, error: NotFound | Forbidden) -> None:
        super().__init__()
        self._error = error

    async def list(
        self, kind: Kind, *, namespace: str = "", labels: Mapping[str, str] | None = None, token: str = "",
        fresh: bool = False,
    ) -> Sequence[Resource]:  # fmt: skip
        if kind == SERVICE_MONITOR:
            raise self._error
        return await super().list(kind, namespace=namespace, labels=labels, token=token, fresh=fresh)


async def judge(client: Client, **spec: Any) -> Outcome:
    return await MonitoringConfigController(client).reconcile(make(MONITORING_CONFIG, "x", spec))


def with_secret(**values: str) -> FakeClient:
    client = FakeClient()
    client.put_secret(Key("default", "login"), values)
    return client


@pytest.mark.parametrize(
    ("client", "spec", "reason"),
    [
        (FakeClient(), PMM, "CredentialsMissing"),
        (FakeClient(), {**PMM, **LOGIN}, "SecretNotFound"),
        (with_secret(password="p"), {**PMM, **LOGIN}, "SecretKeyMissing"),
        (with_secret(token=""), {**PMM, **LOGIN}, "SecretKeyMissing"),
        (FakeClient(), {"type": "datadog", **LOGIN}, "SecretNotFound"),
        (Without(NOT_SERVED), {"type": "prometheus"}, "MonitoringNotServed"),
        (Without(NOT_ALLOWED), {"type": "prometheus"}, "MonitoringForbidden"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_is_missing_is_told_by_its_reason(client: FakeClient, spec: dict[str, Any], reason: str) -> None:
    outcome = await judge(client, **spec)
    assert [(c.type, c.status, c.reason) for c in outcome.conditions] == [("Ready", "False", reason)]
    assert (outcome.phase, outcome.message) == ("Failed", outcome.conditions[0].message)


@pytest.mark.parametrize(
    ("client", "spec", "endpoint"),
    [
        (with_secret(token="t"), {**PMM, **LOGIN}, "https://pmm.test:443"),
        (FakeClient(), {"type": "prometheus"}, None),
        (Without(NOT_SERVED), {"type": "prometheus", "prometheus": {"serviceMonitorEnabled": False}}, None),
        (FakeClient(), {"type": "datadog"}, "https://app.datadoghq.com"),
        (with_secret(token="t"), {"type": "newrelic", **LOGIN}, "https://one.newrelic.com"),
    ],
    ids=["pmm", "prometheus", "annotations", "datadog", "newrelic"],
)
async def test_it_is_ready_where_nothing_is_missing(
    client: FakeClient, spec: dict[str, Any], endpoint: str | None
) -> None:
    outcome = await judge(client, **spec)
    assert [(c.status, c.reason) for c in outcome.conditions] == [("True", "Ready")]
    assert outcome.status.get("endpoint") == endpoint


@pytest.mark.parametrize(("spec", "looks"), [({"type": "prometheus"}, True), ({"type": "datadog"}, False)], ids=str)
async def test_only_what_nobody_watches_is_looked_at_again(spec: dict[str, Any], looks: bool) -> None:
    assert (await judge(FakeClient(), **spec)).requeue_after == (60.0 if looks else None)


def test_its_secret_wakes_it() -> None:
    controller = MonitoringConfigController(FakeClient()).build()
    named = make(MONITORING_CONFIG, "x", {**PMM, **LOGIN})
    assert [*controller.references(named)] == [token_of(SECRET, Key("default", "login"))]
    assert [*controller.references(make(MONITORING_CONFIG, "x", PMM))] == []


async def test_a_secret_that_comes_makes_it_ready_and_nothing_is_written_then(ground: Ground) -> None:
    async with simulated_world(ground=ground) as world:
        await world.make(MONITORING_CONFIG, "x", {**PMM, **LOGIN})
        await world.settle(quiet_seconds=0.5)
        assert await world.ready(MONITORING_CONFIG, "x") == ("False", "SecretNotFound")
        await world.make_secret("login", {"password": "p"})
        await world.settle(quiet_seconds=0.5)
        assert await world.ready(MONITORING_CONFIG, "x") == ("False", "SecretKeyMissing")
        await world.user.patch(SECRET, world.key(SECRET, "login"), {"stringData": {"token": "t"}})
        await world.settle(quiet_seconds=0.5)
        before = await world.read(MONITORING_CONFIG, "x")
        assert ready_of(before) == ("True", "Ready")
        assert before.status["endpoint"] == "https://pmm.test:443"
        written = len(world.faults.writes)
        again = {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}}
        await world.user.patch(MONITORING_CONFIG, before.key, again)
        await world.settle(quiet_seconds=0.5)
        assert [request.path for request in world.faults.writes[written:]] == []
        await world.delete(SECRET, "login")
        await world.settle(quiet_seconds=0.5)
        assert await world.ready(MONITORING_CONFIG, "x") == ("False", "SecretNotFound")


async def test_nothing_holds_its_deletion_up(ground: Ground) -> None:
    async with simulated_world(ground=ground) as world:
        await world.make(MONITORING_CONFIG, "x", {"type": "datadog"})
        await world.settle(quiet_seconds=0.5)
        await world.delete(MONITORING_CONFIG, "x")
        assert await world.look(MONITORING_CONFIG, "x") is None
