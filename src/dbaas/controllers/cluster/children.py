"""What runs for a cluster, and the DatabaseInstance it publishes: applied as wanted, pruned where no longer wanted."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.core import PERSISTENT_VOLUME_CLAIM
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import FINALIZER, LABEL_CLUSTER, LABEL_INSTANCE, Key, Kind, Resource
from dbaas.contracts.action import Caller, call_nobody
from dbaas.contracts.client import Client, Forbidden, Invalid
from dbaas.contracts.provider import ClusterFacts, NotProvided
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.cluster.keepsakes import Keepsakes, require_latest_data
from dbaas.controllers.cluster.maintenance import Pending
from dbaas.controllers.cluster.rollout import Decision, Rollout
from dbaas.controllers.cluster.shrinking import Shrinking
from dbaas.controllers.cluster.subject import Cluster
from dbaas.controllers.cluster.version import note_version
from dbaas.controllers.cluster.witnesses import find_labelled, find_pooler_witnesses, find_witnesses
from dbaas.core.clock import Clock
from dbaas.manifests.agreement import find_note
from dbaas.manifests.metadata import MANAGED_BY, build_metadata, cluster_labels, is_controlled_by

INSTALL_SECONDS = 30.0
IN_THE_WAY_SECONDS = 60.0  # that what is somebody else's has gone wakes nobody


@dataclass(frozen=True)
class Applied:
    """What runs, as it is now. `refused` tells why a volume is not as it is wanted, `pending` what waits for its time;
    all else is as wanted. `rolling` tells of one that waits for other instances, empty where none does.
    `before` is all that bears the cluster's label, as it was."""

    children: Sequence[Resource]
    refused: str = ""
    pending: Sequence[Pending] = ()
    rolling: str = ""
    before: Sequence[Resource] = ()

    def join(self, other: Applied) -> Applied:
        children, pending = [*self.children, *other.children], [*self.pending, *other.pending]
        return Applied(children, self.refused or other.refused, pending, self.rolling or other.rolling)


