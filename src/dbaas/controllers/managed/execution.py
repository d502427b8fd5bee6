"""Makes the server as the wishes say: observe, plan, execute, and observe again until the plan is empty.

A second look is never skipped: `Ready` means that the server was asked after the last statement. Only into a database
that was made by it, and is as every new one is, the drift pass looks first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.resource import ANNOTATION_MADE_AT
from dbaas.contracts.client import Client
from dbaas.contracts.engine import Engine, EngineError, Login, LoginRefused, Unreachable
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.statement import Change
from dbaas.controllers.finalizers import hold
from dbaas.controllers.managed.access import Access, plan_rules
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.claims import Claims
from dbaas.controllers.managed.drift import Decision, Policy, decide
from dbaas.controllers.managed.items import Thing, Wish, format_owned, read_owned
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.newborn import Examples, find_made
from dbaas.controllers.managed.observing import Observation, check_needs, split_by_needs
from dbaas.controllers.managed.taking import FindClaims, Overtaken, guard_taking
from dbaas.core.clock import Clock, format_time
from dbaas.core.errors import DbaasError

UNDER_WAY = "under way"  # no digest of anything
MOST_ROUNDS = 7  # a database, what is in it, a look after each; one for what appears, what waits, what others want


class NotApplied(DbaasError):
    """The server refused a statement, or did not become as it should; the reason is the server's where there is one."""

    reason = "NotSettled"


@dataclass(frozen=True)
class Settled:
    """How it ended: what was executed, what is left different, and the last look. `is_new`: it was not there before."""

    executed: tuple[Change, ...]
    left: tuple[Change, ...]
    observation: Observation
    is_new: bool = False


@dataclass(frozen=True)
class Assignment:
    """Everything that an execution needs to know."""

    subject: Subject
    wishes: Sequence[Wish]
    claims: Claims
    policy: Policy
    find_claims: FindClaims
    """What others want by now: asked again before anything is taken away that they may have seen there."""


