"""The first step: which server an object lives on, and which real things its references mean."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.database import DATABASE
from dbaas.api.instance import instance_kind
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import References
from dbaas.contracts.reconcile import PATIENCE_SECONDS, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.conditions import ready_reason
from dbaas.controllers.managed.kinds import ROLE, Links, Subject, read_subject
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.records.databases import DATABASES
from dbaas.controllers.servers import Server, read_server

ALREADY_MANAGED = "AlreadyManaged"
BEING_MADE_SECONDS = 20.0
TOLD_SECONDS = 60.0  # what is referred to tells of its changes by its tokens; this is for what nobody foresaw


@dataclass(frozen=True)
class Resolved:
    """An object with its server and what its references mean."""

    subject: Subject
    server: Server
    references: References


class Resolution:
    """`takes_unapplied`: what is referred to need not have been applied yet (for plans of what is still to come)."""

    def __init__(self, client: Client, registry: Registry, *, takes_unapplied: bool = False) -> None:
        self._client = client
        self._registry = registry
        self._takes_unapplied = takes_unapplied
        self._servers: dict[Key, Server] = {}

    async def resolve(self, subject: Subject) -> Resolved:
        """Raises Waiting where something is missing or does not consent, Refused where the engine is unknown."""
        links = subject.links
        namespace = subject.resource.metadata.namespace
        # A Secret only names its database, and that one's owner may be the very user that it is for.
        need_not_exist = self._takes_unapplied or subject.kind.has_login
        principal = await self._find(*links.principal, namespace) if links.principal else None
        database = None
        if links.database:
            database = await self._find(DATABASES.kind, links.database, namespace, need_not_exist=need_not_exist)
        server = await self.find_server(links, namespace, principal or database)
        return Resolved(subject, server, await self._read(subject, principal, database, server))

    async def find_server(self, links: Links, namespace: str, host: Resource | None = None) -> Server:
        """Of an object with these links; `host` is what `links.host` names. Raises as `resolve`."""
        if links.instance is None and host is not None:
            links, namespace = read_subject(MANAGED[host.kind], host).links, host.metadata.namespace
        assert links.instance is not None, "a managed object names a server, or one that is on it"
        instance = await self._client.get(instance_kind(links.instance), links.instance)
        if instance is None:
            raise await self._explain_missing_instance(links.instance, links.instance_kind)
        _check_consent(instance, namespace)
        return self._read_server(instance)

    def _read_server(self, instance: Resource) -> Server:
        """Thousands of objects live on one server: it is read once for each version of it."""
        known = self._servers.get(instance.key)
        if known is None or known.resource is not instance:
            known = self._servers[instance.key] = read_server(instance, self._registry)
        return known

    async def _read(
        self, subject: Subject, principal: Resource | None, database: Resource | None, server: Server
    ) -> References:
        """Names of the real things."""
        references = own_references(subject)
        if principal is not None:
            role = read_subject(MANAGED[principal.kind], principal)
            await self._check_same_server(role, server)
            references = replace(references, principal=role.kind.real_name(role.spec))
        if database is not None:
            found = read_subject(DATABASES, database)
            await self._check_same_server(found, server)
            owner = found.spec.owner or observed_owner(found)
            references = replace(references, database=found.spec.name, database_owner=owner)
        return references

    async def _find(self, kind: Kind, key: Key, namespace: str, *, need_not_exist: bool = False) -> Resource:
        found = await self._client.get(kind, key)
        if found is None:
            raise _wait(f"{_word(kind)}NotFound", f"{kind} {key} does not exist")
        _check_consent(found, namespace)
        is_known = self._takes_unapplied or need_not_exist or found.status.get("applied")
        if not is_known or ready_reason(found) == ALREADY_MANAGED:
            # Nothing was said of it yet: it is being made, as many others may be, and its end wakes us.
            patience = PATIENCE_SECONDS if found.status.get("conditions") else BEING_MADE_SECONDS
            message = f"{kind} {key} is not ready yet"
            raise Waiting(f"{_word(kind)}NotReady", message, requeue_after=TOLD_SECONDS, patience=patience)
        return found

    async def _check_same_server(self, other: Subject, server: Server) -> None:
        if other.links.instance != server.key:
            raise _wait("OtherServer", f"{other.resource} lives on {other.links.instance} and not on {server.key}")

    async def _explain_missing_instance(self, key: Key, kind: str) -> Waiting:
        if kind == DATABASE_CLUSTER.kind and await self._client.get(DATABASE_CLUSTER, key) is not None:
            return _wait("InstanceNotReady", f"DatabaseCluster {key} has not published its server yet")
        return _wait("InstanceNotFound", f"{kind} {key} does not exist")


def own_references(subject: Subject) -> References:
    """The real names that an object gives by itself, without looking at others."""
    if subject.kind.kind == DATABASE:
        return References(database=subject.spec.name, database_owner=subject.spec.owner)
    if subject.kind.thing == ROLE:
        return References(principal=subject.kind.real_name(subject.spec))
    return References()


def _check_consent(target: Resource, namespace: str) -> None:
    """Whoever may make objects for the whole cluster needs nobody's consent."""
    if target.metadata.namespace == namespace or not namespace:
        return
    allowed: Collection[str] = target.spec.get("allowedNamespaces") or ()
    if "*" not in allowed and namespace not in allowed:
        raise _wait(
            "ReferenceNotAllowed", f"{target} does not allow references from namespace {namespace!r}: "
            "add it to its spec.allowedNamespaces",
        )  # fmt: skip


def observed_owner(database: Subject) -> str | None:
    """As the server said last."""
    status: Any = database.status
    observed = getattr(status, "database", None)
    return observed.owner if observed is not None else None


def _word(kind: Kind) -> str:
    return kind.kind.removeprefix("Database") or kind.kind


def _wait(reason: str, message: str) -> Waiting:
    return Waiting(reason, message, requeue_after=TOLD_SECONDS)
