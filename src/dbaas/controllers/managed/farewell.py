"""The end of an object: what is kept, what is dropped, and what holds it.

Retain lets go at once. A deletion that destroys is refused while protected, waits for those that depend, and is
given up as Retain where the server does not answer for ten minutes: an object can always go in the end.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from dbaas.contracts.engine import Denied, EngineError, InUse, LoginRefused, PlanRules, Unreachable
from dbaas.contracts.lane import Taking
from dbaas.contracts.parting import Parting
from dbaas.contracts.reconcile import Outcome, Refused, Waiting
from dbaas.contracts.statement import Change
from dbaas.controllers.cascading import Cascade
from dbaas.controllers.finalizers import is_held, let_go
from dbaas.controllers.holding import (
    DEPENDENCIES_EXIST,
    PROTECTED,
    find_dependents,
    find_going_namespace,
    is_forced,
    namespace_is_going,
    tell_blocked,
)
from dbaas.controllers.managed.access import Access, AccessStep
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.claims import Claiming
from dbaas.controllers.managed.companions import CompanionsStep
from dbaas.controllers.managed.contenders import Contenders
from dbaas.controllers.managed.execution import NotApplied
from dbaas.controllers.managed.items import Wish, build_farewell, build_items
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.leaving import PATIENCE, Leaving
from dbaas.controllers.managed.observing import observe_wishes
from dbaas.controllers.managed.parting import OWNS_OBJECTS, block, part, tell_belongings
from dbaas.controllers.managed.quarantine import QUARANTINED, QuarantineStep
from dbaas.controllers.managed.resolution import Resolution, Resolved, own_references
from dbaas.controllers.managed.taking import Overtaken, guard_taking
from dbaas.controllers.managed.tenancy import keep_taken
from dbaas.controllers.managed.untagging import UntaggingStep
from dbaas.controllers.metrics import Operation
from dbaas.controllers.servers import Server
from dbaas.controllers.surroundings import Surroundings
from dbaas.controllers.tokens import depends_on
from dbaas.manifests.metadata import is_controlled_by

LONGEST_PAUSE_SECONDS = 30.0
MORE_ROUNDS = 2


class FarewellStep:
    """Ends with the finalizer gone; raises Waiting or Refused where it must stay."""

    def __init__(self, surroundings: Surroundings, resolution: Resolution, access: AccessStep) -> None:
        client, clock = surroundings.client, surroundings.clock
        self._client = client
        self._clock = clock
        self._resolution = resolution
        self._claiming = Claiming(client, resolution)
        self._contenders = Contenders(client, resolution, self._claiming)
        self._cascade = Cascade(client, surroundings.registry)
        self._companions = CompanionsStep(client)
        self._quarantine = QuarantineStep(client, clock)
        self._untagging = UntaggingStep(client, access)
        self._leaving = Leaving(client, clock)
        self._access = access
        self._counts = surroundings.counts

    async def finish(self, subject: Subject) -> Outcome:
        """Raises Waiting, Refused, NotApplied."""
        if is_held(subject.resource):
            policy = await self._choose_policy(subject)
            await self._check_dependents(subject, with_companions=False)
            await self._companions.release(subject, keeps=policy != "Delete")
            await self._check_dependents(subject, with_companions=True)
            if policy == "Delete":
                await self._drop_or_give_up(subject)
            else:
                await self._untag(subject)
            await let_go(self._client, subject.resource)
        return Outcome(gone=True)

    async def _choose_policy(self, subject: Subject) -> str:
        policy, resource = subject.kind.policy(subject.spec), subject.resource
        destroys = policy != "Retain"
        is_protected = destroys and subject.kind.is_protected(subject.spec)
        if not is_protected and policy != "Snapshot":
            return policy
        if await namespace_is_going(self._client, resource.metadata.namespace):
            await self._tell_retained(subject, "its namespace is being deleted")
            return "Retain"
        if is_forced(resource):
            return await self._force(subject, policy)
        if is_protected:
            or_keep = ", or deletionPolicy to Retain" if "deletion_policy" in type(subject.spec).model_fields else ""
            message = f"{subject.name} is protected: set spec.deletionProtection to false{or_keep}"
            tell_blocked(self._client, resource, PROTECTED, message)
            raise Refused(PROTECTED, message)
        raise Refused("SnapshotNotSupported", "no last backup can be made yet: set deletionPolicy to Retain or Delete")

    async def _force(self, subject: Subject, policy: str) -> str:
        """Force overrides protection, and what cannot be backed up stays."""
        if policy == "Snapshot":
            await self._tell_retained(subject, "no last backup can be made yet")
            return "Retain"
        return policy

    async def _check_dependents(self, subject: Subject, *, with_companions: bool) -> None:
        """What came along with it goes last, once nothing else holds it."""
        resource = subject.resource
        token = depends_on(resource.kind, resource.key)
        dependents = await find_dependents(self._client, subject.kind.held_by, token)
        if not with_companions:
            dependents = [dependent for dependent in dependents if not is_controlled_by(dependent, resource)]
        others = [d for d in dependents if d.metadata.namespace != resource.metadata.namespace]
        if others and await namespace_is_going(self._client, resource.metadata.namespace):
            dependents = [dependent for dependent in dependents if dependent not in others]
        await self._cascade.check(resource, dependents)

    async def _drop_or_give_up(self, subject: Subject) -> None:
        """With force nothing but the order in which things go, and a quarantine, keeps it."""
        try:
            await self._drop_or_wait(subject)
        except (Waiting, Refused, NotApplied) as error:
            if not is_forced(subject.resource) or error.reason in (DEPENDENCIES_EXIST, QUARANTINED):
                raise
            await self._tell_retained(subject, f"its deletion is forced: {error.message}")

    async def _drop_or_wait(self, subject: Subject) -> None:
        try:
            server = await self._find_server(subject)
            access = await self._access.reach(server)
            with self._access.watched(server):
                await self._drop(subject, access)
        except Waiting as waiting:
            if waiting.reason in (DEPENDENCIES_EXIST, OWNS_OBJECTS, QUARANTINED):
                raise
            if await self._leaving.goes_with_server(subject):
                await self._tell_retained(subject, "its server is deleted together with its namespace")
                return
            remaining = await self._leaving.remaining(subject, waiting)
            if remaining <= timedelta(0):
                await self._tell_retained(subject, f"its server has been away for {PATIENCE.seconds // 60} minutes")
                return
            seconds = remaining.total_seconds()
            pause = seconds if seconds < LONGEST_PAUSE_SECONDS else None  # else ever more seldom, as for all who wait
            raise Waiting(waiting.reason, waiting.message, requeue_after=pause, phase="Deleting") from waiting

    async def _untag(self, subject: Subject) -> None:
        try:
            server = await self._find_server(subject)
        except (Waiting, Refused):  # there is nobody to ask any more
            return
        await self._untagging.settle(subject, server)

    async def _find_server(self, subject: Subject) -> Server:
        links, namespace = subject.links, subject.resource.metadata.namespace
        host = await self._client.get(*links.host) if links.host else None
        if links.host and host is None:
            kind, key = links.host
            raise Waiting(f"{kind.kind.removeprefix('Database')}NotFound", f"{kind} {key} does not exist")
        return await self._resolution.find_server(links, namespace, host)

    async def _drop(self, subject: Subject, access: Access) -> None:
        """Anew where others have come to want what was about to go. Raises Overtaken where that does not end."""
        for _ in range(MORE_ROUNDS):
            try:
                await self._drop_once(subject, access)
            except Overtaken:
                continue
            return
        await self._drop_once(subject, access)

    async def _drop_once(self, subject: Subject, access: Access) -> None:
        resolved = Resolved(subject, access.server, own_references(subject))
        if await self._claiming.find_older(resolved, access.facts.identity) is not None:
            return  # it was never ours
        wishes = _build_wishes(resolved)
        find_claims = partial(self._contenders.find_claims, resolved, wishes, access.facts.identity)
        claims = await find_claims()
        rules = PlanRules(access.facts, allow_destructive=True, cascade=subject.kind.cascades(subject.spec))
        wishes = await self._quarantine.settle(subject, access, wishes, rules)

        async def look() -> list[Change]:
            observation = await observe_wishes(access.lane, wishes)
            changes = assess(access.server.engine, wishes, observation, claims, rules)
            return [change for change in changes if change.statements]

        try:
            changes = await look()
        except Denied as error:
            await self._tell_retained(subject, error.message)
            return
        if changes:
            parting = await part(subject, access, rules)
            if parting.belongings:
                await self._leave_to_belongings(subject, access, parting)
                return
            taking = guard_taking(wishes, changes, claims, find_claims)
            if not await self._execute(subject, access, [*parting.changes, *changes], taking):
                return
            if left := await look():
                raise NotApplied(f"{subject.name} is not gone: {', '.join(change.field for change in left)}")
        self._client.event(
            subject.resource, "Normal", subject.kind.events.deleted, f"{subject.name} on {access.server.key}"
        )

    async def _leave_to_belongings(self, subject: Subject, access: Access, parting: Parting) -> None:
        """Returns where its server or namespace goes anyway. Raises Waiting while what it owns keeps it."""
        resource = subject.resource
        if await self._leaving.others_are_leaving(subject, access.server):
            message = f"{tell_belongings(subject, parting)}; it goes when those that are being deleted there are gone"
            raise Waiting(DEPENDENCIES_EXIST, message, phase="Deleting")
        is_going = await namespace_is_going(self._client, resource.metadata.namespace)
        if is_going or await self._leaving.is_last_on_going(subject, access.server):
            await self._tell_retained(subject, f"it cannot be dropped: {tell_belongings(subject, parting)}")
            return
        blocked = block(subject, parting, self._clock)
        tell_blocked(self._client, resource, OWNS_OBJECTS, blocked.message)
        raise blocked

    async def _execute(self, subject: Subject, access: Access, changes: list[Change], taking: Taking | None) -> bool:
        """False where it was given up, because the server itself goes."""
        done, began = Operation(subject.kind.noun, "delete", access.server.engine.name), self._clock.monotonic()
        try:
            await access.lane.execute([statement for change in changes for statement in change.statements], taking)
        except (Unreachable, LoginRefused):
            raise
        except EngineError as error:
            if await self._leaving.is_last_on_going(subject, access.server):
                self._count(done, began, succeeded=False)
                await self._tell_retained(subject, f"it cannot be dropped, but its server goes anyway: {error.message}")
                return False
            message = f"cannot delete {subject.name} on {str(access.server.key)!r}: {error.message}"
            if isinstance(error, InUse) and await self._leaving.others_are_leaving(subject, access.server):
                message += "; it goes when those that are being deleted there are gone"
                raise Waiting(DEPENDENCIES_EXIST, message, phase="Deleting") from error
            self._count(done, began, succeeded=False)
            if isinstance(error, InUse):
                revoke = " (spec.drop.revokePrivileges does, of privileges)" if hasattr(subject.spec, "drop") else ""
                message += f"; free it of what holds it there{revoke}"
                message += ", or set spec.deletionPolicy to Retain and it stays"
            self._client.event(subject.resource, "Warning", subject.kind.events.delete_failed, message)
            raise NotApplied(message, reason=error.reason) from error
        self._count(done, began, succeeded=True)
        return True

    def _count(self, done: Operation, began: float, *, succeeded: bool) -> None:
        self._counts.count_operation(done, self._clock.monotonic() - began, succeeded=succeeded)

    async def _tell_retained(self, subject: Subject, why: str) -> None:
        """In a namespace that goes no event can be written any more, so it is told about the namespace itself."""
        going = await find_going_namespace(self._client, subject.resource.metadata.namespace)
        which = f" of {subject.resource}" if going is not None else ""
        note = f"{subject.name}{which} stays on its server: {why}"
        self._client.event(going or subject.resource, "Warning", "Retained", note)


def _build_wishes(resolved: Resolved) -> tuple[Wish, ...]:
    """Of what is shared or inside a database only what was applied: the manifest may have changed since."""
    subject = resolved.subject
    is_exclusive = subject.kind.real_name(subject.spec) is not None and subject.links.instance is not None
    items = build_items(resolved, None) if is_exclusive else ()
    return keep_taken(subject, resolved.server, build_farewell(subject, resolved.server.engine, items))
