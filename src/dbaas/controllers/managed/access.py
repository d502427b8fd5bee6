"""The way to the server of an object, and what its silence means for the object."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from dbaas.api.conditions import read_condition
from dbaas.api.resource import ANNOTATION_ALLOW_DESTRUCTIVE
from dbaas.contracts.engine import LoginRefused, PlanRules, ServerFacts, Unreachable
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Enqueue, Waiting
from dbaas.controllers.conditions import CONNECTED, is_connected, ready_message
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.servers import Server, Servers

NOT_READY = "InstanceNotReady"


@dataclass(frozen=True)
class Access:
    """A server that answers."""

    server: Server
    lane: Lane
    facts: ServerFacts


class AccessStep:
    """Only to servers whose DatabaseInstance is ready; where one does not answer, that object is told at once."""

    def __init__(self, servers: Servers, enqueue: Enqueue) -> None:
        self._servers = servers
        self._enqueue = enqueue

    async def reach(self, server: Server) -> Access:
        """Raises Waiting where the server is not ready, or is not any more."""
        if not is_connected(server.resource):
            # Ready may speak of its deletion instead
            why = read_condition(server.resource, CONNECTED).get("message") or ready_message(server.resource)
            raise Waiting(NOT_READY, f"{server.resource} is not ready: {why or 'no answer'}")
        with self.watched(server):
            lane = await self._servers.reach(server)
            return Access(server, lane, await lane.facts())

    @contextmanager
    def watched(self, server: Server) -> Iterator[None]:
        """Turns a lost server into Waiting; the DatabaseInstance's own reconcile finds out more and wakes us again."""
        try:
            yield
        except (Unreachable, LoginRefused) as error:
            self._enqueue(server.resource.kind, server.key)
            raise Waiting(NOT_READY, f"{server.resource} does not answer: {error.message}") from error


def plan_rules(server: Server, facts: ServerFacts, subject: Subject) -> PlanRules:
    return PlanRules(
        facts, allows_destructive(subject), subject.kind.cascades(subject.spec),
        is_guest=is_restricted(subject, server),
    )  # fmt: skip


def is_restricted(subject: Subject, server: Server) -> bool:
    """A guest gets no power over the server unless that one says so."""
    return is_guest(subject, server) and not server.spec.tenancy.privileged_attributes


def is_guest(subject: Subject, server: Server) -> bool:
    """Cluster-scoped objects are made by those who run the cluster, and so are their servers."""
    namespace = subject.resource.metadata.namespace
    return bool(namespace) and namespace != server.key.namespace


def allows_destructive(subject: Subject) -> bool:
    return subject.resource.metadata.annotations.get(ANNOTATION_ALLOW_DESTRUCTIVE, "").lower() == "true"
