"""DatabaseInstance: is the server there, does it let us in, what is it, and is all on it as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.conditions import read_condition
from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.instance import INSTANCE_KINDS, DatabaseInstance
from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError, Retired, ServerFacts, Unreachable
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Condition, Conflict, Controller, Outcome, Waiting, token_of
from dbaas.controllers.cascading import FIELD, LOOK_AGAIN_SECONDS, Cascade
from dbaas.controllers.conditions import (
    CONNECTED,
    READY,
    has_seen_spec,
    is_connected,
    is_ready,
    own_status,
)
from dbaas.controllers.discovery import DiscoveryStep
from dbaas.controllers.drift_pass import DriftPass, PassResult
from dbaas.controllers.dues import period_of
from dbaas.controllers.finalizers import hold, is_held, let_go
from dbaas.controllers.health import describe_absence, describe_presence, may_be_the_login, pause_while_absent
from dbaas.controllers.holding import find_going_namespace, find_inhabitants, find_residents, is_forced, name_few
from dbaas.controllers.login_secrets import LoginSecrets
from dbaas.controllers.logins import secrets_of
from dbaas.controllers.refusing import refuse_invalid
from dbaas.controllers.servers import Server, read_server
from dbaas.controllers.surroundings import Surroundings
from dbaas.controllers.tokens import is_server, lives_on, logs_in_by
from dbaas.core.clock import format_time, parse_time
from dbaas.core.duration import parse_duration
from dbaas.manifests.metadata import is_controlled_by

PASS_SECONDS = 60.0
WORKERS = 256  # each may wait for a server that does not answer; those that answer must find one
VERIFIED_EVERY = timedelta(minutes=10)
LEAVE_SECONDS = 0.1
ABANDONED = "Abandoned"
CLUSTER_STOPPED = "ClusterStopped"


@dataclass(frozen=True)
class Answer:
    """A server that answered."""

    server: Server
    lane: Lane
    facts: ServerFacts


class InstanceController:
    """Each reconcile is a probe; a drift pass is made when it is due.

    Objects on a server are woken when it goes away or changes; those that wait for it see it come back.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._client = surroundings.client
        self._clock = surroundings.clock
        self._pass = DriftPass(surroundings.client, surroundings.registry, surroundings.enqueue, surroundings.clock)
        self._login_secrets = LoginSecrets(surroundings.client)
        self._cascade = Cascade(surroundings.client, surroundings.registry)
        self._discovery = DiscoveryStep(surroundings.client, surroundings.clock, surroundings.counts)
        self._dues = surroundings.dues
        self._found: set[Key] = set()

    def build(self) -> list[Controller]:
        """One for each kind of instance: their keys never meet."""
        return [
            Controller(
                kind,
                self.reconcile,
                references=referred_by,
                provides=provided_by,
                refers_to=(NAMESPACE, SECRET),
                workers=WORKERS,
            )
            for kind in INSTANCE_KINDS
        ]

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Refused where the engine is unknown, Waiting while others hold its deletion."""
        if resource.metadata.is_deleting:
            return await self._finish(resource)
        await refuse_invalid(self._surroundings.admission, resource)
        server = read_server(resource, self._surroundings.registry)
        await hold(self._client, resource)
        return await self._look(server)

    async def _look(self, server: Server) -> Outcome:
        before = self._surroundings.servers.find(server.key)
        try:
            lane = await self._surroundings.servers.open(server)
            await self._login_secrets.hold(server)
            facts = await lane.facts(fresh=True, timeout_seconds=_patience(server))
            answer = Answer(server, self._surroundings.servers.join(server.key, facts.identity), facts)
            result = await self._verify(answer)
            inventory = await self._discovery.look(server, answer.lane, facts)
            if before is not None and before.address.tls != lane.address.tls:
                await self._wake_all(server.key)  # their logins tell whom to trust
        except Waiting as waiting:  # without a login there is no way in for others either, least of all an old one
            await self._surroundings.servers.close(server.key)
            self._login_secrets.forget(server.key)
            return await self._report_absence(server, waiting)
        except Retired as retired:  # it is one server with another instance, whose lane serves both
            raise Conflict(retired.message) from retired
        except EngineError as error:
            if may_be_the_login(error):
                self._surroundings.servers.forget_login(server.key)
            return await self._report_absence(server, error)
        return await self._report(answer, result, inventory)

    async def _verify(self, answer: Answer) -> PassResult | None:
        """None where no pass is due yet, or none came to its end. Raises Unreachable and LoginRefused.

        A server that has just been found is told of first, since everything on it waits for that. One that is so busy
        with changes that a pass finds no place is there all the same.
        """
        key = answer.server.key
        if not is_connected(answer.server.resource):
            self._dues.set(key, 0.0)
            self._found.add(key)
            return None
        if key in self._found:
            self._found.discard(key)
            await self._wake_waiting(key)
        self._dues.bring_forward(key, period_of(parse_duration(answer.server.spec.drift_policy.interval)))
        return await self._pass_over(answer) if self._dues.left(key) <= 0 else None

    async def _pass_over(self, answer: Answer) -> PassResult | None:
        key, now = answer.server.key, self._clock.monotonic()
        try:
            async with asyncio.timeout(PASS_SECONDS):
                result = await self._pass.run(answer.server, answer.lane, answer.facts)
        except TimeoutError:
            self._dues.set(key, PASS_SECONDS)
            return None
        self._surroundings.counts.time_pass(self._clock.monotonic() - now)
        self._dues.set(key, result.period_seconds)
        return result

    async def _report(self, answer: Answer, result: PassResult | None, inventory: Mapping[str, Any]) -> Outcome:
        resource, facts, address = answer.server.resource, answer.facts, _address(answer.server)
        self._note_look(answer.server)
        await self._wake_inhabitants(resource, is_there=True)
        if not is_connected(resource):
            self._client.event(resource, "Normal", "Connected", f"{address} answers, version {facts.version}")
        conditions = describe_presence(answer.server.spec, facts, address)
        status: dict[str, Any] = {
            "version": facts.version,
            "identity": facts.identity,
            "capabilities": sorted({*answer.server.engine.parts, *facts.capabilities}),
            **self._verified(resource, result),
            **inventory,
        }
        due = max(0.1, self._dues.left(resource.key))
        check = answer.server.spec.health_check
        pause = min(due, check.interval_seconds) if check.enabled else due
        return Outcome(conditions, status, phase="Ready", requeue_after=pause)

    def _verified(self, resource: Resource, result: PassResult | None) -> dict[str, Any]:
        """Written rarely: exact times are metrics."""
        last = resource.status.get("lastVerified")
        if result is None or not result.ends_round or (last and self._clock.now() - parse_time(last) < VERIFIED_EVERY):
            return {name: value for name, value in resource.status.items() if name in _VERIFIED_FIELDS}
        return {"lastVerified": format_time(self._clock.now()), "verifiedObjects": result.compared}

    async def _report_absence(self, server: Server, error: Waiting | EngineError) -> Outcome:
        resource = server.resource
        self._note_look(server)
        await self._wake_inhabitants(resource, is_there=False)
        stopped = await _find_stopped(self._client, resource) if isinstance(error, Unreachable) else None
        if stopped is not None:
            error = Unreachable(f"{stopped} is stopped: start it first", reason=CLUSTER_STOPPED)
        message = f"{_address(server)}: {error.message}"
        if stopped is None and read_condition(resource, CONNECTED).get("reason") not in (error.reason, CLUSTER_STOPPED):
            self._client.event(resource, "Warning", "ConnectionFailed", message)
        conditions = describe_absence(server.spec, error, message)
        pause = pause_while_absent(resource, server.spec, error, self._clock.now())
        kept = own_status(resource)
        return Outcome(conditions, kept, phase="Failed" if stopped is None else "Stopped", requeue_after=pause)

    def _note_look(self, server: Server) -> None:
        self._surroundings.counts.note_health_check(server.key, self._clock.now().timestamp())

    async def _wake_inhabitants(self, resource: Resource, *, is_there: bool) -> None:
        """Only where something changes for them: the server's absence, its return, or its spec."""
        if is_connected(resource) != is_there or not has_seen_spec(resource):
            await self._wake_all(resource.key)

    async def _wake_waiting(self, server: Key) -> None:
        """Once it can be read that the server is there. Those that name it are told; grants name their users."""
        for inhabitant in await find_inhabitants(self._client, server):
            if not is_ready(inhabitant):
                self._surroundings.enqueue(inhabitant.kind, inhabitant.key)

    async def _wake_all(self, server: Key) -> None:
        for inhabitant in await find_inhabitants(self._client, server):
            self._surroundings.enqueue(inhabitant.kind, inhabitant.key)

    async def _finish(self, resource: Resource) -> Outcome:
        """While others live on it, it is looked at as ever: they need it to go."""
        if not is_held(resource):
            return Outcome(gone=True)
        dependents, abandoned = await self._find_dependents(resource)
        held = await self._cascade.settle(resource, dependents)
        if held is not None:
            outcome = await self._look(read_server(resource, self._surroundings.registry))
            conditions = [condition for condition in outcome.conditions if condition.type != "Ready"]
            status = {name: value for name, value in outcome.status.items() if name != FIELD}
            status |= {FIELD: held.confirmation} if held.confirmation else {}
            pauses = [outcome.requeue_after, LOOK_AGAIN_SECONDS if held.confirmation else None]
            return Outcome(
                [*conditions, held.condition], status, held.phase, held.message,
                min((pause for pause in pauses if pause is not None), default=None),
            )  # fmt: skip
        if abandoned and is_connected(resource):
            return _take_leave(resource, abandoned)
        if abandoned:
            await self._wake_all(resource.key)
        await self._surroundings.servers.close(resource.key)
        self._login_secrets.forget(resource.key)
        self._dues.forget(resource.key)
        self._found.discard(resource.key)
        self._pass.forget(resource.key)
        self._discovery.forget(resource.key)
        self._surroundings.counts.forget(resource.key)
        await let_go(self._client, resource)
        return Outcome(gone=True)

    async def _find_dependents(self, resource: Resource) -> tuple[list[Resource], list[Resource]]:
        """Those that name it, with force all that would go too; and those elsewhere, who cannot hold a namespace.

        None hold one that its cluster makes again: their server stays where it is.
        """
        if cluster := await _find_cluster(self._client, resource, fresh=True):
            self._client.event(cluster, "Warning", "InstanceRemade", f"{resource} was deleted and is made again")
            return [], []
        find = find_inhabitants if is_forced(resource) else find_residents
        found = await find(self._client, resource.key)
        others = [each for each in found if each.metadata.namespace != resource.metadata.namespace]
        going = await find_going_namespace(self._client, resource.metadata.namespace) if others else None
        if going is None:
            return found, []
        self._client.event(going, "Warning", ABANDONED, f"{resource} goes, and {name_few(others)} lose their server")
        return [each for each in found if each not in others], others


