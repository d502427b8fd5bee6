"""What applying some objects would do, exactly and before it is done: fields of objects, and statements for servers.

The same steps as a reconcile, over the API as it would be (`overlay`), up to the execution. What cannot be known yet
(a server that does not run, what a new database holds) is said, never guessed silently.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dbaas.api.cluster import DATABASE_CLUSTER, DatabaseCluster
from dbaas.api.core import SECRET
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Engine, EngineError, Login, ServerFacts
from dbaas.contracts.lane import Lane, Lanes
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.contracts.statement import Change, Statement
from dbaas.controllers.managed.access import plan_rules
from dbaas.controllers.managed.assessment import assess_wish
from dbaas.controllers.managed.claims import Claiming
from dbaas.controllers.managed.contenders import Contenders
from dbaas.controllers.managed.credentials import keeps_password, read_published, secret_name
from dbaas.controllers.managed.differences import FieldChange, compare_objects
from dbaas.controllers.managed.drift import Decision, decide
from dbaas.controllers.managed.items import Thing, Wish, build_items, build_wishes, digest_wanted
from dbaas.controllers.managed.kinds import Subject, read_subject
from dbaas.controllers.managed.observing import Observation, find_unmet, observe_wishes
from dbaas.controllers.managed.overlay import Overlay, Witness, build_planned, is_expected, unseen
from dbaas.controllers.managed.policy import read_policy
from dbaas.controllers.managed.publishing import password_key
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import Resolution, Resolved
from dbaas.controllers.servers import Server, Servers, choose_names
from dbaas.core.secrets import Secret
from dbaas.manifests.secrets import read_values

NEWEST = 10**9  # a server that does not run yet has the newest version there is, for what a statement may say
Action = Literal["create", "update", "unchanged"]


@dataclass(frozen=True)
class ObjectPlan:
    """What becomes of one object and of the things it stands for.

    `changes` would be executed, in this order; `left` differs and would only be reported. `notes` say what cannot be
    known yet, what must happen first, and what is made beside the object.
    """

    kind: Kind
    key: Key
    action: Action
    fields: tuple[FieldChange, ...] = ()
    changes: tuple[Change, ...] = ()
    left: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def statements(self) -> tuple[Statement, ...]:
        return tuple(statement for change in self.changes for statement in change.statements)


@dataclass
class _Draft:
    """What is found out about one object's server side."""

    decision: Decision = field(default_factory=Decision)
    notes: list[str] = field(default_factory=list)


async def plan_objects(
    client: Client, lanes: Lanes, registry: Registry, bodies: Sequence[tuple[Kind, Mapping[str, Any]]],
    witness: Witness = unseen, *, no_dns: bool = False,
) -> list[ObjectPlan]:  # fmt: skip
    """One plan for each body, in their order. A body is the whole object, as a dry run of applying it answers.

    Each needs name and namespace. Reads the API and the servers, changes neither. `client.list` needs no tokens.
    `witness` is told every object that is there and was looked at. `no_dns`: names of Services are looked up.
    """
    live = [await client.get(kind, _key_of(kind, body)) for kind, body in bodies]
    planned = [build_planned(kind, body, found) for (kind, body), found in zip(bodies, live, strict=True)]
    for found in live:
        if found is not None:
            witness(found)
    overlay = Overlay(client, planned, witness)
    planner = _Planner(overlay, Servers(overlay, lanes, choose_names(overlay.get, no_dns=no_dns)), registry)
    wishes = [wish for resource in planned for wish in await planner.find_wishes(resource)]
    made = {wish.thing for wish in wishes if wish.desired is not None}
    return [
        await planner.plan(resource, found, body, made)
        for resource, found, (_, body) in zip(planned, live, bodies, strict=True)
    ]


