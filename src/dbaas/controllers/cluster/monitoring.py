"""The agent that a cluster's metrics go to: what it is told, what it needs beside the children, and what became of it.

A database serves with an agent or without: nothing here holds a cluster up or makes it less Ready. What is wrong is
told by the condition Monitored.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.core import SECRET, SERVICE_MONITOR
from dbaas.api.monitoring import MONITORING_CONFIG, MonitoringConfigSpec
from dbaas.api.pods import Pmm
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client, Forbidden, NotFound
from dbaas.contracts.exporting import ExporterFacts
from dbaas.contracts.provider import Workload
from dbaas.contracts.reconcile import Condition, Outcome, token_of
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.conditions import is_ready, ready_message, ready_reason
from dbaas.controllers.monitoring_config import LOOK_AGAIN_SECONDS, NOT_SERVED, Fault, find_login_fault
from dbaas.manifests.metadata import build_metadata, cluster_labels, is_controlled_by
from dbaas.manifests.monitoring import (
    Exporters,
    asks_service,
    asks_service_monitor,
    build_cluster_monitor,
    metrics_name,
)

MONITORED = "Monitored"
SCRAPED_NOWHERE = Fault(
    NOT_SERVED.reason,
    "this Kubernetes cluster has no ServiceMonitor: install the Prometheus operator, or set "
    "spec.monitoring.metrics.serviceMonitor to false and scrape the port 'metrics' of the pods",
)


@dataclass(frozen=True)
class Agent:
    """`is_asked`: the cluster names one. `fault` is what keeps it from its work.

    `has_monitor`: there is a ServiceMonitor. `looks_again`: nobody tells when the fault has gone. `exporters` are None
    where they are parts of the instances.
    """

    is_asked: bool = False
    fault: Fault | None = None
    has_monitor: bool = False
    looks_again: bool = False
    exporters: Sequence[ExporterFacts] | None = None

    def seeing(self, cluster: Cluster, exporters: Sequence[ExporterFacts] | None) -> Agent:
        """With how the exporters are, where these run beside the instances; whoever scrapes them is the agent."""
        if exporters is None or cluster.workload.exporter is None:
            return self
        fault = self.fault or find_silence(cluster.workload, exporters)
        is_missing = any(each.is_missing for each in exporters)
        return replace(
            self, is_asked=True, fault=fault, looks_again=self.looks_again or is_missing, exporters=exporters
        )

    def tell(self, cluster: Cluster, outcome: Outcome) -> Outcome:
        """The same outcome, with the agent in it."""
        if cluster.spec.monitoring is None:
            return outcome
        soon = outcome.requeue_after
        return replace(
            outcome,
            conditions=(*outcome.conditions, *self._conditions()),
            status={**outcome.status, "monitoring": self._status(cluster)},
            requeue_after=min(LOOK_AGAIN_SECONDS, soon or LOOK_AGAIN_SECONDS) if self.looks_again else soon,
        )

    def _conditions(self) -> Iterable[Condition]:
        if self.fault is not None:
            yield Condition(MONITORED, "False", *self.fault)
        elif self.is_asked:
            apart = "every instance has an exporter that tells its metrics"
            where = apart if self.exporters is not None else "the agent is told where the metrics are"
            yield Condition(MONITORED, "True", MONITORED, where)

    def _status(self, cluster: Cluster) -> dict[str, Any]:
        exporter = cluster.workload.exporter
        status: dict[str, Any] = {"enabled": exporter is not None, "ready": exporter is not None and self.fault is None}
        places = {each.instance: each.endpoint for each in self.exporters or () if each.endpoint}
        if places:
            status["exporters"] = places
        if endpoint := next(iter(places.values())) if len(places) == 1 else _find_endpoint(cluster):
            status["endpoint"] = endpoint
        return {**status, "serviceMonitor": True} if self.has_monitor else status


class Agents:
    """Of all clusters."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def find(self, cluster: Cluster) -> tuple[Cluster, Agent]:
        """The cluster whose workload says what the agent is told."""
        monitoring = cluster.spec.monitoring
        if monitoring is None or monitoring.enabled is False:
            return cluster, Agent()
        is_scraped = monitoring.metrics is not None and monitoring.metrics.service_monitor
        if monitoring.monitoring_config_ref is None and monitoring.pmm is None and not is_scraped:
            return cluster, Agent()
        if cluster.workload.exporter is None:
            fault = Fault("NoExporter", "no exporter runs beside the instances, so there is nothing to send")
            return cluster, Agent(is_asked=True, fault=fault)
        if monitoring.pmm is not None:
            spec = describe_pmm(monitoring.pmm)
            fault_of_login = await find_login_fault(self._client, cluster.key.namespace, spec)
            return _telling(cluster, spec), Agent(is_asked=True, fault=fault_of_login)
        if monitoring.monitoring_config_ref is None:
            return _telling(cluster, MonitoringConfigSpec.model_validate({"type": "prometheus"})), Agent(is_asked=True)
        return await self._follow(cluster)

    async def keep(self, cluster: Cluster, agent: Agent) -> Agent:
        """Makes the ServiceMonitor, or takes it away. Its kind is another project's and may not be served."""
        told = cluster.workload.monitoring
        had = bool((cluster.resource.status.get("monitoring") or {}).get("serviceMonitor"))
        try:
            if told is not None and asks_service_monitor(told):
                return await self._make(cluster, told, agent)
            if had:
                await self._take_away(cluster)
        except NotFound:
            fault = NOT_SERVED if _is_named(cluster) else SCRAPED_NOWHERE
            return replace(agent, fault=fault, looks_again=True)
        except Forbidden as error:
            fault = Fault("MonitoringForbidden", f"its ServiceMonitor cannot be kept: {error.message}")
            return replace(agent, fault=fault, looks_again=True, has_monitor=had)
        return agent

    async def _follow(self, cluster: Cluster) -> tuple[Cluster, Agent]:
        (key,) = _config_keys(cluster.resource)
        config = await self._client.get(MONITORING_CONFIG, key)
        if config is None:
            fault = Fault("MonitoringConfigNotFound", f"there is no MonitoringConfig {key}")
            return cluster, Agent(is_asked=True, fault=fault)
        telling = _telling(cluster, MonitoringConfigSpec.model_validate(config.spec))
        if is_ready(config):
            return telling, Agent(is_asked=True)
        why = ready_message(config) or "it was not looked at yet"
        fault = Fault(ready_reason(config) or "Pending", f"MonitoringConfig {key} is not Ready: {why}")
        return telling, Agent(is_asked=True, fault=fault)

    async def _make(self, cluster: Cluster, told: MonitoringConfigSpec, agent: Agent) -> Agent:
        found = await self._client.get(SERVICE_MONITOR, _monitor_key(cluster))
        if found is not None and not is_controlled_by(found, cluster.resource):
            fault = Fault("ChildNotOurs", f"{found} does not belong to this cluster: rename or delete it")
            return replace(agent, fault=fault, looks_again=True)
        await self._client.apply(SERVICE_MONITOR, _build_monitor(cluster, told))
        return replace(agent, has_monitor=True)

    async def _take_away(self, cluster: Cluster) -> None:
        found = await self._client.get(SERVICE_MONITOR, _monitor_key(cluster))
        if found is not None and is_controlled_by(found, cluster.resource):
            await self._client.delete(SERVICE_MONITOR, found.key, uid=found.metadata.uid)


