"""The end of an object: what is kept, what is dropped, and what holds it.

Retain lets go at once. A deletion that destroys is refused while protected, waits for those that depend, and is
given up as Retain where the server does not answer for ten minutes: an object can always go in the end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from dbaas.api.cluster import DATABASE_CLUSTER
from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Denied, EngineError, InUse, LoginRefused, PlanRules, Unreachable
from dbaas.contracts.reconcile import Outcome, Refused, Waiting
from dbaas.contracts.statement import Change
from dbaas.controllers.conditions import CONNECTED, is_connected, read_condition
from dbaas.controllers.finalizers import is_held, let_go
from dbaas.controllers.holding import (
    DEPENDENCIES_EXIST,
    PROTECTED,
    check_dependents,
    find_dependents,
    find_residents,
    namespace_is_going,
    tell_blocked,
)
from dbaas.controllers.managed.access import NOT_READY, Access, AccessStep
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.claims import Claiming
from dbaas.controllers.managed.execution import NotApplied
from dbaas.controllers.managed.items import Wish, build_farewell, build_items
from dbaas.controllers.managed.kinds import Subject, read_subject
from dbaas.controllers.managed.observing import observe_wishes
from dbaas.controllers.managed.records.users import USERS
from dbaas.controllers.managed.resolution import Resolution, Resolved, own_references
from dbaas.controllers.metrics import ControllerCounts
from dbaas.controllers.servers import Server
from dbaas.controllers.tokens import depends_on
from dbaas.core.clock import Clock, parse_time

PATIENCE = timedelta(minutes=10)
LONGEST_PAUSE_SECONDS = 30.0


class FarewellStep:
    """Ends with the finalizer gone; raises Waiting or Refused where it must stay."""

    def __init__(
        self, client: Client, clock: Clock, resolution: Resolution, access: AccessStep, counts: ControllerCounts
    ) -> None:
        self._client = client
        self._clock = clock
        self._resolution = resolution
        self._claiming = Claiming(client, resolution)
        self._access = access
        self._counts = counts

    async def finish(self, subject: Subject) -> Outcome:
        """Raises Waiting, Refused, NotApplied."""
        if is_held(subject.resource):
            policy = await self._choose_policy(subject)
            await self._check_dependents(subject)
            if policy == "Delete":
                await self._drop_or_give_up(subject)
            await let_go(self._client, subject.resource)
        return Outcome(gone=True)

    async def _choose_policy(self, subject: Subject) -> str:
        policy, resource = subject.kind.policy(subject.spec), subject.resource
        destroys = policy != "Retain"
        is_protected = destroys and subject.kind.is_protected(subject.spec)
        if not is_protected and policy != "Snapshot":
            return policy
        if await namespace_is_going(self._client, resource.metadata.namespace):
            self._tell_retained(subject, "its namespace is being deleted")
            return "Retain"
        if is_protected:
            message = f"{subject.name} is protected: set spec.deletionProtection to false, or deletionPolicy to Retain"
            tell_blocked(self._client, resource, PROTECTED, message)
            raise Refused(PROTECTED, message)
        raise Refused("SnapshotNotSupported", "no last backup can be made yet: set deletionPolicy to Retain or Delete")

    async def _check_dependents(self, subject: Subject) -> None:
        resource = subject.resource
        token = depends_on(resource.kind, resource.key)
        dependents = await find_dependents(self._client, subject.kind.held_by, token)
        others = [d for d in dependents if d.metadata.namespace != resource.metadata.namespace]
        if others and await namespace_is_going(self._client, resource.metadata.namespace):
            dependents = [dependent for dependent in dependents if dependent not in others]
        check_dependents(self._client, resource, dependents)

    async def _drop_or_give_up(self, subject: Subject) -> None:
        try:
            server = await self._find_server(subject)
            access = await self._access.reach(server)
            with self._access.watched(server):
                await self._drop(subject, access)
        except Waiting as waiting:
            if waiting.reason == DEPENDENCIES_EXIST:
                raise
            if await self._goes_with_server(subject):
                self._tell_retained(subject, "its server is deleted together with its namespace")
                return
            remaining = await self._remaining(subject, waiting)
            if remaining <= timedelta(0):
                self._tell_retained(subject, f"its server has been away for {PATIENCE.seconds // 60} minutes")
                return
            seconds = remaining.total_seconds()
            pause = seconds if seconds < LONGEST_PAUSE_SECONDS else None  # else ever more seldom, as for all who wait
            raise Waiting(waiting.reason, waiting.message, requeue_after=pause, phase="Deleting") from waiting

    async def _find_server(self, subject: Subject) -> Server:
        links, namespace = subject.links, subject.resource.metadata.namespace
        user = await self._client.get(DATABASE_USER, links.user) if links.user else None
        if links.user and user is None:
            raise Waiting("UserNotFound", f"DatabaseUser {links.user} does not exist")
        return await self._resolution.find_server(links, namespace, user)

    async def _drop(self, subject: Subject, access: Access) -> None:
        resolved = Resolved(subject, access.server, own_references(subject))
        if await self._claiming.find_older(resolved, access.facts.identity) is not None:
            return  # it was never ours
        wishes = self._build_wishes(resolved)
        claims = await self._claiming.find_claims(resolved, [wish.thing for wish in wishes])
        rules = PlanRules(access.facts, allow_destructive=True)

        async def look() -> list[Change]:
            observation = await observe_wishes(access.lane, wishes)
            changes = assess(access.server.engine, wishes, observation, claims, rules)
            return [change for change in changes if change.statements]

        try:
            changes = await look()
        except Denied as error:
            self._tell_retained(subject, error.message)
            return
        if changes:
            if not await self._execute(subject, access, changes):
                return
            if left := await look():
                raise NotApplied(f"{subject.name} is not gone: {', '.join(change.field for change in left)}")
        self._client.event(
            subject.resource, "Normal", subject.kind.events.deleted, f"{subject.name} on {access.server.key}"
        )

    def _build_wishes(self, resolved: Resolved) -> tuple[Wish, ...]:
        """Of what is shared only the entries that were applied: the manifest may have changed since."""
        subject = resolved.subject
        is_exclusive = subject.kind.real_name(subject.spec) is not None
        items = build_items(resolved, None) if is_exclusive else ()
        return build_farewell(subject, resolved.server.engine, items)

    async def _execute(self, subject: Subject, access: Access, changes: list[Change]) -> bool:
        """False where it was given up, because the server itself goes."""
        kind, engine = subject.kind.kind.kind, access.server.engine.name
        try:
            await access.lane.execute([statement for change in changes for statement in change.statements])
        except (Unreachable, LoginRefused):
            raise
        except EngineError as error:
            if await self._is_last_on_going(subject, access.server):
                self._counts.count_operation(kind, "delete", engine, succeeded=False)
                self._tell_retained(subject, f"it cannot be dropped, but its server goes anyway: {error.message}")
                return False
            message = f"cannot delete {subject.name} on {str(access.server.key)!r}: {error.message}"
            if isinstance(error, InUse) and await self._others_are_leaving(subject, access.server):
                message += "; it goes when those that are being deleted there are gone"
                raise Waiting(DEPENDENCIES_EXIST, message, phase="Deleting") from error
            self._counts.count_operation(kind, "delete", engine, succeeded=False)
            if isinstance(error, InUse):
                message += "; free it of what holds it there, or set spec.deletionPolicy to Retain and it stays"
            self._client.event(subject.resource, "Warning", subject.kind.events.delete_failed, message)
            raise NotApplied(message, reason=error.reason) from error
        self._counts.count_operation(kind, "delete", engine, succeeded=True)
        return True

    async def _others_are_leaving(self, subject: Subject, server: Server) -> bool:
        """Of a user and a database that are deleted together the database goes first, and no reference says so."""
        residents = await find_residents(self._client, server.key)
        return any(other.metadata.is_deleting and other.kind != subject.kind.kind for other in residents)

    async def _is_last_on_going(self, subject: Subject, server: Server) -> bool:
        """Whether the server goes itself, and nothing of another kind is left on it that may be in the way."""
        residents = await find_residents(self._client, server.key)
        if any(resident.kind != subject.kind.kind for resident in residents):
            return False
        if server.resource.metadata.is_deleting:
            return True
        reference = server.spec.cluster_ref
        cluster = reference and await self._client.get(DATABASE_CLUSTER, Key(server.key.namespace, reference.name))
        return bool(cluster and cluster.metadata.is_deleting)

    async def _remaining(self, subject: Subject, waiting: Waiting) -> timedelta:
        """How much longer we wait for the server: from when both the deletion and its absence had begun."""
        since = [parse_time(subject.resource.metadata.deletionTimestamp or "")]
        instance = await self._find_instance(subject)
        if instance is not None and is_connected(instance) and waiting.reason == NOT_READY:
            return PATIENCE  # it was there a moment ago
        if instance is not None and not is_connected(instance) and (away := _away_since(instance)) is not None:
            since.append(away)
        return max(since) + PATIENCE - self._clock.now()

    async def _goes_with_server(self, subject: Subject) -> bool:
        """A namespace takes its servers down without asking who lives on them, so there is nothing to wait for."""
        instance = await self._find_instance(subject)
        if instance is None or instance.spec.get("clusterRef") is None:
            return False
        return await namespace_is_going(self._client, instance.metadata.namespace)

    async def _find_instance(self, subject: Subject) -> Resource | None:
        key = subject.links.instance
        if key is None and subject.links.user is not None:
            user = await self._client.get(DATABASE_USER, subject.links.user)
            key = read_subject(USERS, user).links.instance if user is not None else None
        return await self._client.get(DATABASE_INSTANCE, key) if key is not None else None

    def _tell_retained(self, subject: Subject, why: str) -> None:
        self._client.event(subject.resource, "Warning", "Retained", f"{subject.name} stays on its server: {why}")


def _away_since(instance: Resource) -> datetime | None:
    moment = read_condition(instance, CONNECTED).get("lastTransitionTime")
    return parse_time(moment) if moment else None
