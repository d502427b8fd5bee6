"""A drift pass: a whole server is observed with few questions and compared with all that should be there, in memory.

Nothing is written and nothing is changed here. Objects that differ are woken; their own reconcile looks again, closely,
and decides. What lives inside databases is observed database by database, in the background of the lane (`rounds`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from dbaas.api.resource import Key, Resource
from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError, PlanRules, ServerFacts
from dbaas.contracts.lane import Lane
from dbaas.contracts.reconcile import Enqueue, Refused, Waiting
from dbaas.contracts.registry import Registry
from dbaas.controllers.holding import find_inhabitants
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.claims import Claiming, Claims
from dbaas.controllers.managed.credentials import remembered_login
from dbaas.controllers.managed.drift import decide
from dbaas.controllers.managed.items import Thing, Wish, build_items, build_wishes, digest_wanted
from dbaas.controllers.managed.kinds import ManagedKind, Subject, read_subject
from dbaas.controllers.managed.policy import read_policy
from dbaas.controllers.managed.records import MANAGED
from dbaas.controllers.managed.resolution import Resolution, Resolved
from dbaas.controllers.rounds import Look, Rounds
from dbaas.controllers.servers import Server
from dbaas.core.clock import Clock
from dbaas.core.duration import parse_duration

BREATH = 50  # objects compared before others get their turn
LONGEST_PERIOD_SECONDS = 30.0
SHORTEST_PERIOD_SECONDS = 1.0


@dataclass(frozen=True)
class Candidate:
    """A settled object: what it wants of the server."""

    resolved: Resolved
    wishes: Sequence[Wish]

    @property
    def resource(self) -> Resource:
        return self.resolved.subject.resource


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

    def forget(self, server: Key) -> None:
        """A server that is gone is not looked at any more."""
        self._rounds.forget(server)

    async def run(self, server: Server, lane: Lane, facts: ServerFacts) -> PassResult:
        """Raises Unreachable and LoginRefused."""
        candidates = await self._collect(server)
        result = PassResult(len(candidates), period_seconds=_period(server, candidates))
        if not candidates:
            return result
        places = {(wish.thing.part, wish.thing.database) for candidate in candidates for wish in candidate.wishes}
        look = await self._rounds.look(server.key, lane, places, result.period_seconds)
        result.ends_round = look.ends_round
        claims = _collect_claims(candidates)
        for number, candidate in enumerate(candidates, 1):
            others = _claims_of_others(candidate, claims)
            if differs(candidate, look, others, facts):
                result.differing.append(candidate.resource.key)
                self._enqueue(candidate.resource.kind, candidate.resource.key, low_priority=True)
            if number % BREATH == 0:
                await self._clock.sleep(0)
        return result

    async def _collect(self, server: Server) -> list[Candidate]:
        found: list[Candidate] = []
        for number, resource in enumerate(await find_inhabitants(self._client, server.key), 1):
            candidate = await self._read(MANAGED[resource.kind], resource)
            if candidate is not None:
                found.append(candidate)
            if number % BREATH == 0:
                await self._clock.sleep(0)
        return found

    async def _read(self, kind: ManagedKind, resource: Resource) -> Candidate | None:
        """None where it is not settled: its own reconcile is due anyway."""
        if resource.metadata.is_deleting or not resource.status.get("applied"):
            return None
        try:
            subject = read_subject(kind, resource)
            resolved = await self._resolution.resolve(subject)
            login = remembered_login(subject) if kind.has_login else None
            wishes = build_wishes(subject, resolved.server.engine, build_items(resolved, login))
        except (Waiting, Refused, ValidationError):
            return None
        if digest_wanted(resolved, login) != subject.status.applied:
            return None
        return Candidate(resolved, wishes)


def differs(candidate: Candidate, look: Look, claims: Claims, facts: ServerFacts) -> bool:
    """Whether its reconcile would find something to do or to say. What is known already is no news."""
    subject, server = candidate.resolved.subject, candidate.resolved.server
    policy = read_policy(candidate.resolved, subject.status.applied or "")
    if policy.mode == "ignore":
        return False
    seen = [wish for wish in candidate.wishes if (wish.thing.part, wish.thing.database) not in look.skipped]
    if any(not look.observation.knows(wish.thing) for wish in seen):
        return True
    rules = PlanRules(facts, allow_destructive=policy.allow_destructive)
    try:
        changes = assess(server.engine, seen, look.observation, claims, rules)
    except EngineError:
        return True
    decision = decide(changes, policy)
    left, known = [change.field for change in decision.left], known_fields(subject)
    is_news = left != known if len(seen) == len(candidate.wishes) else not set(left) <= set(known)
    return bool(decision.execute) or is_news


def known_fields(subject: Subject) -> list[str]:
    """The differences that the status speaks of already."""
    drift = subject.status.drift
    return [difference.field for difference in drift.diffs] if drift is not None else []


def _collect_claims(candidates: Sequence[Candidate]) -> dict[Thing, dict[str, frozenset[str]]]:
    """Who wants which entries, by uid. Objects that are not settled need not be asked: nothing is taken away here."""
    claims: dict[Thing, dict[str, frozenset[str]]] = {}
    for candidate in candidates:
        if candidate.resolved.subject.links.user is not None:
            for wish in candidate.wishes:
                claims.setdefault(wish.thing, {})[candidate.resource.metadata.uid] = wish.keys
    return claims


def _claims_of_others(candidate: Candidate, claims: dict[Thing, dict[str, frozenset[str]]]) -> Claims:
    own = candidate.resource.metadata.uid
    return {
        wish.thing: frozenset().union(*(keys for uid, keys in claims.get(wish.thing, {}).items() if uid != own))
        for wish in candidate.wishes
    }


def _period(server: Server, candidates: Iterable[Candidate]) -> float:
    """Half the shortest interval that is asked for, so that nothing is noticed later than its interval."""
    intervals = {server.spec.drift_policy.interval}
    for candidate in candidates:
        policy = candidate.resolved.subject.drift_policy
        if policy is not None and policy.mode != "ignore":
            intervals.add(policy.interval)
    shortest = min(parse_duration(interval).total_seconds() for interval in intervals)
    return min(LONGEST_PERIOD_SECONDS, max(SHORTEST_PERIOD_SECONDS, shortest / 2))
