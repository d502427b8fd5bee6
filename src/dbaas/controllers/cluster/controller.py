"""Reconciles a DatabaseCluster: rules, finalizer, Secret, children, published server, status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.database_engine import DATABASE_ENGINE
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Controller, Outcome, Waiting, token_of
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.children import Children
from dbaas.controllers.cluster.credentials import Credentials
from dbaas.controllers.cluster.deletion import ClusterDeletion
from dbaas.controllers.cluster.exporter_login import ExporterLogins, login_key
from dbaas.controllers.cluster.monitoring import Agents, refer_to_monitoring
from dbaas.controllers.cluster.report import build_outcome, with_pending
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.controllers.finalizers import hold
from dbaas.controllers.tokens import lives_on
from dbaas.core.clock import Clock
from dbaas.core.randomness import Randomness


class ClusterController:
    """One for all clusters."""

    def __init__(self, client: Client, registry: Registry, randomness: Randomness, clock: Clock) -> None:
        self._client = client
        self._registry = registry
        self._clock = clock
        self._agents = Agents(client)
        self._children = Children(client, clock)
        self._credentials = Credentials(client, randomness)
        self._logins = ExporterLogins(client, randomness)
        self._deletion = ClusterDeletion(client, registry, self._children, self._credentials, self._logins)

    def build(self) -> Controller:
        """The controller for the runtime."""
        kinds: list[Kind] = [kind for provider in self._registry.providers.values() for kind in provider.kinds]
        return Controller(
            DATABASE_CLUSTER,
            self.reconcile,
            owns=(DATABASE_INSTANCE, *dict.fromkeys(kinds)),
            references=self._refer,
            refers_to=(SECRET,),
        )

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting and Refused with the reasons in `docs/reference/conditions.md`."""
        cluster = read_cluster(resource, self._registry, await self._find_entry(resource))
        if resource.metadata.is_deleting:
            return await self._deletion.delete(cluster)
        await hold(self._client, resource)
        await self._credentials.keep(cluster)
        await self._logins.keep(cluster)
        cluster, agent = await self._agents.find(cluster)
        applied = await self._children.apply(cluster)
        facts = await self._children.observe(cluster, applied.children)
        agent = await self._agents.keep(cluster, agent)
        instance = await self._children.publish(cluster, facts)
        outcome = with_pending(
            build_outcome(cluster, facts, instance, applied.refused), applied.pending, self._clock.now()
        )
        outcome = agent.tell(cluster, outcome)
        self._tell(resource, outcome)
        return outcome

    async def _find_entry(self, resource: Resource) -> Mapping[str, Any]:
        """The spec of its DatabaseEngine. Raises Waiting where there is none of the name that it gives."""
        entry = await self._client.get(DATABASE_ENGINE, self._entry_key(resource))
        if entry is None and _named_entry(resource) and not resource.metadata.is_deleting:
            raise Waiting("EngineNotFound", f"there is no DatabaseEngine {_named_entry(resource)!r}")
        return entry.spec if entry is not None else {}

    def _entry_key(self, resource: Resource) -> Key:
        """By default that of the engine's own name."""
        type_ = str((resource.spec.get("engine") or {}).get("type", ""))
        engine = self._registry.engine(type_)
        return Key("", _named_entry(resource) or (engine.name if engine is not None else type_.lower()))

    def _refer(self, cluster: Resource) -> Iterable[str]:
        """Its Secrets, its exporter's user and its entry; while it goes also what lives on it, until that is gone."""
        yield token_of(SECRET, Key(cluster.key.namespace, f"{cluster.key.name}-credentials"))
        yield token_of(SECRET, login_key(cluster.key))
        yield token_of(DATABASE_USER, login_key(cluster.key))
        yield token_of(DATABASE_ENGINE, self._entry_key(cluster))
        yield token_of(DATABASE_INSTANCE, cluster.key)  # which may be somebody else's, and in the way
        yield from refer_to_monitoring(cluster)
        if cluster.metadata.is_deleting:
            yield lives_on(cluster.key)

    def _tell(self, resource: Resource, outcome: Outcome) -> None:
        before = resource.status.get("phase")
        if outcome.phase == before:
            return
        if outcome.phase == "Ready":
            self._client.event(resource, "Normal", "Ready", "the cluster serves")
        if outcome.phase == "Healing":
            self._client.event(resource, "Warning", "Healing", outcome.message)
        if outcome.phase == "Stopped":
            self._client.event(resource, "Normal", "Stopped", outcome.message)


def _named_entry(cluster: Resource) -> str:
    """The DatabaseEngine that its spec names."""
    reference = (cluster.spec.get("engine") or {}).get("engineRef") or {}
    return str(reference.get("name", ""))
