"""Makes the server as the wishes say: observe, plan, execute, and observe again until the plan is empty.

A second look is never skipped: `Ready` means that the server was asked after the last statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dbaas.contracts.client import Client
from dbaas.contracts.engine import EngineError, LoginRefused, Unreachable
from dbaas.contracts.reconcile import Refused, Waiting
from dbaas.contracts.statement import Change
from dbaas.controllers.finalizers import hold
from dbaas.controllers.managed.access import Access, plan_rules
from dbaas.controllers.managed.assessment import assess
from dbaas.controllers.managed.claims import Claims
from dbaas.controllers.managed.drift import Decision, Policy, decide
from dbaas.controllers.managed.items import Thing, Wish, format_owned, read_owned
from dbaas.controllers.managed.kinds import Subject
from dbaas.controllers.managed.observing import Observation, check_needs, observe_wishes
from dbaas.core.errors import DbaasError

MOST_ROUNDS = 5  # a database, what is in it, and a look after each; one more for what appears in between


class NotApplied(DbaasError):
    """The server refused a statement, or did not become as it should; the reason is the server's where there is one."""

    reason = "NotSettled"


@dataclass(frozen=True)
class Settled:
    """How it ended: what was executed, what is left different, and the last look."""

    executed: tuple[Change, ...]
    left: tuple[Change, ...]
    observation: Observation


@dataclass(frozen=True)
class Assignment:
    """Everything that an execution needs to know."""

    subject: Subject
    wishes: Sequence[Wish]
    claims: Claims
    policy: Policy


class Execution:
    """Writes nothing to the API but the finalizer and `status.owned`, both before the first statement."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def settle(self, access: Access, assignment: Assignment) -> Settled:
        """Raises NotApplied, Waiting and Refused; Unreachable and LoginRefused as they come."""
        executed: list[Change] = []
        for _ in range(MOST_ROUNDS):
            observation, decision = await self._look(access, assignment)
            if not decision.execute:
                await _check_seen(access, assignment, observation, decision)
                return Settled(tuple(executed), decision.left, observation)
            if not executed:
                await self._prepare(access, assignment)
            await self._execute(access, assignment.subject, decision.execute)
            executed.extend(decision.execute)
        fields = ", ".join(dict.fromkeys(change.field for change in decision.execute))
        raise NotApplied(f"{_where(access, assignment.subject)} does not become as it should: {fields} still differs")

    async def _look(self, access: Access, assignment: Assignment) -> tuple[Observation, Decision]:
        observation = await observe_wishes(access.lane, assignment.wishes)
        rules = plan_rules(access, assignment.subject)
        try:
            changes = assess(access.server.engine, assignment.wishes, observation, assignment.claims, rules)
        except EngineError as error:  # nothing was sent: the engine will not have it on this server
            raise Refused(
                error.reason, f"cannot apply {_where(access, assignment.subject)}: {error.message}"
            ) from error
        return observation, decide(changes, assignment.policy)

    async def _execute(self, access: Access, subject: Subject, changes: Sequence[Change]) -> None:
        statements = [statement for change in changes for statement in change.statements]
        try:
            await access.lane.execute(statements)
        except (Unreachable, LoginRefused):
            raise
        except EngineError as error:
            what = f"cannot apply {_where(access, subject)}: {error.message}"
            raise NotApplied(what, reason=error.reason) from error

    async def _prepare(self, access: Access, assignment: Assignment) -> None:
        """What must be so before the first statement. Raises Waiting where something else must exist first."""
        await check_needs(access.lane, assignment.wishes)
        await hold(self._client, assignment.subject.resource)
        await self._record_owned(assignment)

    async def _record_owned(self, assignment: Assignment) -> None:
        """Before the first statement that adds: what a crash leaves behind is then known to be ours."""
        subject = assignment.subject
        before = read_owned(subject.status.owned)
        during = merge_owned(before, assignment.wishes)
        if format_owned(during.items()) == format_owned(before.items()):
            return
        patch = {"status": {"owned": format_owned(during.items())}}
        await self._client.patch(subject.resource.kind, subject.resource.key, patch, subresource="status")


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


def _where(access: Access, subject: Subject) -> str:
    return f"{subject.name} on {str(access.server.key)!r}"
