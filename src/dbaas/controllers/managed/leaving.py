"""Who else is on the way out: the neighbours of an object, its server, or that server's namespace."""

from __future__ import annotations

from datetime import datetime, timedelta

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.conditions import read_condition
from dbaas.api.instance import instance_kind
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Waiting
from dbaas.controllers.conditions import CONNECTED, is_connected
from dbaas.controllers.holding import find_residents, namespace_is_going
from dbaas.controllers.managed.access import NOT_READY
from dbaas.controllers.managed.kinds import Subject, read_subject
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.servers import Server
from dbaas.core.clock import Clock, parse_time

PATIENCE = timedelta(minutes=10)
TOGETHER = timedelta(minutes=2)


class Leaving:
    """Looks at what is deleted already; decides nothing."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def others_are_leaving(self, subject: Subject, server: Server) -> bool:
        """Of a user and a database that are deleted together the database goes first, and no reference says so.

        One that was deleted longer ago is stuck itself, and nothing to wait for.
        """
        residents = await find_residents(self._client, server.key)
        others = [other.metadata.deletionTimestamp for other in residents if other.kind != subject.kind.kind]
        return any(moment and self._clock.now() - parse_time(moment) < TOGETHER for moment in others)

    async def is_last_on_going(self, subject: Subject, server: Server) -> bool:
        """Whether the server goes itself, and nothing of another kind is left on it that may be in the way."""
        residents = await find_residents(self._client, server.key)
        if any(resident.kind != subject.kind.kind for resident in residents):
            return False
        if server.resource.metadata.is_deleting:
            return True
        reference = server.spec.cluster_ref
        cluster = reference and await self._client.get(DATABASE_CLUSTER, Key(server.key.namespace, reference.name))
        return bool(cluster and cluster.metadata.is_deleting)

    async def remaining(self, subject: Subject, waiting: Waiting) -> timedelta:
        """How much longer we wait for the server: from when both the deletion and its absence had begun."""
        since = [parse_time(subject.resource.metadata.deletionTimestamp or "")]
        instance = await self._find_instance(subject)
        if instance is not None and is_connected(instance) and waiting.reason == NOT_READY:
            return PATIENCE  # it was there a moment ago
        if instance is not None and not is_connected(instance) and (away := _away_since(instance)) is not None:
            since.append(away)
        return max(since) + PATIENCE - self._clock.now()

    async def goes_with_server(self, subject: Subject) -> bool:
        """A namespace takes its servers down without asking who lives on them, so there is nothing to wait for."""
        instance = await self._find_instance(subject)
        if instance is None or instance.spec.get("clusterRef") is None:
            return False
        return await namespace_is_going(self._client, instance.metadata.namespace)

    async def _find_instance(self, subject: Subject) -> Resource | None:
        links = subject.links
        key = links.instance
        if links.host is not None:
            host = await self._client.get(*links.host)
            key = read_subject(MANAGED[host.kind], host).links.instance if host is not None else None
        return await self._client.get(instance_kind(key), key) if key is not None else None


def _away_since(instance: Resource) -> datetime | None:
    moment = read_condition(instance, CONNECTED).get("lastTransitionTime")
    return parse_time(moment) if moment else None
