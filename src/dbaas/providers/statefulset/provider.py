"""A cluster as StatefulSets, Services, claims and a Deployment, and back from their status to facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbaas.api.cluster import DatabaseCluster
from dbaas.api.core import (
    CONFIG_MAP,
    DEPLOYMENT,
    NETWORK_POLICY,
    PERSISTENT_VOLUME_CLAIM,
    POD,
    POD_DISRUPTION_BUDGET,
    ROLE,
    ROLE_BINDING,
    SERVICE,
    SERVICE_ACCOUNT,
    STATEFUL_SET,
)
from dbaas.api.resource import LABEL_POOLER, Kind, Resource
from dbaas.contracts.action import REBUILD, SETTLE, SWITCHOVER, WITHDRAW
from dbaas.contracts.provider import (
    Action,
    ClusterFacts,
    Disruption,
    NotProvided,
    ServerCapability,
    ServerPart,
    Site,
    Workload,
    missing_image,
)
from dbaas.manifests.settling import settle
from dbaas.manifests.switching import hand_over, take_back
from dbaas.providers.statefulset.capabilities import CAPABILITIES
from dbaas.providers.statefulset.disruption import find_disruption
from dbaas.providers.statefulset.membership import GRANTS
from dbaas.providers.statefulset.observing import observe
from dbaas.providers.statefulset.pooler_facts import describe_pooler
from dbaas.providers.statefulset.rebuilding import rebuild
from dbaas.providers.statefulset.rendering import Rendering
from dbaas.providers.statefulset.upgrading import find_older

ACTIONS: Mapping[str, Action] = {SWITCHOVER: hand_over, WITHDRAW: take_back, REBUILD: rebuild, SETTLE: settle}


class StatefulSetProvider:
    """Implements `contracts.provider.Provider`."""

    name = "statefulset"
    runs_on: Site = "kubernetes"
    kinds: Sequence[Kind] = (
        SERVICE_ACCOUNT, ROLE, ROLE_BINDING, CONFIG_MAP, SERVICE, NETWORK_POLICY, POD_DISRUPTION_BUDGET, STATEFUL_SET,
        PERSISTENT_VOLUME_CLAIM, DEPLOYMENT,
    )  # fmt: skip
    witnesses: Sequence[Kind] = (POD,)
    grants: Mapping[Kind, Sequence[str]] = GRANTS
    actions: Mapping[str, Action] = ACTIONS
    capabilities: Sequence[ServerCapability] = CAPABILITIES

    def missing(self, server: ServerPart, version: str) -> str:
        """Images are pulled by nodes; whether that succeeds is seen only there."""
        return ""

    def children(self, cluster: Resource, workload: Workload, server: ServerPart) -> Sequence[Mapping[str, Any]]:
        """Raises NotProvided where nobody has named an image of that version, or one that can upgrade the data."""
        if workload.image is None:
            raise NotProvided(missing_image(workload))
        spec = DatabaseCluster.model_validate(cluster.body()).spec
        older = find_older(cluster, workload, server)
        return [*Rendering(cluster, spec, workload, workload.image, older).render()]

    def entrances(self, cluster: Resource, workload: Workload, facts: ClusterFacts) -> Sequence[Mapping[str, Any]]:
        """Services are among the children: they find pods by their labels."""
        return ()

    def disruption(self, running: Resource, wanted: Mapping[str, Any]) -> Disruption | None:
        return find_disruption(running, wanted)

    def observe(self, cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
        servers = [child for child in children if LABEL_POOLER not in child.metadata.labels]
        return replace(observe(cluster, servers), pooler=describe_pooler(cluster, children))
