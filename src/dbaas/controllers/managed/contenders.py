"""Things inside a database that several objects may stand for: a schema by itself, and one in its database's list.

They are compared as things inside the server, so that no name of an engine's options is needed here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from dbaas.api.database import DATABASE
from dbaas.api.database_schema import DATABASE_SCHEMA
from dbaas.api.resource import Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.managed.claims import CONFLICT_SECONDS, Claiming, Claims, seniority
from dbaas.controllers.managed.items import Thing, Wish, build_items, thing_of
from dbaas.controllers.managed.kinds import read_subject
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import ALREADY_MANAGED, Resolution, Resolved
from dbaas.controllers.tokens import depends_on


class Contenders:
    """Looks only at the database that the objects are in, and at what else says to be in it."""

    def __init__(self, client: Client, resolution: Resolution, claiming: Claiming) -> None:
        self._client = client
        self._resolution = resolution
        self._claiming = claiming

    async def find_claims(self, resolved: Resolved, wishes: Sequence[Wish], identity: str) -> Claims:
        """What others want, with what they stand for added: nobody takes away what is somebody else's.

        Raises Waiting where an older object stands for something that this one wants.
        """
        claims = await self._claiming.find_claims(resolved, wishes, identity)
        inner = {wish.thing: wish for wish in wishes if wish.thing.database is not None and _is_contestable(wish)}
        contended = await self._find(resolved, inner.keys()) if inner else ()
        found = dict(claims)
        for rival, thing in contended:
            wish = inner[thing]
            if wish.desired is not None and seniority(rival) < seniority(resolved.subject.resource):
                raise Waiting(
                    ALREADY_MANAGED, f"{thing.name!r} in database {thing.database!r} is managed by {rival}, which is "
                    "older", requeue_after=CONFLICT_SECONDS,
                )  # fmt: skip
            found[thing] = found.get(thing, frozenset()) | wish.owned
        return found

    async def _find(self, resolved: Resolved, things: Collection[Thing]) -> Sequence[tuple[Resource, Thing]]:
        others = [each for each in await self._neighbours(resolved) if not each.metadata.is_deleting]
        return [(other, thing) for other in others for thing in await self._things(other) if thing in things]

    async def _neighbours(self, resolved: Resolved) -> Sequence[Resource]:
        resource, database = resolved.subject.resource, resolved.subject.links.database
        if resource.kind == DATABASE:
            return await self._client.list(DATABASE_SCHEMA, token=depends_on(DATABASE, resource.key))
        if database is None:
            return ()
        found = await self._client.get(DATABASE, database)
        siblings = await self._client.list(DATABASE_SCHEMA, token=depends_on(DATABASE, database))
        others = [each for each in siblings if each.metadata.uid != resource.metadata.uid]
        return [*([found] if found is not None else []), *others]

    async def _things(self, resource: Resource) -> Sequence[Thing]:
        try:
            resolved = await self._resolution.resolve(read_subject(MANAGED[resource.kind], resource))
            return [thing_of(item) for item in build_items(resolved, None) if item.exclusive]
        except (Waiting, Refused):
            return ()


def _is_contestable(wish: Wish) -> bool:
    """Lists of entries are shared; what is to be taken away may be something that somebody else stands for."""
    return wish.exclusive or wish.desired is None