class _Planner:
    def __init__(self, overlay: Overlay, servers: Servers, registry: Registry) -> None:
        self._overlay = overlay
        self._servers = servers
        self._registry = registry
        self._resolution = Resolution(overlay, registry, takes_unapplied=True)
        self._claiming = Claiming(overlay, self._resolution)
        self._contenders = Contenders(overlay, self._resolution, self._claiming)

    async def plan(
        self, resource: Resource, live: Resource | None, body: Mapping[str, Any], made: set[Thing]
    ) -> ObjectPlan:
        fields = compare_objects(live.body() if live is not None else {}, body)
        action: Action = "create" if live is None else "update" if fields else "unchanged"
        draft = await self._draft(resource, made) if resource.kind in MANAGED else _Draft()
        decision = draft.decision
        return ObjectPlan(
            resource.kind, resource.key, action, fields, decision.execute, decision.left, tuple(draft.notes)
        )

    async def find_wishes(self, resource: Resource) -> tuple[Wish, ...]:
        """What a planned object will make, for the needs of others."""
        if resource.kind not in MANAGED:
            return ()
        subject = read_subject(MANAGED[resource.kind], resource)
        try:
            resolved = await self._resolution.resolve(subject)
            return build_wishes(subject, resolved.server.engine, build_items(resolved, None))
        except (Waiting, Refused):
            return ()

    async def _draft(self, resource: Resource, made: set[Thing]) -> _Draft:
        draft = _Draft()
        subject = read_subject(MANAGED[resource.kind], resource)
        try:
            resolved = await self._resolution.resolve(subject)
            login = await self._find_login(subject, draft) if subject.kind.has_login else None
            wishes = build_wishes(subject, resolved.server.engine, build_items(resolved, login))
            await self._settle(resolved, login, wishes, draft, made)
            draft.notes += describe_beside(subject, resolved.server.engine)
        except (Waiting, Refused, EngineError) as error:
            draft.notes.append(f"what it does on its server is not known yet: {error.message}")
        return draft

    async def _settle(
        self, resolved: Resolved, login: Login | None, wishes: Sequence[Wish], draft: _Draft, made: set[Thing]
    ) -> None:
        lane, facts = await self._reach(resolved.server, draft)
        older = await self._claiming.find_older(resolved, facts.identity)
        if older is not None:
            draft.notes.append(f"it will not be applied: {resolved.subject.name} is managed by {older}, which is older")
            return
        observation = await observe_wishes(lane, wishes) if lane is not None else Observation()
        await self._note_needs(lane, wishes, draft, made)
        try:
            claims = await self._contenders.find_claims(resolved, wishes, facts.identity)
        except Waiting as waiting:
            draft.notes.append(f"it will not be applied: {waiting.message}")
            return
        rules = plan_rules(resolved.server, facts, resolved.subject)
        engine = resolved.server.engine
        changes = [c for wish in wishes for c in assess_wish(engine, wish, observation, claims, rules)]
        draft.decision = decide(changes, read_policy(resolved, digest_wanted(resolved, login)))
        for database in sorted(observation.absent):
            draft.notes.append(f"database {database!r} does not exist yet: what a new one holds is not known")

    async def _reach(self, server: Server, draft: _Draft) -> tuple[Lane | None, ServerFacts]:
        """No lane for a server that does not exist yet: its plan is that for an empty one. Raises EngineError."""
        if not is_expected(server.resource):
            lane = await self._servers.reach(server)
            return lane, await lane.facts()
        draft.notes.append(f"the server {server.key} does not exist yet: this is what a new one would get")
        cluster = await self._overlay.get(DATABASE_CLUSTER, server.key)
        assert cluster is not None and server.engine.server is not None
        spec = DatabaseCluster.model_validate(cluster.body()).spec
        workload = server.engine.server.workload(cluster.key.name, spec)
        capabilities = frozenset({"superuser", "createdb", "createrole", "replication"})
        return None, ServerFacts(workload.version, NEWEST, "", workload.administrator, capabilities)

    async def _note_needs(self, lane: Lane | None, wishes: Iterable[Wish], draft: _Draft, made: set[Thing]) -> None:
        needs = dict.fromkeys(need for wish in wishes for need in wish.needs)
        unmade = [need for need in needs if Thing(need.part, need.database, need.name) not in made]
        unmet = [need for need in unmade if not need.is_given] if lane is None else await find_unmet(lane, unmade)
        for need in unmet:
            draft.notes.append(f"{need.what} must exist first, and nothing planned here makes it")

    async def _find_login(self, subject: Subject, draft: _Draft) -> Login | None:
        """The login as it will be; a password that is yet to be made is masked like any other."""
        if not keeps_password(subject.spec):
            return None
        given = subject.spec.existing_password_secret
        namespace, published = subject.resource.metadata.namespace, read_published(subject)
        name = given.name if given else secret_name(subject.spec, subject.resource.metadata.name)
        secret = await self._overlay.get(SECRET, Key(namespace, name))
        if secret is None:
            draft.notes.append(f"Secret {namespace}/{name} " + ("must exist first" if given else "will be made"))
            return Login(Secret(""), "")
        password = read_values(secret).get(given.key if given else password_key(secret), Secret(""))
        version = secret.metadata.resourceVersion
        proof = published.proof if published is not None and published.version == version else ""
        return Login(password, version, proof)


def describe_beside(subject: Subject, engine: Engine) -> list[str]:
    """What happens with the object that is no difference of a thing: what comes along, and what is run once."""
    describe = engine.companions.get(subject.kind.kind.kind)
    along = describe(subject.spec, subject.resource.metadata.name) if describe is not None else ()
    namespace = subject.resource.metadata.namespace
    notes = [f"{each.kind} {Key(namespace, each.name)} comes along with it" for each in along]
    if subject.kind.init_sql(subject.spec) is not None:
        notes.append("its initSQL is run in it as the owner, unless this text has run already")
    return notes


def _key_of(kind: Kind, body: Mapping[str, Any]) -> Key:
    metadata = body.get("metadata") or {}
    return Key((metadata.get("namespace") or "") if kind.namespaced else "", metadata["name"])
