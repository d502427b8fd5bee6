"""Who else wants the same: the older of two objects that claim one thing wins; list entries are shared by key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dbaas.api.database import DATABASE
from dbaas.api.grant import CLUSTER_DATABASE_GRANT, DATABASE_GRANT, GRANT_KINDS
from dbaas.api.instance import INSTANCE_KINDS
from dbaas.api.resource import FINALIZER, Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.controllers.managed.items import Thing, Wish, build_items, build_wishes, read_owned
from dbaas.controllers.managed.kinds import ROLE, Subject, read_subject
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import ALREADY_MANAGED, Resolution, Resolved
from dbaas.controllers.tokens import PRINCIPALS, claims, depends_on, is_server, lives_on, wants

CONFLICT_SECONDS = 30.0
Claims = Mapping[Thing, frozenset[str]]


class Claiming:
    """Looks at siblings only: objects that name the same thing, or entries of the same role."""

    def __init__(self, client: Client, resolution: Resolution) -> None:
        self._client = client
        self._resolution = resolution

    async def find_older(self, resolved: Resolved, identity: str) -> Resource | None:
        """The object that has the better right to the thing, if there is one."""
        subject = resolved.subject
        real_name, thing = subject.kind.real_name(subject.spec), subject.kind.thing
        if real_name is None:
            return None
        rivals = [
            rival
            for instance in await self.same_servers(resolved.server.key, identity)
            for kind in MANAGED.values()
            if kind.thing == thing
            for rival in await self._client.list(kind.kind, token=claims(instance, thing, real_name))
            if seniority(rival) < seniority(subject.resource)
        ]
        return min(rivals, key=seniority, default=None)

    async def check_exclusive(self, resolved: Resolved, identity: str) -> None:
        """Raises Waiting where an older object has the thing."""
        older = await self.find_older(resolved, identity)
        if older is not None:
            raise Waiting(
                ALREADY_MANAGED, f"{resolved.subject.name} on {resolved.server.key} is managed by {older}, "
                "which is older", requeue_after=CONFLICT_SECONDS,
            )  # fmt: skip

    async def find_claims(self, resolved: Resolved, wishes: Iterable[Wish], identity: str) -> Claims:
        """What other objects want of the same roles, whichever way they come to want it."""
        wishes = [wish for wish in wishes if not wish.exclusive]
        asked = {wish.thing for wish in wishes}
        if not asked:
            return {}
        found: dict[Thing, frozenset[str]] = {}
        given = {wish.thing.name for wish in wishes if wish.keys or wish.owned}
        for sibling in await self._find_siblings(resolved, {thing.name for thing in asked}, given, identity):
            for thing, keys in (await self.read_keys(read_subject(MANAGED[sibling.kind], sibling))).items():
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
        return {wish.thing: wish.keys for wish in wishes if wish.keys and not wish.exclusive}

    async def _find_siblings(
        self, resolved: Resolved, roles: Iterable[str], given: Iterable[str], identity: str
    ) -> list[Resource]:
        """Those that are not being deleted. One that cannot be read has no token and is not found.

        `given` are the roles that have something by the object.
        """
        instances = await self.same_servers(resolved.server.key, identity)
        found = [each for server in instances for role in roles for each in await self._find_wanting(server, role)]
        subject = resolved.subject
        if await self._may_be_for_everybody(subject, given, instances):
            found += [each for server in instances for each in await self._find_for_everybody(server)]
        siblings = {each.metadata.uid: each for each in found if not each.metadata.is_deleting}
        siblings.pop(subject.resource.metadata.uid, None)
        return list(siblings.values())

    async def _may_be_for_everybody(self, subject: Subject, roles: Iterable[str], servers: Sequence[Key]) -> bool:
        """A grant that names nobody; and where an object names roles itself, no object can stand for everybody."""
        if subject.kind.kind in (*GRANT_KINDS, *PRINCIPALS):
            return subject.kind.kind in GRANT_KINDS and subject.links.principal is None
        for role in roles:
            tokens = [claims(server, ROLE, role) for server in servers]
            if not [
                each for kind in PRINCIPALS for token in tokens for each in await self._client.list(kind, token=token)
            ]:
                return True
        return False

    async def _find_wanting(self, server: Key, role: str) -> list[Resource]:
        """The objects that stand for the role, those that refer to them, and those that name the role itself."""
        found = [each for kind in MANAGED for each in await self._client.list(kind, token=wants(server, role))]
        for kind in PRINCIPALS:
            for principal in await self._client.list(kind, token=claims(server, ROLE, role)):
                found.append(principal)
                for grants in GRANT_KINDS:
                    found += await self._client.list(grants, token=depends_on(kind, principal.key))
        return found

    async def _find_for_everybody(self, server: Key) -> list[Resource]:
        """Grants to everybody refer to no role: they are found by the server and its databases."""
        found = list(await self._client.list(CLUSTER_DATABASE_GRANT, token=lives_on(server)))
        for database in await self._client.list(DATABASE, token=lives_on(server)):
            found += await self._client.list(DATABASE_GRANT, token=depends_on(DATABASE, database.key))
        return [each for each in found if each.spec.get("public")]

    async def same_servers(self, server: Key, identity: str) -> Sequence[Key]:
        """Itself, and other instances that are the same server under another address."""
        kinds = INSTANCE_KINDS if identity else ()
        found = [each.key for kind in kinds for each in await self._client.list(kind, token=is_server(identity))]
        return list(dict.fromkeys([server, *found]))


def seniority(resource: Resource) -> tuple[str, bool, str]:
    """The smaller has the better right: the older, of one second the one that has begun, which its finalizer shows."""
    metadata = resource.metadata
    return metadata.creationTimestamp, FINALIZER not in metadata.finalizers, metadata.uid
