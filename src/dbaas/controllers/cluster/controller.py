"""Reconciles a DatabaseCluster: rules, finalizer, Secret, children, published server, status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import CONFIG_MAP, POD, SECRET
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.action import Caller, call_nobody
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Controller, Outcome, Waiting, token_of
from dbaas.contracts.registry import Registry
from dbaas.contracts.upgrade import UPGRADE_FAILED
from dbaas.controllers.cluster.children import Children
from dbaas.controllers.cluster.credentials import Credentials
from dbaas.controllers.cluster.deletion import ClusterDeletion
from dbaas.controllers.cluster.encryption import Certificates, refer_to_certificates
from dbaas.controllers.cluster.hindrances import Hindrances
from dbaas.controllers.cluster.leading import watch_leaders, watch_members
from dbaas.controllers.cluster.monitoring import Agents, refer_to_monitoring
from dbaas.controllers.cluster.pooling import FindLane, Poolers, choose_pooler, no_lane
from dbaas.controllers.cluster.report import build_outcome, with_pending
from dbaas.controllers.cluster.service_logins import ServiceLogins, login_keys
from dbaas.controllers.cluster.stages import FAILED_FIELD, Stage, find_stage, hinder
from dbaas.controllers.cluster.stragglers import Stragglers
from dbaas.controllers.cluster.subject import Cluster, entry_key, named_entry, read_cluster
from dbaas.controllers.finalizers import hold
from dbaas.controllers.tokens import lives_on
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness


class ClusterController:
    """One for all clusters."""

    def __init__(
        self,
        client: Client,
        registry: Registry,
        randomness: Randomness,
        clock: Clock,
        find_lane: FindLane = no_lane,
        caller: Caller = call_nobody,
    ) -> None:
        self._client = client
        self._registry = registry
        self._clock = clock
        self._agents = Agents(client)
        self._certificates = Certificates(client, clock)
        self._children = Children(client, clock, caller)
        self._credentials = Credentials(client, randomness)
        self._hindrances = Hindrances(find_lane)
        self._poolers = Poolers(find_lane)
        self._stragglers = Stragglers(client, clock, find_lane)
        self._logins = ServiceLogins(client, randomness)
        self._deletion = ClusterDeletion(client, registry, self._children, self._credentials, self._logins)

    def build(self) -> Controller:
        """The controller for the runtime."""
        kinds: list[Kind] = [kind for provider in self._registry.providers.values() for kind in provider.kinds]
        return Controller(
            DATABASE_CLUSTER,
            self.reconcile,
            owns=(DATABASE_INSTANCE, *(kind for kind in dict.fromkeys(kinds) if kind != POD)),
            references=self._refer,
            refers_to=(SECRET,),
            watches=(
                *([watch_leaders()] if CONFIG_MAP in kinds else []),
                *([watch_members()] if POD in kinds else []),
            ),
        )

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting and Refused with the reasons in `docs/reference/conditions.md`."""
        cluster = read_cluster(resource, self._registry, await self._find_entry(resource))
        if resource.metadata.is_deleting:
            return await self._deletion.delete(cluster)
        await hold(self._client, resource)
        stage = await self._find_stage(cluster)
        cluster = stage.cluster
        await self._credentials.keep(cluster)
        await self._logins.keep(cluster)
        cluster, agent = await self._agents.find(cluster)
        encryption = await self._certificates.keep(cluster)
        published = await self._client.get(DATABASE_INSTANCE, cluster.key)
        cluster = choose_pooler(cluster, published, trusted=encryption.is_provable)
        applied = await self._children.apply(cluster)
        facts = await self._children.observe(cluster, applied.children)
        applied = await self._children.settle(cluster, facts, applied)
        await self._children.remember(cluster, facts, applied)
        await self._stragglers.rebuild(cluster, facts)
        agent = await self._agents.keep(cluster, agent)
        has_changed = not (applied.pending or applied.rolling)  # else servers do not encrypt yet, or still do
        if has_changed:
            await self._certificates.drop(cluster, encryption)
        instance = await self._children.publish(
            cluster, facts, encryption.tell_server(cluster.key) if has_changed else None
        )
        pooling = await self._poolers.keep(cluster, instance)
        outcome = with_pending(
            build_outcome(cluster, facts, instance, applied.refused, applied.rolling),
            [*stage.waits, *applied.pending],
            self._clock.now(),
        )
        outcome = pooling.tell(cluster, facts.pooler, agent.seeing(cluster, facts.exporters).tell(cluster, outcome))
        outcome = encryption.tell(outcome, self._clock.now(), waits=not has_changed)
        outcome = stage.tell(outcome)
        self._tell(resource, outcome)
        return outcome

    async def _find_stage(self, cluster: Cluster) -> Stage:
        """As it is, where the server that must end for an upgrade tells what would hinder that."""
        children = await self._children.find(cluster) if cluster.spec.cluster_size > 1 else ()
        stage = find_stage(cluster, children, self._clock.now())
        why = await self._hindrances.find(cluster, stage.may_end) if stage.may_end else ""
        return hinder(cluster, stage.may_end, why) if why else stage

    async def _find_entry(self, resource: Resource) -> Mapping[str, Any]:
        """The spec of its DatabaseEngine. Raises Waiting where there is none of the name that it gives."""
        entry = await self._client.get(DATABASE_ENGINE, entry_key(resource, self._registry))
        if entry is None and named_entry(resource) and not resource.metadata.is_deleting:
            raise Waiting("EngineNotFound", f"there is no DatabaseEngine {named_entry(resource)!r}")
        return entry.spec if entry is not None else {}

    def _refer(self, cluster: Resource) -> Iterable[str]:
        """Its Secrets, users and entry; while it goes also what lives on it, until that is gone."""
        yield token_of(SECRET, Key(cluster.key.namespace, f"{cluster.key.name}-credentials"))
        for key in login_keys(cluster.key):
            yield token_of(SECRET, key)
            yield token_of(DATABASE_USER, key)
        yield token_of(DATABASE_ENGINE, entry_key(cluster, self._registry))
        yield token_of(DATABASE_INSTANCE, cluster.key)  # which may be somebody else's, and in the way
        yield from refer_to_monitoring(cluster)
        yield from refer_to_certificates(cluster)
        if cluster.metadata.is_deleting:
            yield lives_on(cluster.key)

    def _tell(self, resource: Resource, outcome: Outcome) -> None:
        failure = outcome.status.get(FAILED_FIELD)
        if failure and failure != resource.status.get(FAILED_FIELD):
            self._client.event(resource, "Warning", UPGRADE_FAILED, failure["message"])
        former, current = (each.get("currentVersion", "") for each in (resource.status, outcome.status))
        if former and not f"{current}.".startswith(f"{former}."):  # else it is only known more exactly
            self._client.event(
                resource, "Normal", "VersionChanged", f"version {current} serves now, before it was {former}"
            )
        before = resource.status.get("phase")
        if outcome.phase == before:
            return
        if outcome.phase == "Ready":
            self._client.event(resource, "Normal", "Ready", "the cluster serves")
        if outcome.phase == "Healing":
            self._client.event(resource, "Warning", "Healing", outcome.message)
        if outcome.phase == "Stopped":
            self._client.event(resource, "Normal", "Stopped", outcome.message)
