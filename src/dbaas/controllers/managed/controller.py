"""The generic algorithm: what becomes of one managed object, step by step."""

from __future__ import annotations

from functools import partial

from dbaas.api.core import NAMESPACE, SECRET
from dbaas.api.resource import Resource
from dbaas.contracts.reconcile import Controller, Outcome
from dbaas.controllers.dues import period_of
from dbaas.controllers.finalizers import hold
from dbaas.controllers.managed.access import Access, AccessStep
from dbaas.controllers.managed.claims import Claiming
from dbaas.controllers.managed.companions import CompanionsStep, with_companions
from dbaas.controllers.managed.connection import ConnectionStep, with_connection
from dbaas.controllers.managed.contenders import Contenders
from dbaas.controllers.managed.credentials import Credentials, CredentialsStep
from dbaas.controllers.managed.effects import EffectsStep, with_effect
from dbaas.controllers.managed.execution import Assignment, Execution, NotApplied, Settled
from dbaas.controllers.managed.farewell import FarewellStep
from dbaas.controllers.managed.items import build_items, build_wishes, digest_wanted
from dbaas.controllers.managed.kinds import ManagedKind, Subject, read_subject
from dbaas.controllers.managed.observing import find_primary
from dbaas.controllers.managed.policy import read_policy
from dbaas.controllers.managed.proving import Proving, with_password
from dbaas.controllers.managed.reporting import Finding, Reporting
from dbaas.controllers.managed.resolution import Resolution, Resolved
from dbaas.controllers.managed.tenancy import TenancyStep, with_taken
from dbaas.controllers.managed.tokens import find_database, matters, provided_by, referred_by
from dbaas.controllers.metrics import Operation
from dbaas.controllers.refusing import refuse_invalid
from dbaas.controllers.surroundings import Surroundings

WORKERS = 256  # mostly waiting for their servers, and the more wait together, the fewer the questions


class ManagedController:
    """Reconciles the objects of one managed kind."""

    def __init__(self, kind: ManagedKind, surroundings: Surroundings) -> None:
        client, clock, counts = surroundings.client, surroundings.clock, surroundings.counts
        self._kind = kind
        self._client = client
        self._admission = surroundings.admission
        self._counts = counts
        self._clock = clock
        self._dues = surroundings.dues
        self._enqueue = surroundings.enqueue
        self._resolution = Resolution(client, surroundings.registry)
        self._access = AccessStep(surroundings.servers, surroundings.enqueue)
        self._claiming = Claiming(client, self._resolution)
        self._tenancy = TenancyStep(client, self._claiming)
        self._contenders = Contenders(client, self._resolution, self._claiming)
        self._credentials = CredentialsStep(client, surroundings.randomness)
        self._proving = Proving(clock)
        self._execution = Execution(client, clock)
        self._companions = CompanionsStep(client)
        self._connection = ConnectionStep(client)
        self._effects = EffectsStep(client, clock, surroundings.randomness)
        self._reporting = Reporting(client, clock, counts)
        self._farewell = FarewellStep(surroundings, self._resolution, self._access)

    async def reconcile(self, resource: Resource) -> Outcome:
        """Raises Waiting, Refused, and NotApplied where the server refuses."""
        if resource.metadata.is_deleting:
            return await self._farewell.finish(read_subject(self._kind, resource))
        await refuse_invalid(self._admission, resource)
        subject = read_subject(self._kind, resource)
        resolved = await self._resolution.resolve(subject)
        access = await self._access.reach(resolved.server)
        await self._claiming.check_exclusive(resolved, access.facts.identity)
        with self._access.watched(resolved.server):
            taken = await self._tenancy.admit(resolved, access)
        credentials = await self._credentials.settle(resolved, access.lane.address) if self._kind.has_login else None
        with self._access.watched(resolved.server):
            return with_taken(await self._apply(resolved, access, credentials), taken)

    async def _apply(self, resolved: Resolved, access: Access, credentials: Credentials | None) -> Outcome:
        subject = resolved.subject
        credentials = await self._proving.recheck(resolved, access, credentials) if credentials else None
        login = credentials.login if credentials else None
        names = await self._companions.settle(subject, access.server.engine)
        wishes = build_wishes(subject, access.server.engine, build_items(resolved, login))
        digest = digest_wanted(resolved, login)
        policy = read_policy(resolved, digest)
        find_claims = partial(self._contenders.find_claims, resolved, wishes, access.facts.identity)
        settled = await self._execute(access, Assignment(subject, wishes, await find_claims(), policy, find_claims))
        seen = find_primary(wishes, settled.observation)
        proven = await self._proving.settle(resolved, access, credentials, settled, seen) if credentials else None
        if not settled.executed:  # else it was there before the first statement
            await hold(self._client, subject.resource)
        effected = await self._effects.settle(resolved, access, is_new=settled.is_new)
        outcome = self._reporting.report(Finding(resolved, credentials, wishes, policy, settled, digest))
        outcome = with_password(outcome, proven)
        self._expect_pass(resolved)
        owner = (outcome.status.get("database") or {}).get("owner")
        connection = await self._connection.settle(resolved, access, owner)
        return with_connection(with_companions(with_effect(outcome, effected), names), connection)

    def _expect_pass(self, resolved: Resolved) -> None:
        """It may want to be looked at sooner than its server is due."""
        interval, server = resolved.subject.drift_interval, resolved.server
        if interval is not None and self._dues.bring_forward(server.key, period_of(interval)):
            self._enqueue(server.resource.kind, server.key)

    async def _execute(self, access: Access, assignment: Assignment) -> Settled:
        subject = assignment.subject
        kind, engine, began = subject.kind, access.server.engine.name, self._clock.monotonic()
        done = Operation(kind.noun, "apply" if assignment.policy.is_own else "correct", engine)
        try:
            settled = await self._execution.settle(access, assignment)
        except NotApplied as error:
            self._count(done, subject, began, succeeded=False)
            reason = kind.events.create_failed if assignment.policy.is_own else "DriftCorrectionFailed"
            self._client.event(subject.resource, "Warning", reason, error.message)
            raise
        if settled.executed:
            self._count(done, subject, began, succeeded=True)
        return settled

    def _count(self, done: Operation, subject: Subject, began: float, *, succeeded: bool) -> None:
        self._counts.count_operation(done, self._clock.monotonic() - began, succeeded=succeeded)
        if done.operation == "correct":
            self._counts.count_correction(subject.kind.kind.resource, done.engine, succeeded=succeeded)


def build_controller(kind: ManagedKind, surroundings: Surroundings) -> Controller:
    """The controller of one managed kind."""
    return Controller(
        kind.kind,
        ManagedController(kind, surroundings).reconcile,
        references=partial(referred_by, kind),
        provides=partial(provided_by, kind),
        matters=partial(matters, kind),
        near=find_database,
        owns=kind.owns,
        refers_to=(NAMESPACE, *((SECRET,) if kind.has_login else ()), *kind.reads),
        workers=WORKERS,
    )
