"""Which instances of a cluster may be started anew now, so that the others serve meanwhile. Pure.

One at a time, replicas first; each must be whole again before the next. The primary comes last, when another one that
is as it is wanted has taken over.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dbaas.contracts.provider import InstanceFacts
from dbaas.manifests.agreement import PRIMARY

_WHILE_ELECTING = frozenset({"NotReady", "Starting", "NotFollowing"})


@dataclass(frozen=True)
class Turn:
    """`now` are instances whose turn it is; `waits` tells of all others what they wait for.

    `gives_up` is a primary that must hand over before its turn comes, to one of `successors`. `held` is what whoever is
    not named waits for.
    """

    now: frozenset[str] = frozenset()
    waits: Mapping[str, str] = field(default_factory=dict)
    gives_up: str = ""
    successors: Sequence[str] = ()
    held: str = "the others"


def find_turn(changing: Collection[str], held: Collection[str], facts: Sequence[InstanceFacts]) -> Turn:
    """`changing` are those that must be started anew, `held` those of which that waits for something else.

    A broken one need not wait: what it is started anew for may be what breaks it.
    """
    if len(facts) < 2 or not changing:
        return Turn(frozenset(changing))
    broken = find_broken(changing, facts)
    if broken:
        return Turn(frozenset(broken), _wait(changing, broken, f"{broken[0]}, which does not serve, comes first"))
    unwhole = next((one for one in facts if not _is_whole(one)), None)
    if unwhole is not None:
        return Turn(waits=_wait(changing, (), f"{unwhole.name} is not ready yet{_why(unwhole)}"))
    replicas = [one.name for one in facts if one.name in changing and one.role != PRIMARY]
    if replicas:
        return Turn(frozenset(replicas[:1]), _wait(changing, replicas[:1], f"{replicas[0]} comes first"))
    successors = [one.name for one in facts if one.role != PRIMARY and one.name not in held]
    if not successors:
        return Turn(frozenset(changing))
    (primary,) = changing
    return Turn(waits={primary: "another instance takes over first"}, gives_up=primary, successors=successors)


def are_electing(facts: Sequence[InstanceFacts]) -> bool:
    """Whether several may only be about to agree on a primary: there is none, and nothing else keeps those who do not
    serve from it."""
    waiting = [one for one in facts if not one.is_ready]
    return (
        len(facts) > 1
        and not any(one.role == PRIMARY for one in facts if one.is_ready)
        and all(one.reason in _WHILE_ELECTING for one in waiting)
    )


def find_broken(changing: Collection[str], facts: Sequence[InstanceFacts]) -> Sequence[str]:
    """Those that do not serve, in order."""
    there = {one.name: one for one in facts}
    return [name for name in changing if name not in there or not there[name].is_ready]


def _is_whole(one: InstanceFacts) -> bool:
    return one.is_ready and bool(one.role)


def _why(one: InstanceFacts) -> str:
    return f": {one.message}" if one.message and not one.is_ready else ""


def _wait(changing: Collection[str], now: Collection[str], why: str) -> dict[str, str]:
    return {name: why for name in changing if name not in now}
