"""Who may do what on a server, by which way, and which objects want it to be so. Reads, and changes nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Closed, Missing
from dbaas.contracts.lane import Lane, Lanes
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.contracts.reviewing import Ground, Path, Question, Reviewing, Subject
from dbaas.controllers.conditions import ready_reason
from dbaas.controllers.discovery import take
from dbaas.controllers.managed.items import build_items
from dbaas.controllers.managed.kinds import read_subject
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import ALREADY_MANAGED, Resolution
from dbaas.controllers.managed.snapshot import NOT_FOUND, Snapshot, take_snapshot
from dbaas.controllers.servers import Server, Servers, choose_names
from dbaas.controllers.tokens import PRINCIPALS

ON_SERVER = "server"


@dataclass(frozen=True)
class Asked:
    """What is asked about. With `instance` all are names of the server; without, `database` is a Database, and a role
    is a DatabaseUser, DatabaseRole or ClusterDatabaseRole. Of a role without `database`, every database is looked at.
    """

    about: Subject
    namespace: str
    name: str
    schema: str = ""
    database: str = ""
    instance: str = ""


@dataclass(frozen=True)
class Reason:
    """One ground of a path. Nobody declares it where `objects` is empty, unless it is not for manifests to say."""

    what: str
    objects: tuple[str, ...]
    declarable: bool


@dataclass(frozen=True)
class Reviewed:
    """One path, and who wants it. `database` is empty for what is the same in all of them."""

    path: Path
    database: str
    reasons: tuple[Reason, ...]


async def review(
    client: Client, lanes: Lanes, registry: Registry, asked: Asked, *, no_dns: bool = False
) -> list[Reviewed]:
    """All the ways, by database and then as the engine sorts them. Raises Waiting, Refused, EngineError."""
    snapshot = await take_snapshot(client)
    reviewer = _Reviewer(snapshot, Servers(snapshot, lanes, choose_names(snapshot.get, no_dns=no_dns)), registry)
    server, databases, name = await reviewer.find(asked)
    engine = server.engine
    if engine.reviewing is None:
        raise Refused("NotSupported", f"engine {engine.name!r} cannot tell who may do what")
    lane = await reviewer.servers.reach(server)
    if not databases:
        databases = (await take(engine, lane, await lane.facts())).databases
    declared = await reviewer.declarations(server)
    found: dict[Reviewed, None] = {}
    answered = False
    for database in databases:
        question = Question(asked.about, database, name, asked.schema)
        paths = await _ask(lane, engine.reviewing, question, may_be_closed=len(databases) > 1)
        answered = answered or paths is not None
        found |= dict.fromkeys(_judge(path, database, declared) for path in paths or ())
    if not answered:
        raise Refused(NOT_FOUND, f"there is no {asked.about} {asked.name!r} on {server.resource}")
    return list(found)


class _Reviewer:
    def __init__(self, snapshot: Snapshot, servers: Servers, registry: Registry) -> None:
        self._snapshot = snapshot
        self._registry = registry
        self._resolution = Resolution(snapshot, registry, takes_unapplied=True)
        self.servers = servers

    async def find(self, asked: Asked) -> tuple[Server, tuple[str, ...], str]:
        """The server, the databases to look at (none: all), and the name that the server has for the thing."""
        given = (asked.database,) if asked.database else ()
        if asked.instance:
            server = await self._snapshot.find_instance(self._registry, asked.namespace, asked.instance)
            return server, given, asked.name
        if asked.about != "role":
            server, database = await self._resolve([DATABASE], asked.namespace, asked.database)
            return server, (database,), database if asked.about == "database" else asked.name
        server, role = await self._resolve(PRINCIPALS, asked.namespace, asked.name)
        if asked.database:
            _, database = await self._resolve([DATABASE], asked.namespace, asked.database)
            given = (database,)
        return server, given, role

    async def _resolve(self, kinds: Sequence[Kind], namespace: str, name: str) -> tuple[Server, str]:
        for kind in kinds:
            found = await self._snapshot.get(kind, Key(namespace if kind.namespaced else "", name))
            if found is not None:
                subject = read_subject(MANAGED[kind], found)
                resolved = await self._resolution.resolve(subject)
                return resolved.server, subject.kind.real_name(subject.spec) or name
        words = " or ".join(kind.kind for kind in kinds)
        raise Refused(NOT_FOUND, f"there is no {words} {name!r} in namespace {namespace!r}; or name a server as well")

    async def declarations(self, server: Server) -> Mapping[str, tuple[str, ...]]:
        """By fact, the objects on that server (under whatever name) that want it."""
        same = self._snapshot.same_servers(server)
        found: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for resource in self._snapshot.resources:
            for mark in await self._marks(resource, same) if resource.kind in MANAGED else ():
                found[mark][str(resource)] = None
        return {mark: tuple(objects) for mark, objects in found.items()}

    async def _marks(self, resource: Resource, servers: Collection[Key]) -> list[str]:
        """None for an object that another one keeps from having its way, or that cannot be understood."""
        if ready_reason(resource) == ALREADY_MANAGED or resource.metadata.is_deleting:
            return []
        try:
            resolved = await self._resolution.resolve(read_subject(MANAGED[resource.kind], resource))
            reviewing = resolved.server.engine.reviewing
            if reviewing is None or resolved.server.key not in servers:
                return []
            return [mark for item in build_items(resolved, None) for mark in reviewing.marks(item)]
        except (Waiting, Refused, ValidationError):
            return []


async def _ask(lane: Lane, reviewing: Reviewing, question: Question, *, may_be_closed: bool) -> Sequence[Path] | None:
    try:
        return await lane.visit(question.database, lambda session, may_send: reviewing.explain(session, question))
    except (Missing, Closed):
        if not may_be_closed:
            raise
        return None


def _judge(path: Path, database: str, declared: Mapping[str, tuple[str, ...]]) -> Reviewed:
    reasons = tuple(_reason(ground, declared) for ground in path.grounds)
    return Reviewed(path, "" if path.on in (ON_SERVER, "database") else database, reasons)


def _reason(ground: Ground, declared: Mapping[str, tuple[str, ...]]) -> Reason:
    objects = {name for mark in ground.marks for name in declared.get(mark, ())}
    return Reason(ground.what, tuple(sorted(objects)), bool(ground.marks))
