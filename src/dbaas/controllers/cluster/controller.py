"""Reconciles a DatabaseCluster: rules, finalizer, Secret, children, published server, status."""

from __future__ import annotations

from collections.abc import Iterable

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.core import SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Controller, Outcome, token_of
from dbaas.contracts.registry import Registry
from dbaas.controllers.cluster.children import Children
from dbaas.controllers.cluster.credentials import Credentials
from dbaas.controllers.cluster.deletion import ClusterDeletion
from dbaas.controllers.cluster.report import build_outcome
from dbaas.controllers.cluster.subject import read_cluster
from dbaas.controllers.finalizers import hold
from dbaas.controllers.tokens import lives_on
from dbaas.core.randomness import Randomness


class ClusterController:
    """One for all clusters."""

    def __init__(self, client: Client, registry: Registry, randomness: Randomness) -> None:
        self._client = client
        self._registry = registry
        self._children = Children(client)
        self._credentials = Credentials(client, randomness)
        self._deletion = ClusterDeletion(client, registry, self._children, self._credentials)

    def build(self) -> Controller:
        """The controller for the runtime."""
        kinds: list[Kind] = [kind for provider in self._registry.providers.values() for kind in provider.kinds]
        return Controller(
            DATABASE_CLUSTER,
            self.reconcile,
            owns=(DATABASE_INSTANCE, *dict.fromkeys(kinds)),
            references=_refer,
            refers_to=(SECRET,),
        )

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting and Refused with the reasons in `docs/reference/conditions.md`."""
        cluster = read_cluster(resource, self._registry)
        if resource.metadata.is_deleting:
            return await self._deletion.delete(cluster)
        await hold(self._client, resource)
        await self._credentials.keep(cluster)
        children = await self._children.apply(cluster)
        facts = cluster.provider.observe(resource, children)
        instance = await self._children.publish(cluster, facts)
        outcome = build_outcome(cluster, facts, instance)
        self._tell(resource, outcome)
        return outcome

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


def _refer(cluster: Resource) -> Iterable[str]:
    """Its Secret; while it is being deleted also what lives on it, whose end it waits for."""
    yield token_of(SECRET, Key(cluster.key.namespace, f"{cluster.key.name}-credentials"))
    if cluster.metadata.is_deleting:
        yield lives_on(cluster.key)
