"""Waits until objects are ready, or gone, with progress; says what is in the way when they are not."""

from __future__ import annotations

from collections.abc import Sequence

from dbaas.api.resource import GROUP
from dbaas.cli.exits import CommandError, WaitedTooLong, WrongUsage
from dbaas.cli.following import Follower, Ref, follow_until, start_deadline
from dbaas.cli.progress import Progress, Step
from dbaas.cli.session import Session
from dbaas.cli.states import State, read_state
from dbaas.cli.terminal import format_table, shorten
from dbaas.core.duration import parse_duration

QUIET_SECONDS = 3.0
QUIET_TOGETHER_SECONDS = 30.0  # what holds one may be another of them, and a busy server takes its time with that
SHOWN = 10
BLOCKED = {
    "DeletionProtected": "set spec.deletionProtection to false, or spec.deletionPolicy to Retain, and apply it",
    "DependenciesExist": "delete what depends on it first, or together with it",
    "PendingDeletionConfirmation": "to take all along: dbaas delete … --force --confirm HASH, with the message's hash",
    "OwnsObjects": "say in spec.drop what becomes of what it owns, or set spec.deletionPolicy to Retain",
    "InUse": "free it of what holds it on its server, or set spec.deletionPolicy to Retain and it stays there",
}


def parse_timeout(text: str) -> float:
    """Raises WrongUsage."""
    try:
        return parse_duration(text).total_seconds()
    except ValueError as error:
        raise WrongUsage(f"--timeout: {error}") from error


async def wait_until_ready(session: Session, refs: Sequence[Ref], timeout: float) -> None:
    """Ends early where all that is not ready is stuck, or one is and of the others nothing is heard any more.

    Raises CommandError and WaitedTooLong after the table.
    """
    async with Follower(session.rest, session.clock, refs) as follower:
        with Progress(session.terminal, session.clock, "ready") as progress:

            def is_over(quiet_seconds: float) -> bool:
                states = _states(follower)
                progress.show([_ready_step(ref, state) for ref, state in states.items()])
                left = [state for state in states.values() if not state.is_ready]
                if quiet_seconds > QUIET_TOGETHER_SECONDS:
                    return not left or any(state.is_stuck for state in left)
                return all(state.is_stuck for state in left)

            in_time = await follow_until(follower, start_deadline(session.clock, timeout), is_over)
        states = _states(follower)
    _print_states(session, states)
    stuck = [ref for ref, state in states.items() if state.is_stuck and not state.is_ready]
    waiting = [*stuck, *(ref for ref, state in states.items() if not (state.is_ready or state.is_stuck))]
    if waiting and in_time:
        others = f", and {len(waiting) - len(stuck)} more not either" if len(stuck) < len(waiting) else ""
        raise CommandError(f"{_count(stuck, len(refs))} cannot become ready{others}", *_advise(waiting, states))
    if waiting:
        raise WaitedTooLong(f"{_count(waiting, len(refs))} not ready after {timeout:g} s", *_advise(waiting, states))


async def wait_until_gone(session: Session, refs: Sequence[Ref], timeout: float) -> None:
    """Ends early where nothing moves any more and all that is left says what holds it."""
    patience = QUIET_SECONDS if len(refs) == 1 else QUIET_TOGETHER_SECONDS
    async with Follower(session.rest, session.clock, refs) as follower:
        with Progress(session.terminal, session.clock, "gone", tells_done=False) as progress:

            def is_over(quiet_seconds: float) -> bool:
                states = _states(follower)
                left = {ref: state for ref, state in states.items() if follower.objects[ref] is not None}
                progress.show(
                    [Step(str(ref), _describe_hold(state), is_done=ref not in left) for ref, state in states.items()]
                )
                held = all(state.reason in BLOCKED or state.is_stuck for state in left.values())
                return held and (not left or quiet_seconds > patience)

            in_time = await follow_until(follower, start_deadline(session.clock, timeout), is_over)
        states = {ref: state for ref, state in _states(follower).items() if follower.objects[ref] is not None}
    if not states:
        return
    reasons = shorten([f"{ref}: {_describe_hold(state)}" for ref, state in states.items()], SHOWN)
    ours = [state.reason for ref, state in states.items() if ref.served.kind.group == GROUP]  # others have other fields
    advice = sorted({BLOCKED[reason] for reason in ours if reason in BLOCKED})
    text = f"{_count(list(states), len(refs))} still there"
    if in_time:
        raise CommandError(f"{text}: deletion is blocked", *reasons, *(f"to go on: {line}" for line in advice))
    raise WaitedTooLong(f"{text} after {timeout:g} s", *reasons)


def _states(follower: Follower) -> dict[Ref, State]:
    return {
        ref: State(False, phase="Absent", message="it does not exist")
        if found is None
        else read_state(found, ref.served)
        for ref, found in follower.objects.items()
    }


def _ready_step(ref: Ref, state: State) -> Step:
    phase = state.phase if state.phase not in ("", "Pending") else "waiting"
    return Step(str(ref), "" if state.is_ready else f"{phase}: {state.text}", state.is_ready, state.is_stuck)


def _print_states(session: Session, states: dict[Ref, State]) -> None:
    rows = [
        [str(ref), state.phase, str(state.is_ready), "" if state.is_ready else state.text]
        for ref, state in states.items()
    ]
    for line in format_table(("Object", "Phase", "Ready", "Message"), rows, session.terminal):
        session.terminal.print(line)


def _advise(waiting: Sequence[Ref], states: dict[Ref, State]) -> list[str]:
    lines = shorten([f"{ref}: {states[ref].text}" for ref in waiting], SHOWN)
    first = waiting[0]
    return [*lines, f"more: dbaas describe {first.served.singular} {first.key.name} -n {first.key.namespace}"]


def _describe_hold(state: State) -> str:
    """What is said of its readiness is no reason for it to stay."""
    return "its deletion is under way" if state.was_ready else state.text or "its finalizers hold it"


def _count(some: Sequence[Ref], total: int) -> str:
    return f"{len(some)} of {total} object{'s' if total != 1 else ''}"
