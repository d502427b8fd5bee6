"""The agent of a cluster: what it is told, what is made for it, and what the cluster says of what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from dbaas.api.cluster import DATABASE_CLUSTER, DatabaseClusterStatus
from dbaas.api.core import SECRET, SERVICE_MONITOR
from dbaas.api.monitoring import MONITORING_CONFIG
from dbaas.api.pods import Pmm
from dbaas.api.resource import Key, Kind, Resource, build_resource
from dbaas.contracts.client import Forbidden, NotFound
from dbaas.contracts.exporting import ExporterFacts
from dbaas.contracts.reconcile import Condition, Outcome, token_of
from dbaas.controllers.cluster.monitoring import Agent, Agents, describe_pmm, refer_to_monitoring
from dbaas.controllers.cluster.subject import Cluster, read_cluster
from fixtures.clients import FakeClient
from fixtures.grounds import Ground
from fixtures.registries import granite_registry, granite_spec
from simulation.world import World, simulated_world

NAMED = {"metrics": {}, "monitoringConfigRef": {"name": "x"}}
KEY = Key("default", "main-metrics")
OUTCOME = Outcome((Condition("Ready", "True", "Ready"),), {"a": 1}, "Ready")
READY = {"type": "Ready", "status": "True", "reason": "Ready", "message": ""}
NOT_SERVED = NotFound("the server could not find the requested resource", code=404, reason="NotFound")
NOT_ALLOWED = Forbidden("servicemonitors is forbidden", code=403, reason="Forbidden")


class Refusing(FakeClient):
    """Has nothing to do with ServiceMonitors. One that is not served is found missing, and cannot be made."""

    def __init__(self, error: NotFound | Forbidden) -> None:
        super().__init__()
        self._error = error

    async def get(self, kind: Kind, key: Key, *, fresh: bool = False) -> Resource | None:
        if kind == SERVICE_MONITOR and isinstance(self._error, Forbidden):
            raise self._error
        return await super().get(kind, key, fresh=fresh)

    async def apply(self, kind: Kind, body: Mapping[str, Any]) -> Resource:
        raise self._error


def declared(monitoring: Mapping[str, Any] | None, *, has_monitor: bool = False) -> Cluster:
    metadata = {"name": "main", "namespace": "default", "uid": "u-1"}
    spec = granite_spec(**({"monitoring": monitoring} if monitoring is not None else {}))
    body = {"metadata": metadata, "spec": spec, "status": {"monitoring": {"serviceMonitor": has_monitor}}}
    return read_cluster(build_resource(DATABASE_CLUSTER, body), granite_registry())


def configure(client: FakeClient, type_: str = "prometheus", condition: Mapping[str, str] = READY, **spec: Any) -> None:
    metadata = {"name": "x", "namespace": "default"}
    client.put(MONITORING_CONFIG, {"metadata": metadata, "spec": {"type": type_, **spec}})
    client.objects[MONITORING_CONFIG.resource, Key("default", "x")]["status"] = {"conditions": [condition]}


async def settle(client: FakeClient, cluster: Cluster) -> tuple[Cluster, Outcome]:
    agents = Agents(client)
    telling, agent = await agents.find(cluster)
    agent = await agents.keep(telling, agent)
    return telling, agent.tell(telling, OUTCOME)


def monitored(outcome: Outcome) -> tuple[str, str]:
    (found,) = [each for each in outcome.conditions if each.type == "Monitored"]
    return found.status, found.reason


@pytest.mark.parametrize("monitoring", [None, {}, {"metrics": {}}, {**NAMED, "enabled": False}], ids=str)
async def test_without_an_agent_nothing_is_said_of_one(monitoring: dict[str, Any] | None) -> None:
    client = FakeClient()
    configure(client)
    telling, outcome = await settle(client, declared(monitoring))
    assert telling.workload.monitoring is None
    assert [each.type for each in outcome.conditions] == ["Ready"]
    assert ("monitoring" in outcome.status) is (monitoring is not None)
    assert client.peek(SERVICE_MONITOR, KEY) is None


async def test_its_service_monitor_belongs_to_the_cluster_and_is_made_once() -> None:
    client = FakeClient()
    configure(client, prometheus={"interval": "15s"})
    cluster = declared(NAMED)
    _, outcome = await settle(client, cluster)
    made = client.peek(SERVICE_MONITOR, KEY)
    assert made is not None and made.metadata.owner is not None
    assert made.metadata.owner.uid == "u-1"
    assert made.spec["endpoints"][0]["interval"] == "15s"
    assert monitored(outcome) == ("True", "Monitored")
    told = {"enabled": True, "ready": True, "endpoint": "main-metrics.default.svc:9000", "serviceMonitor": True}
    assert outcome.status == {"a": 1, "monitoring": told}
    written = client.writes
    assert (await settle(client, cluster))[1] == outcome
    assert client.writes == written


async def test_a_service_monitor_that_is_not_wanted_any_more_goes() -> None:
    client = FakeClient()
    configure(client)
    await settle(client, declared(NAMED))
    configure(client, prometheus={"serviceMonitorEnabled": False})
    _, outcome = await settle(client, declared(NAMED, has_monitor=True))
    assert client.peek(SERVICE_MONITOR, KEY) is None
    assert "serviceMonitor" not in outcome.status["monitoring"]


async def test_it_goes_too_where_the_cluster_says_nothing_of_monitoring_any_more() -> None:
    client = FakeClient()
    configure(client)
    await settle(client, declared(NAMED))
    await settle(client, declared(None, has_monitor=True))
    assert client.peek(SERVICE_MONITOR, KEY) is None


async def test_a_service_monitor_of_somebody_else_is_left_alone() -> None:
    client = FakeClient()
    configure(client)
    theirs = {"metadata": {"name": KEY.name, "namespace": KEY.namespace}, "spec": {"endpoints": []}}
    client.put(SERVICE_MONITOR, theirs)
    _, outcome = await settle(client, declared(NAMED))
    assert monitored(outcome) == ("False", "ChildNotOurs")
    await settle(client, declared(None, has_monitor=True))
    found = client.peek(SERVICE_MONITOR, KEY)
    assert found is not None and found.spec == {"endpoints": []}


@pytest.mark.parametrize(
    ("error", "reason"), [(NOT_SERVED, "MonitoringNotServed"), (NOT_ALLOWED, "MonitoringForbidden")], ids=str
)
async def test_what_keeps_a_service_monitor_from_being_made_is_told_and_tried_again(
    error: NotFound | Forbidden, reason: str
) -> None:
    client = Refusing(error)
    configure(client)
    _, outcome = await settle(client, declared(NAMED))
    assert monitored(outcome) == ("False", reason)
    assert outcome.requeue_after == 60.0
    assert (outcome.phase, outcome.conditions[0].status) == ("Ready", "True")


async def test_a_service_monitor_that_may_not_be_taken_away_is_told_of_until_it_is_gone() -> None:
    client = Refusing(NOT_ALLOWED)
    configure(client, "datadog")
    _, outcome = await settle(client, declared(NAMED, has_monitor=True))
    assert monitored(outcome) == ("False", "MonitoringForbidden")
    assert outcome.status["monitoring"]["serviceMonitor"]
    assert outcome.requeue_after == 60.0


async def test_a_config_that_is_not_ready_is_told_of_and_used_all_the_same() -> None:
    client = FakeClient()
    configure(client, "datadog", {**READY, "status": "False", "reason": "SecretNotFound", "message": "no Secret"})
    telling, outcome = await settle(client, declared(NAMED))
    assert monitored(outcome) == ("False", "SecretNotFound")
    assert outcome.conditions[-1].message == "MonitoringConfig default/x is not Ready: no Secret"
    assert telling.workload.monitoring is not None and telling.workload.monitoring.type == "datadog"


async def test_without_an_exporter_there_is_nothing_to_send() -> None:
    client = FakeClient()
    configure(client)
    telling, outcome = await settle(client, declared({"monitoringConfigRef": {"name": "x"}}))
    assert monitored(outcome) == ("False", "NoExporter")
    assert outcome.status["monitoring"] == {"enabled": False, "ready": False}
    assert telling.workload.monitoring is None


async def test_a_pmm_server_of_the_clusters_own_needs_its_secret() -> None:
    client = FakeClient()
    pmm = {"serverHost": "pmm.test", "serverUser": "admin", "serverPasswordSecretRef": {"name": "login"}}
    cluster = declared({"metrics": {}, "pmm": pmm})
    _, outcome = await settle(client, cluster)
    assert monitored(outcome) == ("False", "SecretNotFound")
    client.put_secret(Key("default", "login"), {"password": "p"})
    telling, outcome = await settle(client, cluster)
    assert monitored(outcome) == ("True", "Monitored")
    assert outcome.status["monitoring"]["endpoint"] == "https://pmm.test:443"
    told = telling.workload.monitoring
    assert told is not None and told.pmm is not None and told.pmm.server_user == "admin"


def test_a_pmm_server_without_a_user_is_given_a_token() -> None:
    told = describe_pmm(Pmm.model_validate({"serverHost": "pmm.test"}))
    assert told.pmm is not None and told.pmm.server_user == "service_token"
    assert told.credentials_secret_ref is None


def test_its_config_and_the_secret_of_its_own_server_wake_it() -> None:
    assert [*refer_to_monitoring(declared(NAMED).resource)] == [token_of(MONITORING_CONFIG, Key("default", "x"))]
    own = declared({"pmm": {"serverHost": "pmm.test", "serverPasswordSecretRef": {"name": "login"}}})
    assert [*refer_to_monitoring(own.resource)] == [token_of(SECRET, Key("default", "login"))]
    assert [*refer_to_monitoring(declared(None).resource)] == []


async def read_monitored(world: World) -> tuple[str, str]:
    await world.settle(quiet_seconds=0.5)
    status = (await world.read(DATABASE_CLUSTER, "main")).status
    (found,) = [each for each in status["conditions"] if each["type"] == "Monitored"]
    return found["status"], found["reason"]


async def test_a_config_that_comes_and_goes_is_told_by_every_cluster_that_names_it(ground: Ground) -> None:
    async with simulated_world(ground=ground) as world:
        engine, world.server.password = {"type": "basalt", "version": "7"}, ""
        await world.make(DATABASE_CLUSTER, "main", {"engine": engine, "clusterSize": 1, "monitoring": NAMED})
        assert await read_monitored(world) == ("False", "MonitoringConfigNotFound")
        await world.make(MONITORING_CONFIG, "x", {"type": "newrelic", "newrelic": {"site": "EU"}})
        assert await read_monitored(world) == ("True", "Monitored")
        cluster = await world.read(DATABASE_CLUSTER, "main")
        assert cluster.status["monitoring"]["endpoint"] == "https://one.eu.newrelic.com"
        written = len(world.faults.writes)
        again = {"metadata": {"annotations": {"dbaas.io/reconcile-at": "now"}}}
        await world.user.patch(DATABASE_CLUSTER, cluster.key, again)
        await world.settle(quiet_seconds=0.5)
        assert [request.path for request in world.faults.writes[written:]] == []
        await world.delete(MONITORING_CONFIG, "x")
        assert await read_monitored(world) == ("False", "MonitoringConfigNotFound")


async def test_a_cluster_that_asks_for_a_service_monitor_alone_gets_the_usual_one() -> None:
    named, alone = FakeClient(), FakeClient()
    configure(named)
    await settle(named, declared(NAMED))
    _, outcome = await settle(alone, declared({"metrics": {"serviceMonitor": True}}))
    wanted, made = named.peek(SERVICE_MONITOR, KEY), alone.peek(SERVICE_MONITOR, KEY)
    assert wanted is not None and made is not None
    assert (made.spec, made.metadata.labels) == (wanted.spec, wanted.metadata.labels)
    assert monitored(outcome) == ("True", "Monitored")
    await settle(alone, declared({"metrics": {}}, has_monitor=True))
    assert alone.peek(SERVICE_MONITOR, KEY) is None


async def test_where_no_service_monitors_are_served_it_says_what_else_can_be_done() -> None:
    _, outcome = await settle(Refusing(NOT_SERVED), declared({"metrics": {"serviceMonitor": True}}))
    (told,) = [each for each in outcome.conditions if each.type == "Monitored"]
    assert (told.status, told.reason) == ("False", "MonitoringNotServed")
    assert "set spec.monitoring.metrics.serviceMonitor to false" in told.message
    assert outcome.conditions[0].status == "True"


def exporting(*exporters: ExporterFacts, **monitoring: Any) -> Outcome:
    """Where exporters run apart from the instances, of which there is one."""
    cluster = declared({"metrics": {}, **monitoring})
    return Agent().seeing(cluster, exporters).tell(cluster, OUTCOME)


@pytest.mark.parametrize(
    ("exporters", "told"),
    [
        ((), ("False", "ExporterNotReady", "not every instance has its exporter yet")),
        ((ExporterFacts("main-0", message="it ends"),), ("False", "ExporterNotReady", "main-0: it ends")),
        (
            (ExporterFacts("main-0", is_missing=True),),
            ("False", "ExporterMissing", "no exporter is installed on this machine: carve it"),
        ),
        (
            (ExporterFacts("main-0", True, "127.0.0.1:9187"),),
            ("True", "Monitored", "every instance has an exporter that tells its metrics"),
        ),
    ],
    ids=str,
)
def test_exporters_that_run_apart_are_told_of(exporters: tuple[ExporterFacts, ...], told: tuple[str, str, str]) -> None:
    outcome = exporting(*exporters)
    ready, condition = outcome.conditions
    assert (condition.status, condition.reason, condition.message) == told
    assert ready.status == "True"
    assert outcome.status["monitoring"]["ready"] is (told[0] == "True")
    assert outcome.requeue_after == (60.0 if told[1] == "ExporterMissing" else None)


def test_where_exporters_tell_metrics_is_in_the_status() -> None:
    one, two = (ExporterFacts(f"main-{n}", True, f"127.0.0.1:{9187 + n}") for n in (0, 1))
    first = exporting(one).status["monitoring"]
    assert (first["endpoint"], first["exporters"]) == ("127.0.0.1:9187", {"main-0": "127.0.0.1:9187"})
    both = exporting(one, two).status["monitoring"]
    assert "endpoint" not in both
    assert both["exporters"] == {"main-0": "127.0.0.1:9187", "main-1": "127.0.0.1:9188"}
    DatabaseClusterStatus.model_validate({"monitoring": both})


def test_exporters_that_are_parts_of_the_instances_or_not_wanted_change_nothing() -> None:
    agent = Agent()
    assert agent.seeing(declared({"metrics": {}}), None) is agent
    assert agent.seeing(declared({"enabled": False}), ()) is agent
