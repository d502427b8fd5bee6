"""The generic algorithm: what becomes of one managed object, step by step."""

from __future__ import annotations

from functools import partial

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.resource import Resource
from dbaas.contracts.engine import Address, LoginRefused
from dbaas.contracts.reconcile import Controller, Outcome
from dbaas.controllers.finalizers import hold
from dbaas.controllers.managed.access import Access, AccessStep
from dbaas.controllers.managed.claims import Claiming
from dbaas.controllers.managed.credentials import Credentials, CredentialsStep
from dbaas.controllers.managed.execution import Assignment, Execution, NotApplied, Settled
from dbaas.controllers.managed.farewell import FarewellStep
from dbaas.controllers.managed.items import build_items, build_wishes, digest_wanted
from dbaas.controllers.managed.kinds import ManagedKind, read_subject
from dbaas.controllers.managed.policy import read_policy
from dbaas.controllers.managed.reporting import Finding, Reporting
from dbaas.controllers.managed.resolution import Resolution, Resolved
from dbaas.controllers.managed.tokens import matters, provided_by, referred_by
from dbaas.controllers.refusing import refuse_invalid
from dbaas.controllers.surroundings import Surroundings

WORKERS = 64  # mostly waiting for their servers, and the more wait together, the fewer the questions


class ManagedController:
    """Reconciles the objects of one managed kind."""

    def __init__(self, kind: ManagedKind, surroundings: Surroundings) -> None:
        client, clock, counts = surroundings.client, surroundings.clock, surroundings.counts
        self._kind = kind
        self._client = client
        self._admission = surroundings.admission
        self._counts = counts
        self._resolution = Resolution(client, surroundings.registry)
        self._access = AccessStep(surroundings.servers, surroundings.enqueue)
        self._claiming = Claiming(client, self._resolution)
        self._credentials = CredentialsStep(client, surroundings.randomness)
        self._execution = Execution(client)
        self._reporting = Reporting(client, clock, counts)
        self._farewell = FarewellStep(client, clock, self._resolution, self._access, counts)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting, Refused, and NotApplied where the server refuses."""
        if resource.metadata.is_deleting:
            return await self._farewell.finish(read_subject(self._kind, resource))
        await refuse_invalid(self._admission, resource)
        subject = read_subject(self._kind, resource)
        resolved = await self._resolution.resolve(subject)
        access = await self._access.reach(resolved.server)
        await self._claiming.check_exclusive(resolved, access.facts.identity)
        credentials = await self._credentials.settle(resolved) if self._kind.has_login else None
        with self._access.watched(resolved.server):
            return await self._apply(resolved, access, credentials)

    async def _apply(self, resolved: Resolved, access: Access, credentials: Credentials | None) -> Outcome:
        subject = resolved.subject
        login = credentials.login if credentials else None
        wishes = build_wishes(subject, access.server.engine, build_items(resolved, login))
        policy = read_policy(resolved, digest_wanted(resolved, login))
        claims = await self._claiming.find_claims(resolved, [wish.thing for wish in wishes])
        settled = await self._execute(access, Assignment(subject, wishes, claims, policy))
        if credentials is not None:
            await self._prove(resolved, access, credentials)
        if not settled.executed:  # else it was there before the first statement
            await hold(self._client, subject.resource)
        return self._reporting.report(Finding(resolved, credentials, wishes, policy, settled))

    async def _execute(self, access: Access, assignment: Assignment) -> Settled:
        subject = assignment.subject
        kind, engine = subject.kind, access.server.engine.name
        operation = "apply" if assignment.policy.is_own else "correct"
        try:
            settled = await self._execution.settle(access, assignment)
        except NotApplied as error:
            self._counts.count_operation(kind.kind.kind, operation, engine, succeeded=False)
            reason = kind.events.create_failed if assignment.policy.is_own else "DriftCorrectionFailed"
            self._client.event(subject.resource, "Warning", reason, error.message)
            raise
        if settled.executed:
            self._counts.count_operation(kind.kind.kind, operation, engine, succeeded=True)
        return settled

    async def _prove(self, resolved: Resolved, access: Access, credentials: Credentials) -> None:
        """Where our login may not see what the server stores, the truth is a login with the password."""
        login = credentials.login
        if login.proof or "superuser" in access.facts.capabilities:
            return
        connection, engine = resolved.server.spec.connection, resolved.server.engine
        address = Address(
            connection.host, connection.port, resolved.subject.spec.username, login.password, engine.default_database,
            resolved.server.spec.block(engine.name),
        )  # fmt: skip
        try:
            await access.lane.prove(address)
        except LoginRefused as error:
            message = f"{resolved.subject.name} cannot log in with its password: {error.message}"
            raise NotApplied(message, reason=error.reason) from error


def build_controller(kind: ManagedKind, surroundings: Surroundings) -> Controller:
    """The controller of one managed kind."""
    return Controller(
        kind.kind,
        ManagedController(kind, surroundings).reconcile,
        references=partial(referred_by, kind),
        provides=partial(provided_by, kind),
        matters=partial(matters, kind),
        refers_to=(NAMESPACE, SECRET) if kind.has_login else (NAMESPACE,),
        workers=WORKERS,
    )
