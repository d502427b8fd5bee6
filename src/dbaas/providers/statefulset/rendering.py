"""A workload as objects of Kubernetes. Pure.

Each instance is a StatefulSet of one pod with a claim of its own: so instances are restarted, rebuilt and moved one at
a time, and a claim grows without the StatefulSet being made anew, whose template of claims nobody can change.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dbaas.api.cluster import DatabaseClusterSpec
from dbaas.api.resource import ANNOTATION_ALLOW_DESTRUCTIVE, LABEL_CLUSTER, LABEL_INSTANCE, Resource
from dbaas.contracts.provider import Instance, ServerImage, Workload
from dbaas.manifests.metadata import LABEL_ROLE, MANAGED_BY, build_metadata, cluster_labels
from dbaas.manifests.monitoring import Exporters, asks_service, build_metrics_service, metrics_name
from dbaas.manifests.peers import build_notes, find_newcomers
from dbaas.manifests.services import build_headless_service
from dbaas.manifests.statefulset import build_stateful_set
from dbaas.manifests.volumes import build_claim
from dbaas.providers.statefulset.configs import CHECKSUM, build_config_map, checksum_of
from dbaas.providers.statefulset.disruption import RESTARTED_AT, SERVES_VERSION, TEMPLATE, digest_of
from dbaas.providers.statefulset.exposure import build_policy, build_services
from dbaas.providers.statefulset.filling import FILL
from dbaas.providers.statefulset.membership import build_budget, render_membership
from dbaas.providers.statefulset.names import claim_name, config_name, headless_name
from dbaas.providers.statefulset.places import PLACES, Places
from dbaas.providers.statefulset.pods import PodSource, build_pod
from dbaas.providers.statefulset.pooling import render_pooler
from dbaas.providers.statefulset.scripts import build_init, build_run, script_names


@dataclass(frozen=True)
class Rendering:
    """One cluster, and what its engine makes of it. `older` as of `upgrading.find_older`."""

    cluster: Resource
    spec: DatabaseClusterSpec
    workload: Workload
    image: ServerImage
    older: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.cluster.metadata.name

    @property
    def labels(self) -> dict[str, str]:
        return cluster_labels(self.name, self.workload.engine)

    @property
    def places(self) -> Places:
        return replace(PLACES, namespace=self.cluster.metadata.namespace)

    def render(self) -> Iterator[dict[str, Any]]:
        """What a pod needs comes before it, and the claim last: a volume that cannot grow holds nothing else up."""
        ports = self.workload.instances[0].ports
        yield from render_membership(self.name, self.workload, self._metadata)
        yield from build_notes(self.cluster, self.workload, keeps_data=self._keeps_data)
        newcomers = find_newcomers(self.cluster, self.workload)
        for instance in self.workload.instances:
            yield self._config(instance, is_newcomer=instance.name in newcomers)
        named = {port.name: port.number for port in ports}
        yield build_headless_service(self._metadata(headless_name(self.name)), {LABEL_CLUSTER: self.name}, named)
        public = {port.name: port.number for port in ports if not port.is_private}
        yield from build_services(self.name, self.spec.expose, public, self._metadata)
        yield from self._metrics()
        yield build_policy(self._metadata(self.name), self.spec, self.workload)
        if len(self.workload.instances) > 1:
            yield build_budget(self._metadata(self.name), {LABEL_CLUSTER: self.name})
        for instance in self.workload.instances:
            yield self._stateful_set(instance)
            yield self._claim(instance)
        yield from render_pooler(self.cluster, self.spec, self.workload)

    @property
    def _keeps_data(self) -> bool:
        return self.spec.deletion_policy != "Delete"

    @property
    def _has_served(self) -> bool:
        """There is data to be lost, and nobody has said that it may be."""
        may_be_lost = self.cluster.metadata.annotations.get(ANNOTATION_ALLOW_DESTRUCTIVE, "").lower() == "true"
        return bool(self.cluster.status.get("identity")) and not may_be_lost

    def _metadata(self, name: str) -> dict[str, Any]:
        return build_metadata(name, self.cluster, self.labels)

    def _metrics(self) -> Iterator[dict[str, Any]]:
        """Where an agent finds the exporters."""
        exporter, told = self.workload.exporter, self.workload.monitoring
        if exporter is not None and told is not None and asks_service(told):
            exporters = Exporters(self.name, self.workload.engine, exporter.port)
            yield build_metrics_service(self._metadata(metrics_name(self.name)), told, exporters)

    def _config(self, instance: Instance, *, is_newcomer: bool) -> dict[str, Any]:
        scripts = self._scripts(instance, is_newcomer=is_newcomer)
        return build_config_map(self._metadata(config_name(instance)), instance, scripts)

    def _scripts(self, instance: Instance, *, is_newcomer: bool) -> Mapping[str, str]:
        init = build_init(instance, self.places, is_newcomer=is_newcomer, has_served=self._has_served, older=self.older)
        written = {
            "run": build_run(instance, self.places),
            "init": init,
            "fill": FILL,
        }
        return {name: written[name] for name in script_names(instance)}

    def _stateful_set(self, instance: Instance) -> dict[str, Any]:
        """The role of the only instance never changes; several say themselves what they are.

        It is no part of what a StatefulSet finds its pod by.
        """
        selector = {LABEL_CLUSTER: self.name, LABEL_INSTANCE: instance.name}
        role = {} if instance.uses_api else {LABEL_ROLE: "primary"}
        labels = {MANAGED_BY: "dbaas", **self.labels, LABEL_INSTANCE: instance.name, **role}
        source = PodSource(self.workload, self.spec, self.image, {LABEL_CLUSTER: self.name}, self.places)
        template = {
            "metadata": {"labels": labels, "annotations": self._annotations(instance)},
            "spec": build_pod(instance, source),
        }
        metadata = build_metadata(instance.name, self.cluster, {**self.labels, LABEL_INSTANCE: instance.name})
        return build_stateful_set(
            {**metadata, "annotations": {TEMPLATE: digest_of(template), SERVES_VERSION: self.workload.version}},
            selector,
            service=headless_name(self.name),
            replicas=0 if self.spec.stopped else 1,
            template=template,
        )

    def _annotations(self, instance: Instance) -> dict[str, str]:
        """Whatever changes here means another pod."""
        asked = {RESTARTED_AT: self.spec.restarted_at} if self.spec.restarted_at else {}
        return {CHECKSUM: checksum_of(instance, self.places), **asked}

    def _claim(self, instance: Instance) -> dict[str, Any]:
        """It belongs to the cluster only where it is to go with it: what has no owner stays."""
        metadata = build_metadata(claim_name(instance), self.cluster, {**self.labels, LABEL_INSTANCE: instance.name})
        if self._keeps_data:
            del metadata["ownerReferences"]
        return build_claim(metadata, self.spec.storage.size, self.spec.storage.storage_class_name)
