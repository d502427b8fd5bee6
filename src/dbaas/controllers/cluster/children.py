"""What runs for a cluster, and the DatabaseInstance it publishes: applied as wanted, pruned where no longer wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dbaas.api.core import PERSISTENT_VOLUME_CLAIM
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER, LABEL_CLUSTER, Key, Kind, Resource
from dbaas.contracts.client import Client, Forbidden, Invalid
from dbaas.contracts.provider import ClusterFacts, Disruption, NotProvided
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.cluster.maintenance import Pending, find_wait
from dbaas.controllers.cluster.subject import Cluster
from dbaas.core.clock import Clock
from dbaas.manifests.metadata import MANAGED_BY, build_metadata, cluster_labels, is_controlled_by

INSTALL_SECONDS = 30.0
IN_THE_WAY_SECONDS = 60.0  # that what is somebody else's has gone wakes nobody


@dataclass(frozen=True)
class Applied:
    """What runs, as it is now. `refused` tells why a volume is not as it is wanted, `pending` what waits for its time;
    all else is as wanted."""

    children: Sequence[Resource]
    refused: str = ""
    pending: Sequence[Pending] = ()

    def join(self, other: Applied) -> Applied:
        return Applied(
            [*self.children, *other.children], self.refused or other.refused, [*self.pending, *other.pending]
        )


class Children:
    """The objects that a cluster owns."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def apply(self, cluster: Cluster) -> Applied:
        """Raises Waiting where programs are missing on this machine."""
        provider = cluster.provider
        try:
            wanted = provider.children(cluster.resource, cluster.workload, cluster.server)
        except NotProvided as error:
            raise Waiting(error.reason, error.message, requeue_after=INSTALL_SECONDS) from error
        instances = await self._apply_all(cluster, wanted)
        facts = provider.observe(cluster.resource, instances.children)
        entrances = await self._apply_all(cluster, provider.entrances(cluster.resource, cluster.workload, facts))
        applied = instances.join(entrances)
        keep = {(child.kind, child.key) for child in applied.children}
        for child in await self.find(cluster):
            if (child.kind, child.key) not in keep and not child.metadata.is_deleting:
                await self._client.delete(child.kind, child.key, uid=child.metadata.uid)
        return applied

    async def _apply_all(self, cluster: Cluster, wanted: Sequence[Mapping[str, Any]]) -> Applied:
        """None, where one of the names is somebody else's."""
        kinds = {kind.kind: kind for kind in cluster.provider.kinds}
        there = [await self._find_ours(cluster, kinds[body["kind"]], body) for body in wanted]
        applied, refused, pending = list[Resource](), "", list[Pending]()
        for body, running in zip(wanted, there, strict=True):
            kind = kinds[body["kind"]]
            disruption = cluster.provider.disruption(running, body) if running is not None else None
            wait = self._find_wait(cluster, body, disruption)
            if disruption is not None and running is not None and wait is not None:
                pending.append(wait)
                if disruption.meanwhile is None:
                    applied.append(running)
                    continue
                body = disruption.meanwhile
            try:
                applied.append(await self._client.apply(kind, body))
            except (Forbidden, Invalid) as error:
                applied.append(await self._find_volume(cluster, kind, body, error))
                refused = error.message
        return Applied(applied, refused, pending)

    async def observe(self, cluster: Cluster, children: Sequence[Resource]) -> ClusterFacts:
        """What the children say, and why, from what they have made, where not all is well."""
        facts = cluster.provider.observe(cluster.resource, children)
        if all(one.is_ready for one in facts.instances):
            return facts
        return cluster.provider.observe(cluster.resource, [*children, *await self._find_witnesses(cluster)])

    async def publish(self, cluster: Cluster, facts: ClusterFacts) -> Resource | None:
        """The DatabaseInstance, once there is an endpoint. Raises Refused where the name is somebody else's."""
        found = await self._client.get(DATABASE_INSTANCE, cluster.key)
        if found is not None and not is_controlled_by(found, cluster.resource):
            raise Refused(
                "InstanceNotOurs",
                f"DatabaseInstance {cluster.key} exists and does not belong to this cluster: rename or delete it",
            )
        if not facts.host or not facts.port:
            return found
        return await self._client.apply(DATABASE_INSTANCE, _instance(cluster, facts))

    async def find(self, cluster: Cluster) -> list[Resource]:
        """Everything of the provider's kinds that this cluster controls."""
        found: list[Resource] = []
        for kind in cluster.provider.kinds:
            found += await self._find_of(kind, cluster)
        return found

    async def remove(self, cluster: Cluster) -> bool:
        """True when all are gone, finalizers and all: first the published instance, then what runs."""
        instance = await self._client.get(DATABASE_INSTANCE, cluster.key)
        if instance is not None and is_controlled_by(instance, cluster.resource):
            if not instance.metadata.is_deleting:
                await self._client.delete(DATABASE_INSTANCE, instance.key, uid=instance.metadata.uid)
            return False
        left = await self.find(cluster)
        slow = [child for child in left if FINALIZER in child.metadata.finalizers]
        for child in slow or left:  # what takes its time to end may need the others until then
            if not child.metadata.is_deleting:
                await self._client.delete(child.kind, child.key, uid=child.metadata.uid)
        # What went at once is not told to us again.
        return not await self.find(cluster) and not await self._find_witnesses(cluster)

    async def keep_by_themselves(self, cluster: Cluster) -> bool:
        """Whether what is to be kept has no owner already, so that nobody need be told of it."""
        kinds = {kind.kind: kind for kind in cluster.provider.kinds}
        wanted = cluster.provider.children(cluster.resource, cluster.workload, cluster.server)
        kept = [body for body in wanted if "ownerReferences" not in body["metadata"]]
        for body in kept:
            found = await self._client.get(kinds[body["kind"]], Key(cluster.key.namespace, body["metadata"]["name"]))
            if found is not None and is_controlled_by(found, cluster.resource):
                return False
        return bool(kept)

    async def _find_volume(
        self, cluster: Cluster, kind: Kind, body: Mapping[str, Any], error: Forbidden | Invalid
    ) -> Resource:
        """One that cannot be as it is wanted serves as it is. Raises the error for anything else."""
        found = None
        if kind == PERSISTENT_VOLUME_CLAIM:
            found = await self._client.get(kind, Key(cluster.key.namespace, body["metadata"]["name"]))
        if found is None:
            raise error
        return found

    def _find_wait(self, cluster: Cluster, body: Mapping[str, Any], disruption: Disruption | None) -> Pending | None:
        if disruption is None:
            return None
        return find_wait(body["metadata"]["name"], disruption, cluster.spec.maintenance, self._clock.now())

    async def _find_ours(self, cluster: Cluster, kind: Kind, body: Mapping[str, Any]) -> Resource | None:
        """Raises Refused where the name is taken. What an earlier cluster of that name has left behind is ours."""
        found = await self._client.get(kind, Key(cluster.key.namespace, body["metadata"]["name"]))
        if found is None or is_controlled_by(found, cluster.resource):
            return found
        labels = found.metadata.labels
        if found.metadata.owner is None and labels.get(LABEL_CLUSTER) == cluster.key.name and MANAGED_BY in labels:
            return found
        raise Refused(
            "ChildNotOurs",
            f"{kind} {found.key} exists and does not belong to this cluster: rename or delete it, or give the cluster "
            "another name",
            requeue_after=IN_THE_WAY_SECONDS,
        )

    async def _find_witnesses(self, cluster: Cluster) -> list[Resource]:
        labels = {LABEL_CLUSTER: cluster.key.name}
        found: list[Resource] = []
        for kind in cluster.provider.witnesses:
            found += await self._client.list(kind, namespace=cluster.key.namespace, labels=labels, fresh=True)
        return found

    async def _find_of(self, kind: Kind, cluster: Cluster) -> list[Resource]:
        labelled = await self._client.list(
            kind, namespace=cluster.key.namespace, labels={LABEL_CLUSTER: cluster.key.name}
        )
        return [child for child in labelled if is_controlled_by(child, cluster.resource)]


def _instance(cluster: Cluster, facts: ClusterFacts) -> Mapping[str, Any]:
    spec = cluster.spec
    return {
        "apiVersion": DATABASE_INSTANCE.api_version,
        "kind": DATABASE_INSTANCE.kind,
        "metadata": build_metadata(
            cluster.key.name, cluster.resource, cluster_labels(cluster.key.name, cluster.engine.name)
        ),
        "spec": {
            "engine": cluster.engine.name,
            "connection": {
                "host": facts.host,
                "port": facts.port,
                "secretRef": {
                    "name": cluster.workload.credentials.name,
                    "keys": {"password": cluster.workload.credentials.key},
                },
            },
            "clusterRef": {"name": cluster.key.name},
            "maxConnections": spec.max_connections,
            **spec.handed_on(),
            # Of a set only members are applied: an empty one would be sent again and again where somebody adds to it.
            **({"allowedNamespaces": list(spec.allowed_namespaces)} if spec.allowed_namespaces else {}),
        },
    }
