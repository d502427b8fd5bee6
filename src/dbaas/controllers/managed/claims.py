"""Who else wants the same: the older of two objects that claim one thing wins; list entries are shared by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dbaas.api.instance import DATABASE_INSTANCE
from dbaas.api.resource import Key, Resource
from dbaas.api.user import DATABASE_USER
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.managed.items import Thing, build_items, build_wishes, read_owned
from dbaas.controllers.managed.kinds import Subject, read_subject
from dbaas.controllers.managed.resolution import ALREADY_MANAGED, Resolution, Resolved
from dbaas.controllers.tokens import claims, depends_on, is_server

CONFLICT_SECONDS = 30.0
Claims = Mapping[Thing, frozenset[str]]


class Claiming:
    """Looks at siblings only: objects that name the same thing, or entries of the same user."""

    def __init__(self, client: Client, resolution: Resolution) -> None:
        self._client = client
        self._resolution = resolution

    async def find_older(self, resolved: Resolved, identity: str) -> Resource | None:
        """The object that has the better right to the thing, if there is one."""
        subject = resolved.subject
        real_name = subject.kind.real_name(subject.spec)
        if real_name is None:
            return None
        rivals = [
            rival
            for instance in await self._same_servers(resolved.server.key, identity)
            for rival in await self._client.list(
                subject.kind.kind, token=claims(instance, subject.kind.kind, real_name)
            )
            if _seniority(rival) < _seniority(subject.resource)
        ]
        return min(rivals, key=_seniority, default=None)

    async def check_exclusive(self, resolved: Resolved, identity: str) -> None:
        """Raises Waiting where an older object has the thing."""
        older = await self.find_older(resolved, identity)
        if older is not None:
            raise Waiting(
                ALREADY_MANAGED, f"{resolved.subject.name} on {resolved.server.key} is managed by {older}, "
                "which is older", requeue_after=CONFLICT_SECONDS,
            )  # fmt: skip

    async def find_claims(self, resolved: Resolved, things: Iterable[Thing]) -> Claims:
        """What the other objects of the same user want of these things."""
        user, kind = resolved.subject.links.user, resolved.subject.kind
        if user is None:
            return {}
        asked = set(things)
        found: dict[Thing, frozenset[str]] = {}
        for sibling in await self._client.list(kind.kind, token=depends_on(DATABASE_USER, user)):
            if sibling.metadata.uid == resolved.subject.resource.metadata.uid or sibling.metadata.is_deleting:
                continue  # one that cannot be read has no token and is not found
            for thing, keys in (await self.read_keys(read_subject(kind, sibling))).items():
                if thing in asked:
                    found[thing] = found.get(thing, frozenset()) | keys
        return found

    async def read_keys(self, subject: Subject) -> Claims:
        """All entries that an object wants. Where that cannot be told, what it has applied: nobody may take it away."""
        try:
            resolved = await self._resolution.resolve(subject)
            items = build_items(resolved, None)
        except (Waiting, Refused):
            return read_owned(subject.status.owned)
        wishes = build_wishes(subject, resolved.server.engine, items)
        return {wish.thing: wish.keys for wish in wishes if wish.keys}

    async def _same_servers(self, server: Key, identity: str) -> Sequence[Key]:
        """Itself, and other instances that are the same server under another address."""
        found = await self._client.list(DATABASE_INSTANCE, token=is_server(identity)) if identity else ()
        return list(dict.fromkeys([server, *(instance.key for instance in found)]))


def _seniority(resource: Resource) -> tuple[str, str]:
    return resource.metadata.creationTimestamp, resource.metadata.uid
