"""How instances that agree through the API are asked to hand over, and whether they have. Pure.

Patroni's own way: a note that names who gives up and who takes over. The one that has the lock acts on it within
seconds and takes the note back, whether it could or not (patroni.ha.Ha.process_manual_failover_from_leader).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dbaas.api.operation import ANNOTATION_OPERATION
from dbaas.api.resource import GROUP, Resource
from dbaas.contracts.action import Move, Task, Write
from dbaas.contracts.reconcile import Refused
from dbaas.manifests.agreement import (
    CONFIG,
    FAILOVER,
    LEADER,
    SYNC,
    Agreement,
    Member,
    find_note,
    read_agreement,
    read_map,
    read_waited_for,
)

CANDIDATE = "member"
FORMER = f"{GROUP}/former"
"""On the note, beside the mark of the task: who was the primary then."""
_UNLIMITED = 1 << 62


def hand_over(cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
    """Another one becomes the primary: `task.instance`, or whoever is fit. Done when the rest follow it.

    Raises Refused where nobody may take over, or nobody has.
    """
    note, agreement = find_note(cluster, FAILOVER, children), read_agreement(cluster, children)
    if note is None:
        return Move(waits="the instances have nothing to agree in yet", has_begun=False)
    said = note.metadata.annotations
    if said.get(ANNOTATION_OPERATION) == task.mark:
        return _follow(task, note, agreement)
    if _asks(note):
        return Move(waits="another switchover goes on", has_begun=False)
    if not agreement.primary:
        return Move(waits=agreement.explain_rift(), has_begun=False)
    if task.primary not in ("", agreement.primary):
        return Move(waits=agreement.explain_rift(), has_begun=False)
    _require_fit(task, agreement, _Terms(cluster, children))
    marks = {ANNOTATION_OPERATION: task.mark, FORMER: agreement.primary}
    names = {instance: member.name for instance, member in agreement.members.items()}
    asked = {LEADER: names[agreement.primary], CANDIDATE: names.get(task.instance)}
    return Move([Write(note, {"metadata": {"annotations": {**marks, **asked}}})], "it is asked for", has_begun=False)


def take_back(cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
    """What is asked for and nobody has acted on must not happen some time later, when nobody expects it any more."""
    note = find_note(cluster, FAILOVER, children)
    if note is None or note.metadata.annotations.get(ANNOTATION_OPERATION) != task.mark or not _asks(note):
        return Move()
    return Move([Write(note, {"metadata": {"annotations": {LEADER: None, CANDIDATE: None}}})])


def _follow(task: Task, note: Resource, agreement: Agreement) -> Move:
    former, leader = note.metadata.annotations.get(FORMER, ""), agreement.leader
    if _asks(note) or not leader:
        return Move(waits=f"{former} hands over")
    if leader == former:
        why = f"{former} stays the primary: no instance was fit to take over, its log says why"
        raise Refused("SwitchoverRefused", why)
    if task.instance not in ("", leader):
        raise Refused("AnotherTookOver", f"{leader} has become the primary instead of {task.instance}")
    return Move(waits=agreement.explain_rift())


def _asks(note: Resource) -> bool:
    return bool({LEADER, CANDIDATE} & note.metadata.annotations.keys())


class _Terms:
    """Who may take over at all."""

    def __init__(self, cluster: Resource, children: Sequence[Resource]) -> None:
        config, sync = (find_note(cluster, name, children) for name in (CONFIG, SYNC))
        shared = read_map(config, CONFIG)
        limit = shared.get("maximum_lag_on_failover")
        self._most_behind = limit if isinstance(limit, int) else _UNLIMITED
        self._is_synchronous = bool(shared.get("synchronous_mode"))
        self._synchronous = read_waited_for(sync)

    def find_hindrance(self, member: Member, primary: Member) -> Refused | None:
        """Why it may not take over; None where it may."""
        name, other = member.instance, primary.instance
        if not member.is_streaming:
            return Refused("NotStreaming", f"{name} does not follow {other}: wait until it does, or rebuild it")
        behind, most = primary.position - member.position, self._most_behind
        if behind > most:
            return Refused("TooFarBehind", f"{name} is {behind} bytes behind {other}, more than {most}: wait")
        if self._is_synchronous and member.name not in self._synchronous:
            message = f"no commit waits for {name}, so it may not have all of them: choose another"
            return Refused("NotSynchronous", message)
        return None


def _require_fit(task: Task, agreement: Agreement, terms: _Terms) -> None:
    primary, replicas = agreement.members[agreement.primary], _without(agreement.members.values(), agreement.primary)
    if task.instance == primary.instance:
        raise Refused("AlreadyPrimary", f"{primary.instance} is the primary already")
    if task.instance and task.instance not in agreement.members:
        known = ", ".join(agreement.members)
        raise Refused("UnknownInstance", f"there is no instance {task.instance!r}: there are {known}")
    found = [terms.find_hindrance(each, primary) for each in replicas if task.instance in ("", each.instance)]
    hindrances = [each for each in found if each is not None]
    if len(hindrances) < len(found):
        return
    if task.instance:
        raise hindrances[0]
    why = "; ".join(each.message for each in hindrances) or "there is no replica"
    raise Refused("NobodyFit", f"nobody may take over: {why}")


def _without(members: Iterable[Member], instance: str) -> list[Member]:
    return [each for each in members if each.instance != instance]
