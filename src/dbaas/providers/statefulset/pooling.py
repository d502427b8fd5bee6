"""A cluster's pooler: a Deployment of pods that are all alike, before the Service that leads to who takes writes. Pure.

Its pods have not the label of the cluster: whatever finds servers by that would take them for such.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.core import DEPLOYMENT
from dbaas.api.pods import Affinity, PodSchedulingPolicy
from dbaas.api.pooling import Proxy
from dbaas.api.resource import LABEL_POOLER, Resource
from dbaas.contracts.provider import Instance, ServerImage, Workload
from dbaas.manifests.metadata import MANAGED_BY, build_metadata, cluster_labels
from dbaas.manifests.pods import CONTAINER_SECURITY, build_pod_security
from dbaas.manifests.services import admit, build_network_policy, build_service
from dbaas.manifests.volumes import build_scratch
from dbaas.providers.statefulset.configs import CHECKSUM, build_config_map, checksum_of
from dbaas.providers.statefulset.disruption import TEMPLATE, digest_of
from dbaas.providers.statefulset.exposure import build_sources, find_port
from dbaas.providers.statefulset.filling import FILL
from dbaas.providers.statefulset.membership import build_budget
from dbaas.providers.statefulset.names import POOLER, config_name, host_of
from dbaas.providers.statefulset.places import PLACES, names_of
from dbaas.providers.statefulset.pods import SHELL, build_files, render_probe
from dbaas.providers.statefulset.scripts import build_run, script_names
from dbaas.providers.statefulset.spreading import build_scheduling

NOTICE_SECONDS = 5
"""How long one that is to end still takes clients in: until then all nodes know that it is not to get any more."""
KEPT_REVISIONS = 2
_RESOURCES = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}


def render_pooler(cluster: Resource, spec: DatabaseClusterSpec, workload: Workload) -> Iterator[dict[str, Any]]:
    """Nothing where none is asked for."""
    proxy = spec.proxy
    if workload.pooler is None or proxy is None:
        return
    name, first = cluster.metadata.name, next(p for p in workload.instances[0].ports if not p.is_private)
    place = host_of(f"{name}-rw", cluster.metadata.namespace)
    instance = workload.pooler.leading_to(place, find_port(spec.expose, first.number))
    metadata = build_metadata(instance.name, cluster, cluster_labels(name, workload.engine))
    selector = {LABEL_POOLER: name}
    ports = {port.name: port.number for port in instance.ports}
    scripts = {"run": build_run(instance, PLACES), "fill": FILL}
    needed = {script: scripts[script] for script in script_names(instance)}
    yield build_config_map({**metadata, "name": config_name(instance)}, instance, needed)
    # Who cancels a statement comes by another connection, and only the one that has the statement understands it.
    yield build_service(metadata, selector, ports, sessionAffinity="ClientIP")
    yield build_network_policy(metadata, selector, [admit([*ports], build_sources(spec))])
    if proxy.replicas > 1:
        yield build_budget(metadata, selector)
    yield _PoolerPods(spec, proxy, workload.pooler.image, instance, selector).deploy(metadata)


@dataclass(frozen=True)
class _PoolerPods:
    spec: DatabaseClusterSpec
    proxy: Proxy
    image: ServerImage
    instance: Instance
    selector: Mapping[str, str]

    def deploy(self, metadata: Mapping[str, Any]) -> dict[str, Any]:
        """No pod ends before the one that replaces it serves."""
        labels = {**self.selector, MANAGED_BY: "dbaas", "app.kubernetes.io/component": POOLER}
        annotations = {CHECKSUM: checksum_of(self.instance, PLACES)}
        template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": self._pod()}
        return {
            "apiVersion": DEPLOYMENT.api_version,
            "kind": DEPLOYMENT.kind,
            "metadata": {**metadata, "annotations": {TEMPLATE: digest_of(template)}},
            "spec": {
                "replicas": 0 if self.spec.stopped else self.proxy.replicas,
                "revisionHistoryLimit": KEPT_REVISIONS,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
                "selector": {"matchLabels": dict(self.selector)},
                "template": template,
            },
        }

    def _pod(self) -> dict[str, Any]:
        policy = _without_neighbours(self.spec.pod_scheduling_policy)
        return {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": build_pod_security(self.image.user, self.image.group),
            "terminationGracePeriodSeconds": NOTICE_SECONDS + ceil(self.instance.stop.timeout_seconds),
            "containers": [self._container()],
            "volumes": [
                build_scratch("data", in_memory=True),
                build_files(self.instance),
                build_scratch("run"),
                build_scratch("tmp"),
            ],
            **build_scheduling(policy, self.selector, are_several=self.proxy.replicas > 1),
        }

    def _container(self) -> dict[str, Any]:
        asked = self.proxy.resources
        return {
            "name": POOLER,
            "image": self.image.reference,
            "command": [SHELL, f"{PLACES.scripts}/run"],
            "ports": [{"name": p.name, "containerPort": p.number, "protocol": "TCP"} for p in self.instance.ports],
            "resources": asked.model_dump(exclude_defaults=True) if asked is not None else _RESOURCES,
            "securityContext": dict(CONTAINER_SECURITY),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "volumeMounts": [
                {"name": "data", "mountPath": PLACES.directory},
                {"name": "files", "mountPath": PLACES.mounted, "readOnly": True},
                {"name": "run", "mountPath": PLACES.run},
                {"name": "tmp", "mountPath": "/tmp"},
            ],
            "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(NOTICE_SECONDS)]}}},
            **self._probes(),
        }

    def _probes(self) -> dict[str, Any]:
        names = names_of(self.instance, PLACES)
        asked = {"readinessProbe": self.instance.ready, "livenessProbe": self.instance.alive}
        return {
            name: render_probe(check, names, ceil(check.period_seconds))
            for name, check in asked.items()
            if check is not None
        }


def _without_neighbours(policy: PodSchedulingPolicy | None) -> PodSchedulingPolicy | None:
    """What is said of pods near or far is meant for servers."""
    if policy is None or policy.affinity is None:
        return policy
    affinity = Affinity(node_affinity=policy.affinity.node_affinity) if policy.affinity.node_affinity else None
    return policy.model_copy(update={"affinity": affinity})
