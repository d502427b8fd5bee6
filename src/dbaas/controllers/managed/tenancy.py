"""Guests: objects in other namespaces than their server's. A guest may use the server and is not its administrator.

What a guest makes or takes over is written into its status before the first statement: whatever else exists by that
name is not its own, is never adopted without consent, and never dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dbaas.api.instance import ANNOTATION_ADOPTABLE, Tenancy
from dbaas.api.resource import Resource
from dbaas.contracts.boundaries import SERVER, Boundaries, Real
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Outcome, Refused, Waiting
from dbaas.controllers.finalizers import hold
from dbaas.controllers.managed.access import Access, is_guest
from dbaas.controllers.managed.claims import Claiming
from dbaas.controllers.managed.items import Thing, Wish, build_items, build_wishes
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.observing import observe_wishes
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import Resolved
from dbaas.controllers.servers import Server
from dbaas.controllers.tokens import applied, claims

NOT_ADOPTABLE = "AdoptionNotAllowed"
NOT_OWNED = "NotOwned"
RETRY_SECONDS = 60.0  # an annotation of the instance wakes nobody


class TenancyStep:
    """Asked before anything is made, for each reconcile of a guest."""

    def __init__(self, client: Client, claiming: Claiming) -> None:
        self._client = client
        self._claiming = claiming

    async def admit(self, resolved: Resolved, access: Access) -> frozenset[str]:
        """What the object has made or taken over, itself included. Raises Refused and Waiting."""
        subject, server = resolved.subject, access.server
        if not is_guest(subject, server):
            return frozenset()
        wishes = build_wishes(subject, server.engine, build_items(resolved, None))
        if server.spec.tenancy.owned_only and server.engine.boundaries is not None:
            await self._check_owned(resolved, access, wishes, server.engine.boundaries)
        return await self._take(subject, access, wishes)

    async def _check_owned(
        self, resolved: Resolved, access: Access, wishes: Sequence[Wish], boundaries: Boundaries
    ) -> None:
        """Waits, because what is missing may be about to be made by another object of the same namespace."""
        own = _own(resolved, wishes, boundaries)
        needed = {real for wish in wishes if wish.desired is not None for real in _touched(boundaries, wish)}
        for real in sorted(needed - own):
            if not await self._belongs(real, resolved, access):
                raise Waiting(NOT_OWNED, _explain_not_owned(real, resolved), requeue_after=RETRY_SECONDS)

    async def _belongs(self, real: Real, resolved: Resolved, access: Access) -> bool:
        """Whether an object of the same namespace stands for it, and has it."""
        if real == SERVER:
            return False
        namespace = resolved.subject.resource.metadata.namespace
        kinds = [managed.kind for managed in MANAGED.values() if managed.thing == real.thing]
        for instance in await self._claiming.same_servers(resolved.server.key, access.facts.identity):
            token = applied(claims(instance, real.thing, real.name))
            for kind in kinds:
                if await self._client.list(kind, namespace=namespace, token=token):
                    return True
        return False

    async def _take(self, subject: Subject, access: Access, wishes: Sequence[Wish]) -> frozenset[str]:
        """Written before anything is made, so that what a crash leaves behind is known to be its own."""
        taken = frozenset(subject.status.taken)
        new = [wish for wish in wishes if is_taken_over(wish) and name_of(wish.thing) not in taken]
        if not new:
            return taken
        observation = await observe_wishes(access.lane, new)
        for wish in new:
            observed = observation.find(wish.thing)
            if observed is not None:
                _check_adoption(access.server, wish, observed)
        taken |= {name_of(wish.thing) for wish in new}
        await hold(self._client, subject.resource)
        patch = {"status": {"taken": sorted(taken)}}
        await self._client.patch(subject.resource.kind, subject.resource.key, patch, subresource="status")
        return taken


def with_taken(outcome: Outcome, taken: frozenset[str]) -> Outcome:
    """The outcome, with what is taken in its status."""
    return replace(outcome, status={**outcome.status, "taken": sorted(taken)}) if taken else outcome


def keep_taken(subject: Subject, server: Server, wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Of what a guest would drop only what it has made or taken over."""
    if not is_guest(subject, server):
        return tuple(wishes)
    taken = set(subject.status.taken)
    return tuple(wish for wish in wishes if not _is_on_server(wish) or name_of(wish.thing) in taken)


def is_taken_over(wish: Wish) -> bool:
    """Whether the wish, where the thing exists already, would make it the object's own."""
    return _is_on_server(wish) and wish.desired is not None


def name_of(thing: Thing) -> str:
    """As the status lists it."""
    return f"{thing.part}/{thing.name}"


def adoptable(instance: Resource) -> frozenset[str]:
    """The names that the server's owner allows guests to take over, alone or after `role/` and `database/`."""
    listed = instance.metadata.annotations.get(ANNOTATION_ADOPTABLE, "")
    return frozenset(name.strip() for name in listed.split(",") if name.strip())


def _is_on_server(wish: Wish) -> bool:
    return wish.exclusive and wish.thing.database is None


def _check_adoption(server: Server, wish: Wish, observed: object) -> None:
    tenancy: Tenancy = server.spec.tenancy
    boundaries, name = server.engine.boundaries, wish.thing.name
    thing = boundaries.things.get(wish.thing.part, wish.thing.part) if boundaries else wish.thing.part
    what = f"{thing} {name!r} exists on {server.key} and was not made from this namespace"
    if boundaries is not None and boundaries.is_administrative(observed) and not tenancy.privileged_attributes:
        raise Refused(NOT_ADOPTABLE, f"{what}; it has power over the server, so no other namespace can take it over")
    if tenancy.adoption == "Always":
        return
    if tenancy.adoption == "Never":
        raise Refused(NOT_ADOPTABLE, f"{what}: choose another name (the server's spec.tenancy.adoption is Never)")
    if not {name, f"{thing}/{name}"} & adoptable(server.resource):
        raise Waiting(
            NOT_ADOPTABLE, f"{what}: choose another name, or let the server's owner allow it by the annotation "
            f"{ANNOTATION_ADOPTABLE}: {thing}/{name}", requeue_after=RETRY_SECONDS,
        )  # fmt: skip


def _own(resolved: Resolved, wishes: Iterable[Wish], boundaries: Boundaries) -> set[Real]:
    """What the object makes itself, and what it refers to: those consent by their allowedNamespaces."""
    references = resolved.references
    own = {Real(boundaries.things.get(w.thing.part, ""), w.thing.name) for w in wishes if is_taken_over(w)}
    if resolved.subject.links.principal is not None and references.principal:
        own.add(Real("role", references.principal))
    if resolved.subject.links.database is not None and references.database:
        own.add(Real("database", references.database))
    return own


def _touched(boundaries: Boundaries, wish: Wish) -> Iterable[Real]:
    return boundaries.touched(wish.thing.part, wish.thing.database, wish.thing.name, wish.desired)


def _explain_not_owned(real: Real, resolved: Resolved) -> str:
    server, subject = resolved.server.key, resolved.subject
    if real == SERVER:
        return f"{subject.name} asks for what only the people of server {server} itself may have"
    return (
        f"{real.thing} {real.name!r} on {server} does not belong to namespace "
        f"{subject.resource.metadata.namespace!r}: make it by an object there, or let the server's owner do this"
    )