async def _find_cluster(client: Client, resource: Resource, *, fresh: bool = False) -> Resource | None:
    """The cluster that it leads to, unless that goes as well."""
    owner = resource.metadata.owner
    if owner is None or owner.kind != DATABASE_CLUSTER.kind:
        return None
    cluster = await client.get(DATABASE_CLUSTER, Key(resource.metadata.namespace, owner.name), fresh=fresh)
    is_there = cluster is not None and is_controlled_by(resource, cluster) and not cluster.metadata.is_deleting
    return cluster if is_there else None


async def _find_stopped(client: Client, resource: Resource) -> Resource | None:
    """The cluster that it leads to, where that is to be stopped: then its silence is no failure."""
    cluster = await _find_cluster(client, resource)
    return cluster if cluster is not None and cluster.spec.get("stopped") else None


def _take_leave(resource: Resource, abandoned: list[Resource]) -> Outcome:
    """Written before those that stay are woken, so that they find it away, and soon gone."""
    message = f"it goes with its namespace; {name_few(abandoned)} lose their server"
    conditions = [Condition(name, "False", ABANDONED, message) for name in (READY, CONNECTED)]
    kept = own_status(resource)
    return Outcome(conditions, kept, phase="Deleting", requeue_after=LEAVE_SECONDS)


_VERIFIED_FIELDS: tuple[str, ...] = ("lastVerified", "verifiedObjects")


def provided_by(resource: Resource) -> Iterable[str]:
    """Its identity, by which two instances that are one server find each other, and where its login is."""
    identity = resource.status.get("identity")
    if identity:
        yield is_server(identity)
    yield from map(logs_in_by, _secrets(resource))


def referred_by(resource: Resource) -> Iterable[str]:
    """The Secret with our login; while it is being deleted also what holds that."""
    yield from (token_of(SECRET, key) for key in _secrets(resource))
    if resource.metadata.is_deleting:
        yield lives_on(resource.key)
        yield token_of(NAMESPACE, Key("", resource.metadata.namespace))


def _secrets(resource: Resource) -> Iterable[Key]:
    try:
        spec = DatabaseInstance.model_validate(resource.body()).spec
    except ValidationError:  # nothing can be said of one that its schema would not let in today
        return ()
    return secrets_of(resource.key, spec)


def _patience(server: Server) -> float | None:
    check = server.spec.health_check
    return float(check.timeout_seconds) if check.enabled else None


def _address(server: Server) -> str:
    return f"{server.spec.connection.host}:{server.spec.connection.port}"