class Execution:
    """Writes nothing to the API but the finalizer and `status.owned`, both before the first statement."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._examples = Examples()

    async def settle(self, access: Access, assignment: Assignment) -> Settled:
        """Raises NotApplied, Waiting and Refused; Unreachable and LoginRefused as they come."""
        executed: list[Change] = []
        is_new, waiting, made = False, None, frozenset[str]()
        for _ in range(MOST_ROUNDS):
            observation, decision = await self._look(access, assignment, is_set=is_changed(executed), made=made)
            if not decision.execute:
                if waiting is not None:
                    raise waiting
                await _check_seen(access, assignment, observation, decision)
                return Settled(tuple(executed), decision.left, observation, is_new)
            if not executed:
                if waiting is None:
                    assignment, waiting = await _leave_out_what_waits(access, assignment)
                    if waiting is not None:
                        continue
                is_new = is_missing(assignment.wishes, observation)
                await self._prepare(assignment, is_new)
            try:
                await self._execute(access, assignment, decision.execute)
            except Overtaken:
                assignment = replace(assignment, claims=await assignment.find_claims())
                continue
            executed.extend(decision.execute)
            made = find_made(assignment.wishes, observation, decision.execute)
        fields = ", ".join(dict.fromkeys(change.field for change in decision.execute))
        raise NotApplied(
            f"{_where(access, assignment.subject)} does not become as it should: {fields} still differs though the "
            "server took each statement; something there sets it back, or our login has no right to change it"
        )

    async def _look(
        self, access: Access, assignment: Assignment, *, is_set: bool, made: frozenset[str]
    ) -> tuple[Observation, Decision]:
        """`is_set`: passwords have just been set, which is all that can be known where the server hides them.

        `made` are databases that have just been made.
        """
        wishes = assignment.wishes
        observation = await self._examples.observe(access, wishes, made)
        if is_set:
            wishes = [_with_proof(access.server.engine, wish, observation) for wish in wishes]
        rules = plan_rules(access.server, access.facts, assignment.subject)
        try:
            changes = assess(access.server.engine, wishes, observation, assignment.claims, rules)
        except EngineError as error:  # nothing was sent: the engine will not have it on this server
            raise Refused(
                error.reason, f"cannot apply {_where(access, assignment.subject)}: {error.message}"
            ) from error
        return observation, decide(changes, assignment.policy)

    async def _execute(self, access: Access, assignment: Assignment, changes: Sequence[Change]) -> None:
        statements = [statement for change in changes for statement in change.statements]
        taking = guard_taking(assignment.wishes, changes, assignment.claims, assignment.find_claims)
        try:
            await access.lane.execute(statements, taking)
        except (Unreachable, LoginRefused):
            raise
        except EngineError as error:
            what = f"cannot apply {_where(access, assignment.subject)}: {error.message}"
            raise NotApplied(what, reason=error.reason) from error

    async def _prepare(self, assignment: Assignment, is_new: bool) -> None:
        """What must be so before the first statement. A crash right after that loses nothing, not even when it was."""
        made_at = {ANNOTATION_MADE_AT: format_time(self._clock.now())} if is_new else {}
        await hold(self._client, assignment.subject.resource, annotations=made_at)
        await self._record_owned(assignment, is_new)

    async def _record_owned(self, assignment: Assignment, is_new: bool) -> None:
        """Before the first statement that adds: what a crash leaves behind is then known to be ours.

        What ran once in a thing of that name that is gone has not run in the new one.
        """
        subject = assignment.subject
        before = read_owned(subject.status.owned)
        during = merge_owned(before, assignment.wishes)
        status: dict[str, Any] = {}
        if format_owned(during.items()) != format_owned(before.items()):
            status["owned"] = format_owned(during.items())
        if is_new and subject.resource.status.get("initSQL"):
            status["initSQL"] = None
        if not status:
            return
        if assignment.policy.is_own and subject.status.applied:
            status["applied"] = UNDER_WAY  # else what was applied before would count as applied, were this cut off
        patch = {"status": status}
        await self._client.patch(subject.resource.kind, subject.resource.key, patch, subresource="status")


async def _leave_out_what_waits(access: Access, assignment: Assignment) -> tuple[Assignment, Waiting | None]:
    """The thing itself does not wait for what belongs to it: a user and a database may each need the other.

    Raises Waiting where the thing itself lacks something, and where the wishes are all alike: they go together.
    """
    possible, waiting = await split_by_needs(access.lane, assignment.wishes)
    if waiting is None:
        return assignment, None
    if not any(wish.exclusive and wish.thing.database is None for wish in possible):
        raise waiting
    return replace(assignment, wishes=possible), waiting


def is_changed(executed: Iterable[Change]) -> bool:
    """Whether something was done to the things themselves."""
    return not all(change.incidental for change in executed)


def is_missing(wishes: Sequence[Wish], observation: Observation) -> bool:
    """Whether the thing that the object is for does not exist."""
    return any(
        wish.exclusive and wish.thing.database is None and wish.desired is not None
        and observation.find(wish.thing) is None
        for wish in wishes
    )  # fmt: skip


async def _check_seen(access: Access, assignment: Assignment, observation: Observation, decision: Decision) -> None:
    """Nothing to do is not the same as all done where a database could not be looked into: raises Waiting."""
    blind = [wish for wish in assignment.wishes if wish.desired is not None and not observation.knows(wish.thing)]
    policy = assignment.policy
    if not blind or decision.left or (policy.mode == "ignore" and not policy.is_own):
        return
    await check_needs(access.lane, blind)
    raise Waiting("DependencyMissing", f"database {blind[0].thing.database!r} must exist first")


def merge_owned(before: dict[Thing, frozenset[str]], wishes: Sequence[Wish]) -> dict[Thing, frozenset[str]]:
    """What is applied already and what is about to be."""
    during = dict(before)
    for wish in wishes:
        during[wish.thing] = during.get(wish.thing, frozenset()) | wish.keys
    return during


def _with_proof(engine: Engine, wish: Wish, observation: Observation) -> Wish:
    login, observed = getattr(wish.desired, "login", None), observation.find(wish.thing)
    if not isinstance(login, Login) or observed is None or engine.login_proof is None:
        return wish
    proof = engine.login_proof(observed, login)
    return replace(wish, desired=replace(wish.desired, login=replace(login, proof=proof))) if proof else wish


def _where(access: Access, subject: Subject) -> str:
    return f"{subject.name} on {str(access.server.key)!r}"