class Children:
    """The objects that a cluster owns."""

    def __init__(self, client: Client, clock: Clock, caller: Caller = call_nobody) -> None:
        self._client = client
        self._keepsakes = Keepsakes(client)
        self._rollout = Rollout(client, clock, caller)
        self._shrinking = Shrinking(client, clock)

    async def apply(self, cluster: Cluster) -> Applied:
        """Raises Waiting where programs are missing on this machine, and Refused where data would be missing."""
        there = await find_labelled(self._client, cluster.resource, cluster.provider.kinds)  # notes, too
        require_latest_data(cluster, cluster.provider.observe(cluster.resource, there), there)
        shrunk = await self._shrinking.take(cluster, there)
        applied = await self._apply(shrunk.cluster, shrunk.leaves, shrunk.waits)
        return replace(applied, rolling=shrunk.waits or applied.rolling, before=there)

    async def tell(self, cluster: Cluster, children: Iterable[Resource]) -> None:
        """As `apply`, of what is there: nothing is made, not even what goes at the same moment."""
        there, wanted = {(child.kind.kind, child.key.name): child.metadata.uid for child in children}, []
        for body in _render(cluster) if there else ():
            uid = there.get((body["kind"], body["metadata"]["name"]))
            if uid is not None:
                wanted.append({**body, "metadata": {**body["metadata"], "uid": uid}})
        await self._apply_all(cluster, wanted)

    async def _apply(self, cluster: Cluster, leaves: Collection[str], held: str) -> Applied:
        provider = cluster.provider
        wanted = [body for body in _render(cluster) if _instance_of(body["metadata"]) not in leaves]
        instances = await self._apply_all(cluster, wanted, held)
        facts = provider.observe(cluster.resource, instances.children)
        entrances = await self._apply_all(cluster, provider.entrances(cluster.resource, cluster.workload, facts))
        applied = instances.join(entrances)
        keep = {(child.kind, child.key) for child in applied.children}
        for child in await self.find(cluster):
            # What waits to be changed may need until then what is not wanted any more.
            is_free = not applied.pending or child.metadata.labels.get(LABEL_INSTANCE, child.key.name) in leaves
            if is_free and (child.kind, child.key) not in keep and not child.metadata.is_deleting:
                await self._client.delete(child.kind, child.key, uid=child.metadata.uid)
        return applied

    async def _apply_all(self, cluster: Cluster, wanted: Sequence[Mapping[str, Any]], held: str = "") -> Applied:
        """None, where one of the names is somebody else's."""
        kinds = {kind.kind: kind for kind in cluster.provider.kinds}
        there = [await self._find_ours(cluster, kinds[body["kind"]], body) for body in wanted]
        decisions = await self._rollout.decide(cluster, wanted, there, held)
        applied, refused = list[Resource](), ""
        for body, running, decision in zip(wanted, there, decisions, strict=True):
            kind = kinds[body["kind"]]
            if decision.body is None:
                assert running is not None, "what is not there yet waits for nothing"
                applied.append(running)
                continue
            try:
                applied.append(await self._client.apply(kind, decision.body))
            except (Forbidden, Invalid) as error:
                applied.append(await self._find_volume(cluster, kind, body, error))
                refused = error.message
        pending = [each.pending for each in decisions if each.pending is not None]
        rolling = next((f"{each.change} waits: {each.reason}" for each in _turns(decisions)), "")
        return Applied(applied, refused, pending, rolling)

    async def settle(self, cluster: Cluster, facts: ClusterFacts, applied: Applied) -> Applied:
        """With what waits until all settings of all instances count, which are started anew for that."""
        if applied.pending or applied.rolling:
            return applied
        wait = await self._rollout.settle(cluster, facts)
        if isinstance(wait, Pending):
            return replace(applied, pending=[wait])
        return replace(applied, rolling=wait)

    async def remember(self, cluster: Cluster, facts: ClusterFacts, applied: Applied) -> None:
        """Who takes writes, for a time when nobody is left who could tell; nothing where there is only one."""
        await self._keepsakes.note_primary(cluster, facts, applied.before)
        if not applied.pending and not applied.rolling:
            await self._keepsakes.forget(cluster, facts, applied.before)

    async def observe(self, cluster: Cluster, children: Sequence[Resource]) -> ClusterFacts:
        """What the children say, and why, from what they have made, where not all is well."""
        facts, found = cluster.provider.observe(cluster.resource, children), list[Resource]()
        if not all(one.is_ready and one.role for one in facts.instances):
            found += await find_witnesses(self._client, cluster)
        if facts.pooler is not None and not facts.pooler.is_whole:
            found += await find_pooler_witnesses(self._client, cluster)
        return cluster.provider.observe(cluster.resource, [*children, *found]) if found else facts

    async def publish(
        self, cluster: Cluster, facts: ClusterFacts, tls: Mapping[str, Any] | None = None
    ) -> Resource | None:
        """The DatabaseInstance, once there is an endpoint. Raises Refused where the name is somebody else's.

        `tls` are the fields about encryption; without it something waits, and they and the version stay as they are.
        """
        found = await self._client.get(DATABASE_INSTANCE, cluster.key)
        if found is not None and not is_controlled_by(found, cluster.resource):
            raise Refused(
                "InstanceNotOurs",
                f"DatabaseInstance {cluster.key} exists and does not belong to this cluster: rename or delete it",
            )
        if not facts.host or not facts.port:
            return found
        version = note_version(cluster, facts, found, waits=tls is None)
        if tls is None:
            tls = {"tls": found.spec["tls"]} if found is not None and "tls" in found.spec else {}
        body = _instance(cluster, facts, tls)
        body["metadata"] |= version
        return await self._client.apply(DATABASE_INSTANCE, body)

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
        return not (
            await self.find(cluster)
            or await find_witnesses(self._client, cluster)
            or await find_pooler_witnesses(self._client, cluster)
        )

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

    async def _find_ours(self, cluster: Cluster, kind: Kind, body: Mapping[str, Any]) -> Resource | None:
        """Raises Refused where the name is taken.

        What an earlier cluster of that name has left behind is ours, and what our instances have made.
        """
        found = await self._client.get(kind, Key(cluster.key.namespace, body["metadata"]["name"]))
        if found is None or is_controlled_by(found, cluster.resource):
            return found
        labels = found.metadata.labels
        is_left = found.metadata.owner is None and labels.get(LABEL_CLUSTER) == cluster.key.name
        if is_left and (MANAGED_BY in labels or _is_remade(cluster, found)):
            return found
        raise Refused(
            "ChildNotOurs",
            f"{kind} {found.key} exists and does not belong to this cluster: rename or delete it, or give the cluster "
            "another name",
            requeue_after=IN_THE_WAY_SECONDS,
        )

    async def _find_of(self, kind: Kind, cluster: Cluster) -> list[Resource]:
        labelled = await self._client.list(
            kind, namespace=cluster.key.namespace, labels={LABEL_CLUSTER: cluster.key.name}
        )
        return [child for child in labelled if is_controlled_by(child, cluster.resource)]


def _render(cluster: Cluster) -> Sequence[Mapping[str, Any]]:
    """Raises Waiting."""
    try:
        return cluster.provider.children(cluster.resource, cluster.workload, cluster.server)
    except NotProvided as error:
        raise Waiting(error.reason, error.message, requeue_after=INSTALL_SECONDS) from error


def _instance_of(metadata: Mapping[str, Any]) -> str:
    """Which instance it runs or belongs to; its own name where that is not said."""
    return str((metadata.get("labels") or {}).get(LABEL_INSTANCE) or metadata["name"])


def _is_remade(cluster: Cluster, found: Resource) -> bool:
    """Whether it is a note that somebody has deleted, and that the instances have made anew before we could."""
    is_note = any(find_note(cluster.resource, name, [found]) is not None for name in cluster.workload.notes)
    return is_note and found.metadata.creationTimestamp >= cluster.resource.metadata.creationTimestamp


def _turns(decisions: Sequence[Decision]) -> Iterator[Pending]:
    return (each.pending for each in decisions if each.takes_turns and each.pending is not None)


def _instance(cluster: Cluster, facts: ClusterFacts, tls: Mapping[str, Any]) -> dict[str, Any]:
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
            **tls,
            # Of a set only members are applied: an empty one would be sent again and again where somebody adds to it.
            **({"allowedNamespaces": list(spec.allowed_namespaces)} if spec.allowed_namespaces else {}),
        },
    }
