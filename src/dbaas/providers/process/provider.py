"""One Process object per instance of a cluster, and back from their status to facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbaas.api.cluster import DatabaseCluster
from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.process import PROCESS, Process
from dbaas.api.resource import LABEL_INSTANCE, Kind, Resource
from dbaas.contracts.action import REBUILD, SETTLE, SWITCHOVER, WITHDRAW
from dbaas.contracts.pooling import pooler_login
from dbaas.contracts.provider import (
    NO_GRANTS,
    Action,
    ClusterFacts,
    Disruption,
    InstanceFacts,
    NotProvided,
    ServerCapability,
    ServerPart,
    Site,
    Workload,
)
from dbaas.contracts.upgrade import find_served, older_versions
from dbaas.manifests.agreement import PRIMARY, explain_exposure, find_unsettled, read_roles
from dbaas.manifests.metadata import build_metadata, cluster_labels
from dbaas.manifests.peers import find_newcomers
from dbaas.manifests.settling import settle
from dbaas.manifests.standing import add_standings
from dbaas.manifests.switching import hand_over, take_back
from dbaas.providers.process.capabilities import CAPABILITIES
from dbaas.providers.process.disruption import find_disruption
from dbaas.providers.process.entrances import HAPROXY, READS, WRITES, build_entrance, entrance_name
from dbaas.providers.process.exporting import describe_exporters, find_exporter, render_exporters
from dbaas.providers.process.installed import find_program
from dbaas.providers.process.peers import render_peers
from dbaas.providers.process.pooling import describe_pooler, render_pooler
from dbaas.providers.process.rebuilding import rebuild
from dbaas.providers.process.rendering import render_spec

_NO_PROGRAMS = "/usr/bin"  # a module of ours uses none
ACTIONS: Mapping[str, Action] = {SWITCHOVER: hand_over, WITHDRAW: take_back, REBUILD: rebuild, SETTLE: settle}


class ProcessProvider:
    """Implements `contracts.provider.Provider`."""

    name = "process"
    runs_on: Site = "laptop"
    witnesses: Sequence[Kind] = ()
    kinds: Sequence[Kind] = (PROCESS, POD, CONFIG_MAP)
    grants: Mapping[Kind, Sequence[str]] = NO_GRANTS
    actions: Mapping[str, Action] = ACTIONS
    capabilities: Sequence[ServerCapability] = CAPABILITIES

    def missing(self, server: ServerPart, version: str) -> str:
        """The programs must be on this machine."""
        return "" if server.programs(version) is not None else server.missing_programs(version)

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        """Raises NotProvided where the programs are not installed."""
        programs = server.programs(workload.version, encrypted=workload.encrypted)
        if programs is None:
            raise NotProvided(server.missing_programs(workload.version, encrypted=workload.encrypted))
        spec = DatabaseCluster.model_validate(cluster.body()).spec
        labels = cluster_labels(cluster.metadata.name, workload.engine)
        keeps_data = spec.deletion_policy != "Delete"
        newcomers, older = find_newcomers(cluster, workload), _find_older(cluster, workload, server)
        processes = [
            {
                "apiVersion": PROCESS.api_version,
                "kind": PROCESS.kind,
                "metadata": build_metadata(instance.name, cluster, {**labels, LABEL_INSTANCE: instance.name}),
                "spec": {
                    **render_spec(
                        instance,
                        programs,
                        stopped=spec.stopped,
                        keeps_data=keeps_data,
                        is_newcomer=instance.name in newcomers,
                        older=older,
                    ),
                    **({"restartedAt": spec.restarted_at} if spec.restarted_at else {}),
                },
            }
            for instance in workload.instances
        ]
        return [*render_peers(cluster, workload, keeps_data=keeps_data), *processes]

    def entrances(self, cluster: Resource, workload: Workload, facts: ClusterFacts) -> Sequence[Mapping[str, Any]]:
        """A program with a port for each way, where there are several instances; the pooler; the exporters."""
        stopped = DatabaseCluster.model_validate(cluster.body()).spec.stopped
        program = find_program(workload.pooler.program) if workload.pooler is not None else None
        exporter = find_exporter(workload.exporter) if workload.exporter is not None else None
        beside = [
            *render_pooler(cluster, workload, facts, program, stopped=stopped),
            *render_exporters(cluster, workload, facts, exporter, stopped=stopped),
        ]
        if len(workload.instances) == 1:
            return beside
        haproxy, name = find_program(HAPROXY), cluster.metadata.name
        entrance = build_entrance(name, workload, facts, haproxy=haproxy is not None)
        programs = str(haproxy.parent) if haproxy is not None else _NO_PROGRAMS
        return [
            *beside,
            {
                "apiVersion": PROCESS.api_version,
                "kind": PROCESS.kind,
                "metadata": build_metadata(entrance.name, cluster, cluster_labels(name, workload.engine)),
                "spec": render_spec(entrance, programs, stopped=stopped, keeps_data=False),
            },
        ]

    def disruption(self, running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
        return find_disruption(running, wanted)

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        """A single instance is the one that takes writes; of several it is the one that they have agreed on.

        Clients of several go through the entrance.
        """
        processes = sorted((child for child in children if child.kind == PROCESS), key=lambda child: child.key)
        roles = read_roles(cluster, children)
        found = [_facts(each, roles) for each in processes if LABEL_INSTANCE in each.metadata.labels]
        instances = add_standings(found, cluster, children)
        primary = next((one for one in instances if one.role == PRIMARY), None)
        unsettled = find_unsettled(children)
        beside = {each.key.name: _facts(each, None) for each in processes if LABEL_INSTANCE not in each.metadata.labels}
        known = ClusterFacts(
            instances,
            unsettled=unsettled,
            exposed=explain_exposure(cluster, children, len(instances)),
            pooler=describe_pooler(beside.get(pooler_login(cluster.key.name).name)),
            exporters=describe_exporters(instances, beside),
        )
        if roles is None and primary is not None:
            return replace(known, host=primary.host, port=next(iter(primary.ports.values()), 0))
        entrance = beside.get(entrance_name(cluster.key.name))
        if entrance is None or not entrance.ports:
            return known
        host, ports = entrance.host, entrance.ports
        return replace(known, host=host, port=ports[WRITES], replica=f"{host}:{ports[READS]}")


def _find_older(cluster: Resource, workload: Workload, server: ServerPart) -> Mapping[str, str]:
    """The version that this cluster has served with, and its programs: what it merely finds is somebody else's.

    Of several none, because replicas cannot follow a primary of another version.
    """
    if len(workload.instances) > 1:
        return {}
    served = find_served(cluster.status)
    programs = server.programs(served) if served in older_versions(server.versions, workload.version) else None
    return {served: programs} if programs is not None else {}


def _facts(child: Resource, roles: Mapping[str, str] | None) -> InstanceFacts:
    """Ports are in the order of the spec. A status that does not speak of the newest spec counts as not ready."""
    process = Process.model_validate(child.body())
    status, role = process.status, PRIMARY if roles is None else roles.get(child.metadata.name, "")
    if status is None:
        message = "the process has not been seen yet"
        return InstanceFacts(child.metadata.name, False, role, reason="Pending", message=message)
    ready = next((condition for condition in status.conditions if condition.type == "Ready"), None)
    stalled = next((condition for condition in status.conditions if condition.type == "Stalled"), None)
    is_current = (status.observed_generation or 0) >= child.metadata.generation
    reason = ready.reason if ready and is_current else "Pending"
    message = ready.message if ready and is_current else "the process is being brought up to date"
    ports = {port.name: status.ports[port.name] for port in process.spec.ports if port.name in status.ports}
    is_ready = bool(is_current and ready and ready.status == "True")
    return InstanceFacts(
        name=child.metadata.name, is_ready=is_ready,
        role=role, host=status.host or "", ports=ports, restarts=status.restarts, reason=reason, message=message,
        is_refused=bool(is_current and stalled and stalled.status == "True"),
        lingers=status.pid is not None and not is_ready,
    )  # fmt: skip
