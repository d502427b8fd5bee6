"""A drift pass: a whole server is observed with few questions and compared with all that should be there, in memory.

Nothing is written and nothing is changed here. Objects that differ are woken; their own reconcile looks again, closely,
and decides. What lives inside databases is observed database by database, in the background of the lane (`rounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from dbaas.api.database import DATABASE
from dbaas.api.resource import Key, Kind, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Engine, EngineError, PlanRules, ServerFacts
from dbaas.contracts.lane import Lane
from dbaas.contracts.looking import OnlyTelling
from dbaas.contracts.reconcile import Enqueue, Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.dues import LONGEST_PERIOD_SECONDS, period_of
from dbaas.controllers.holding import find_inhabitants
from dbaas.controllers.managed.access import is_restricted
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.claims import Claiming, Claims
from dbaas.controllers.managed.credentials import remembered_login
from dbaas.controllers.managed.drift import Policy, decide, describe_differences
from dbaas.controllers.managed.items import Thing, Wish, build_items, build_wishes, digest_wanted
from dbaas.controllers.managed.kinds import ManagedKind, Subject, read_subject
from dbaas.controllers.managed.observing import Place
from dbaas.controllers.managed.policy import read_policy
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import Resolution
from dbaas.controllers.rounds import Look, Rounds
from dbaas.controllers.servers import Server
from dbaas.core.clock import Clock
from dbaas.core.duration import parse_duration

BREATH = 50  # objects compared before others get their turn


@dataclass(frozen=True)
class Candidate:
    """A settled object, reduced to what a comparison needs: thousands of them are kept from pass to pass.

    `basis` is what it was read from: while these are the resources that there are, it need not be read again. `known`
    are the differences that its status speaks of already. `interval` is its own.
    """

    resource: Resource
    basis: Sequence[tuple[Kind, Resource]]
    wishes: Sequence[Wish]
    policy: Policy
    known: list[dict[str, Any]]
    cascades: bool
    is_guest: bool
    interval: timedelta | None


@dataclass
class PassResult:
    """`compared` objects were looked at, and those of `differing` were woken. `period_seconds` until the next pass.

    `ends_round`: everything has been looked at by now.
    """

    compared: int = 0
    ends_round: bool = True
    differing: list[Key] = field(default_factory=list)
    period_seconds: float = LONGEST_PERIOD_SECONDS


class DriftPass:
    """One pass after another over any server."""

    def __init__(self, client: Client, registry: Registry, enqueue: Enqueue, clock: Clock) -> None:
        self._client = client
        self._resolution = Resolution(client, registry)
        self._claiming = Claiming(client, self._resolution)
        self._enqueue = enqueue
        self._clock = clock
        self._rounds = Rounds(clock)
        self._candidates: dict[Key, dict[str, Candidate]] = {}

    def forget(self, server: Key) -> None:
        """A server that is gone is not looked at any more."""
        self._candidates.pop(server, None)
        self._rounds.forget(server)

    async def run(self, server: Server, lane: Lane, facts: ServerFacts) -> PassResult:
        """Raises Unreachable and LoginRefused."""
        candidates = list((await self._collect(server)).values())
        result = PassResult(len(candidates), period_seconds=_period(server, candidates))
        if not candidates:
            return result
        places: dict[Place, set[str]] = {}
        for thing in (wish.thing for candidate in candidates for wish in candidate.wishes):
            places.setdefault((thing.part, thing.database), set()).add(thing.name)
        look = await self._rounds.look(server.key, lane, places, result.period_seconds)
        result.ends_round = look.ends_round
        claims = _collect_claims(candidates)
        for number, candidate in enumerate(candidates, 1):
            others = _claims_of_others(candidate, claims)
            if differs(server.engine, candidate, look, others, facts):
                result.differing.append(candidate.resource.key)
                self._enqueue(candidate.resource.kind, candidate.resource.key, low_priority=True)
            if number % BREATH == 0:
                await self._clock.sleep(0)
        return result

    async def _collect(self, server: Server) -> Mapping[str, Candidate]:
        """By uid. Reading ten thousand objects takes seconds, so those that are as before are taken from before."""
        before, found = self._candidates.get(server.key, {}), dict[str, Candidate]()
        for number, resource in enumerate(await find_inhabitants(self._client, server.key), 1):
            candidate = before.get(resource.metadata.uid)
            if candidate is None or candidate.resource is not resource or not await self._stands(candidate):
                candidate = await self._read(MANAGED[resource.kind], resource)
            if candidate is not None:
                found[resource.metadata.uid] = candidate
            if number % BREATH == 0:
                await self._clock.sleep(0)
        self._candidates[server.key] = found
        return found

    async def _stands(self, candidate: Candidate) -> bool:
        """Whether what it refers to is what it was."""
        for kind, resource in candidate.basis:
            if await self._client.get(kind, resource.key) is not resource:
                return False
        return True

    async def _read(self, kind: ManagedKind, resource: Resource) -> Candidate | None:
        """None where it is not settled: its own reconcile is due anyway."""
        if resource.metadata.is_deleting or not resource.status.get("applied"):
            return None
        try:
            subject = read_subject(kind, resource)
            basis = [(kind, found) for kind, key in _referred(subject) if (found := await self._client.get(kind, key))]
            resolved = await self._resolution.resolve(subject)
            login = remembered_login(subject) if kind.has_login else None
            wishes = _comparable(
                resolved.server.engine, build_wishes(subject, resolved.server.engine, build_items(resolved, login))
            )
        except (Waiting, Refused, ValidationError):
            return None
        if digest_wanted(resolved, login) != subject.status.applied:
            return None
        server = resolved.server.resource
        policy = read_policy(resolved, subject.status.applied or "")
        return Candidate(
            resource, (*basis, (server.kind, server)), wishes, policy, _known_differences(subject),
            kind.cascades(subject.spec), is_restricted(subject, resolved.server), subject.drift_interval,
        )  # fmt: skip


def _comparable(engine: Engine, wishes: Iterable[Wish]) -> tuple[Wish, ...]:
    """Without what is only told: to look at it would be for nothing."""
    return tuple(wish for wish in wishes if not isinstance(engine.parts[wish.thing.part], OnlyTelling))


def _referred(subject: Subject) -> Iterator[tuple[Kind, Key]]:
    links = subject.links
    if links.principal is not None:
        yield links.principal
    if links.database is not None:
        yield DATABASE, links.database


def differs(engine: Engine, candidate: Candidate, look: Look, claims: Claims, facts: ServerFacts) -> bool:
    """Whether its reconcile would find something to do or to say. What is known already is no news."""
    policy = candidate.policy
    if policy.mode == "ignore":
        return False
    seen = [wish for wish in candidate.wishes if (wish.thing.part, wish.thing.database) not in look.skipped]
    if any(not look.observation.knows(wish.thing) for wish in seen):
        return True
    rules = PlanRules(facts, policy.allow_destructive, candidate.cascades, candidate.is_guest)
    try:
        changes = assess(engine, seen, look.observation, claims, rules)
    except EngineError:
        return True
    decision = decide(changes, policy)
    left, known = describe_differences(decision.left), candidate.known
    is_news = left != known if len(seen) == len(candidate.wishes) else not _fields(left) <= _fields(known)
    return bool(decision.execute) or is_news


def _known_differences(subject: Subject) -> list[dict[str, Any]]:
    """As the status has them already."""
    drift = subject.status.drift
    return [difference.model_dump(by_alias=True) for difference in drift.diffs] if drift is not None else []


def _fields(differences: Iterable[Mapping[str, Any]]) -> set[str]:
    return {difference["field"] for difference in differences}


def _collect_claims(candidates: Sequence[Candidate]) -> dict[Thing, dict[str, frozenset[str]]]:
    """Who wants which entries, by uid. Objects that are not settled need not be asked: nothing is taken away here."""
    claims: dict[Thing, dict[str, frozenset[str]]] = {}
    for candidate in candidates:
        for wish in candidate.wishes:
            if wish.keys and not wish.exclusive:
                claims.setdefault(wish.thing, {})[candidate.resource.metadata.uid] = wish.keys
    return claims


def _claims_of_others(candidate: Candidate, claims: dict[Thing, dict[str, frozenset[str]]]) -> Claims:
    own = candidate.resource.metadata.uid
    return {
        wish.thing: frozenset().union(*(keys for uid, keys in claims.get(wish.thing, {}).items() if uid != own))
        for wish in candidate.wishes
    }


def _period(server: Server, candidates: Iterable[Candidate]) -> float:
    """By the shortest interval that is asked for."""
    asked = [candidate.interval for candidate in candidates if candidate.interval is not None]
    return period_of(min([parse_duration(server.spec.drift_policy.interval), *asked]))