def find_silence(workload: Workload, exporters: Sequence[ExporterFacts]) -> Fault | None:
    """Why metrics of some instance cannot be had; None where all can."""
    assert workload.exporter is not None, "nobody asks where none is wanted"
    if any(each.is_missing for each in exporters):
        return Fault("ExporterMissing", f"no exporter is installed on this machine: {workload.exporter.install}")
    silent = next((each for each in exporters if not each.is_ready), None)
    if silent is not None:
        return Fault("ExporterNotReady", f"{silent.instance}: {silent.message}")
    if len(exporters) < len(workload.instances):
        return Fault("ExporterNotReady", "not every instance has its exporter yet")
    return None


def describe_pmm(pmm: Pmm) -> MonitoringConfigSpec:
    """What a MonitoringConfig would say that has only what the cluster says."""
    user = {"serverUser": pmm.server_user} if pmm.server_user else {}
    said: dict[str, Any] = {"type": "pmm", "pmm": {"serverHost": pmm.server_host, **user}}
    if pmm.server_password_secret_ref is not None:
        said["credentialsSecretRef"] = pmm.server_password_secret_ref.model_dump()
    return MonitoringConfigSpec.model_validate(said)


def refer_to_monitoring(cluster: Resource) -> Iterable[str]:
    """Tokens of the MonitoringConfig that it names, and of the Secret of its own PMM server."""
    for key in _config_keys(cluster):
        yield token_of(MONITORING_CONFIG, key)
    pmm = (cluster.spec.get("monitoring") or {}).get("pmm") or {}
    name = (pmm.get("serverPasswordSecretRef") or {}).get("name")
    if name:
        yield token_of(SECRET, Key(cluster.key.namespace, str(name)))


def _is_named(cluster: Cluster) -> bool:
    """Whether a MonitoringConfig says what becomes of the metrics, and not the cluster alone."""
    return any(_config_keys(cluster.resource))


def _config_keys(cluster: Resource) -> Iterable[Key]:
    reference = (cluster.spec.get("monitoring") or {}).get("monitoringConfigRef") or {}
    if reference.get("name"):
        yield Key(cluster.key.namespace, str(reference["name"]))


def _telling(cluster: Cluster, spec: MonitoringConfigSpec) -> Cluster:
    return replace(cluster, workload=replace(cluster.workload, monitoring=spec))


def _monitor_key(cluster: Cluster) -> Key:
    return Key(cluster.key.namespace, metrics_name(cluster.key.name))


def _build_monitor(cluster: Cluster, told: MonitoringConfigSpec) -> dict[str, Any]:
    labels = cluster_labels(cluster.key.name, cluster.engine.name)
    metadata = build_metadata(_monitor_key(cluster).name, cluster.resource, labels)
    return build_cluster_monitor(metadata, told, _exporters(cluster))


def _exporters(cluster: Cluster) -> Exporters:
    assert cluster.workload.exporter is not None, "an agent is told only where there is an exporter"
    return Exporters(cluster.key.name, cluster.engine.name, cluster.workload.exporter.port)


def _find_endpoint(cluster: Cluster) -> str:
    """Where people look, or where Prometheus scrapes."""
    told = cluster.workload.monitoring
    if told is None or told.endpoint or not asks_service(told):
        return told.endpoint if told is not None else ""
    return f"{metrics_name(cluster.key.name)}.{cluster.key.namespace}.svc:{_exporters(cluster).port}"
