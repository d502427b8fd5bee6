"""DatabaseInstance: is the server there, does it let us in, what is it, and is all on it as it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from dbaas.api.core import SECRET
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.contracts.engine import EngineError, ServerFacts
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Condition, Controller, Outcome, Waiting, token_of
from dbaas.controllers.conditions import CONNECTED, has_seen_spec, is_connected, read_condition
from dbaas.controllers.drift_pass import DriftPass, PassResult
from dbaas.controllers.finalizers import hold, is_held, let_go
from dbaas.controllers.holding import find_inhabitants, find_residents, hold_for_dependents
from dbaas.controllers.refusing import refuse_invalid
from dbaas.controllers.servers import Server, read_server
from dbaas.controllers.surroundings import Surroundings
from dbaas.controllers.tokens import is_server, lives_on
from dbaas.core.clock import format_time, parse_time

RETRY_SECONDS = 3.0
PASS_SECONDS = 60.0
VERIFIED_EVERY = timedelta(minutes=10)


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
        self._due: dict[Key, float] = {}

    def build(self) -> Controller:
        return Controller(
            DATABASE_INSTANCE, self.reconcile, references=referred_by, provides=provided_by, refers_to=(SECRET,)
        )

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Refused where the engine is unknown, Waiting while others hold its deletion."""
        if resource.metadata.is_deleting:
            return await self._finish(resource)
        await refuse_invalid(self._surroundings.admission, resource)
        server = read_server(resource, self._surroundings.registry)
        await hold(self._client, resource)
        return await self._look(server)

    async def _look(self, server: Server) -> Outcome:
        try:
            lane = await self._surroundings.servers.open(server)
            answer = Answer(server, lane, await lane.facts(fresh=True))
            result = await self._verify(answer)
        except Waiting as waiting:  # without a login there is no way in for others either, least of all an old one
            await self._surroundings.servers.close(server.key)
            return await self._report_absence(server, waiting)
        except EngineError as error:
            return await self._report_absence(server, error)
        return await self._report(answer, result)

    async def _verify(self, answer: Answer) -> PassResult | None:
        """None where no pass is due yet, or none came to its end. Raises Unreachable and LoginRefused.

        A server that has just been found is told of first, since everything on it waits for that. One that is so busy
        with changes that a pass finds no place is there all the same.
        """
        key, now = answer.server.key, self._clock.monotonic()
        if not is_connected(answer.server.resource):
            self._due[key] = now
            return None
        return await self._pass_over(answer) if now >= self._due.get(key, 0.0) else None

    async def _pass_over(self, answer: Answer) -> PassResult | None:
        key, now = answer.server.key, self._clock.monotonic()
        try:
            async with asyncio.timeout(PASS_SECONDS):
                result = await self._pass.run(answer.server, answer.lane, answer.facts)
        except TimeoutError:
            self._due[key] = self._clock.monotonic() + PASS_SECONDS
            return None
        self._surroundings.counts.time_pass(self._clock.monotonic() - now)
        self._due[key] = self._clock.monotonic() + result.period_seconds
        return result

    async def _report(self, answer: Answer, result: PassResult | None) -> Outcome:
        resource, facts, address = answer.server.resource, answer.facts, _address(answer.server)
        await self._wake_inhabitants(resource, is_there=True)
        if not is_connected(resource):
            self._client.event(resource, "Normal", "Connected", f"{address} answers, version {facts.version}")
        conditions = [
            Condition(CONNECTED, "True", "ConnectionSuccess", f"{address} answers"),
            Condition("Ready", "True", "Connected", "the server answers and lets us in"),
        ]
        status: dict[str, Any] = {
            "version": facts.version,
            "identity": facts.identity,
            "capabilities": sorted({*answer.server.engine.parts, *facts.capabilities}),
            **self._verified(resource, result),
        }
        due = max(0.1, self._due[resource.key] - self._clock.monotonic())
        return Outcome(conditions, status, phase="Ready", requeue_after=due)

    def _verified(self, resource: Resource, result: PassResult | None) -> dict[str, Any]:
        """Written rarely: exact times are metrics."""
        last = resource.status.get("lastVerified")
        if result is None or not result.ends_round or (last and self._clock.now() - parse_time(last) < VERIFIED_EVERY):
            return {name: value for name, value in resource.status.items() if name in _VERIFIED_FIELDS}
        return {"lastVerified": format_time(self._clock.now()), "verifiedObjects": result.compared}

    async def _report_absence(self, server: Server, error: Waiting | EngineError) -> Outcome:
        resource = server.resource
        await self._wake_inhabitants(resource, is_there=False)
        message = f"{_address(server)}: {error.message}"
        if read_condition(resource, CONNECTED).get("reason") != error.reason:
            self._client.event(resource, "Warning", "ConnectionFailed", message)
        conditions = [
            Condition(CONNECTED, "False", error.reason, message),
            Condition("Ready", "False", error.reason, message),
        ]
        kept = {name: value for name, value in resource.status.items() if name not in _RUNTIME_FIELDS}
        return Outcome(conditions, kept, phase="Failed", requeue_after=RETRY_SECONDS)

    async def _wake_inhabitants(self, resource: Resource, *, is_there: bool) -> None:
        """Only where something changes for them: the server's absence, its return, or its spec."""
        if is_connected(resource) == is_there and has_seen_spec(resource):
            return
        for inhabitant in await find_inhabitants(self._client, resource.key):
            self._surroundings.enqueue(inhabitant.kind, inhabitant.key)

    async def _finish(self, resource: Resource) -> Outcome:
        """While others live on it, it is looked at as ever: they need it to go."""
        if not is_held(resource):
            return Outcome(gone=True)
        residents = await find_residents(self._client, resource.key)
        if residents:
            outcome = await self._look(read_server(resource, self._surroundings.registry))
            held = hold_for_dependents(self._client, resource, residents)
            others = [condition for condition in outcome.conditions if condition.type != "Ready"]
            return replace(outcome, conditions=[*others, held], phase="Deleting", message=held.message)
        await self._surroundings.servers.close(resource.key)
        self._due.pop(resource.key, None)
        self._pass.forget(resource.key)
        await let_go(self._client, resource)
        return Outcome(gone=True)


_VERIFIED_FIELDS: tuple[str, ...] = ("lastVerified", "verifiedObjects")
_RUNTIME_FIELDS = frozenset({"conditions", "phase", "message", "observedGeneration"})


def provided_by(resource: Resource) -> Iterable[str]:
    """Its identity, by which two instances that are one server find each other."""
    identity = resource.status.get("identity")
    if identity:
        yield is_server(identity)


def referred_by(resource: Resource) -> Iterable[str]:
    """The Secret with our login; while it is being deleted also what holds that."""
    reference = resource.spec.get("connection", {}).get("secretRef", {}).get("name")
    if reference:
        yield token_of(SECRET, Key(resource.metadata.namespace, reference))
    if resource.metadata.is_deleting:
        yield lives_on(resource.key)


def _address(server: Server) -> str:
    return f"{server.spec.connection.host}:{server.spec.connection.port}"
