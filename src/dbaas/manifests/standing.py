"""How instances that replicate stand to each other: on which timeline each is, how far behind, and what it is doing.

Read from what members of Patroni say of themselves every other second. What is told of it must not change as often: a
lag is rounded to powers of two, and stays as it was told while it is roughly that. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dbaas.api.core import POD
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import InstanceFacts
from dbaas.core.quantity import parse_quantity
from dbaas.manifests.agreement import CONFIG, LEADER, STATUS, Agreement, find_note, read_agreement, read_map, read_said

LEAST_LAG = 16 * 1024 * 1024
"""Bytes. Below that a replica is as good as up to date: a member that is written to is never quite."""
_STREAMING = "streaming"
_POSITIONS = frozenset({"xlog_location", "receive_lsn", "replay_lsn"})
_RUNS = frozenset({"NotReady", "Starting"})  # why an instance is not ready that runs: whoever runs it knows no more


@dataclass(frozen=True)
class Doing:
    """What keeps an instance from serving."""

    reason: str
    message: str


_FAILED = " failed"
_START_FAILED = Doing("StartFailed", "its server does not start; its log says why")
_STARTS_AGAIN = frozenset({"stopped", "starting", "crashed"})
"""Between two starts that fail. Patroni tries it every few seconds for ever, which is no news each time."""
_DIVERGED = Doing(
    "Diverged",
    "it has changes that the primary never had, which Patroni takes back; where it cannot, rebuild the instance",
)
# Patroni's words for the state of a server where it does not serve; all that tell of a failed start end alike.
_DOING = {
    "initializing new cluster": Doing("Initialising", "it makes the data of a new cluster"),
    "creating replica": Doing("Joining", "it copies the data of the primary"),
    "starting": Doing("Starting", "its server starts, and replays what is not in its data files yet"),
    "restarting": Doing("Starting", "its server is started anew"),
    "stopping": Doing("Stopping", "its server is asked to end"),
    "stopped": Doing("ServerStopped", "its server does not run; Patroni is about to start it"),
    "crashed": Doing("ServerCrashed", "its server has ended by itself"),
    "stop failed": Doing("StopFailed", "its server does not end; its log says why"),
}


@dataclass(frozen=True)
class Standing:
    """`lag_bytes` is None where it is not known, and of the primary; `doing` where it serves, as far as is known."""

    timeline: int = 0
    lag_bytes: int | None = None
    doing: Doing | None = None


def add_standings(
    instances: Sequence[InstanceFacts], cluster: Resource, children: Sequence[Resource]
) -> tuple[InstanceFacts, ...]:
    """With all that the members say; nothing changes where there is but one instance."""
    standings = read_standings(cluster, children)
    return tuple(_add(one, standings.get(one.name, Standing())) for one in instances)


def _add(one: InstanceFacts, standing: Standing) -> InstanceFacts:
    added = replace(one, timeline=standing.timeline, lag_bytes=standing.lag_bytes)
    if one.is_ready or one.reason not in _RUNS or standing.doing is None:
        return added
    return replace(added, reason=standing.doing.reason, message=standing.doing.message)


def read_standings(cluster: Resource, children: Sequence[Resource]) -> Mapping[str, Standing]:
    """By instance; empty where there is but one."""
    agreement = read_agreement(cluster, children)
    note, forks = find_note(cluster, LEADER, children), _read_forks(find_note(cluster, CONFIG, children))
    behind = _read_lags(note) if agreement.primary else {}
    told, failed = _read_told(cluster), _read_failed(cluster)
    found: dict[str, Standing] = {}
    for pod in (child for child in children if child.kind == POD):
        name = pod.metadata.labels.get(LABEL_INSTANCE) or pod.metadata.name
        lag = None if name == agreement.primary else behind.get(_slot_name(pod.metadata.name))
        rounded = None if lag is None else settle_lag(lag, told.get(name, 0))
        member = agreement.members[name]
        fork = forks.get(member.timeline) if name != agreement.primary else None
        has_more = fork is not None and member.position > fork
        said = read_map(pod, STATUS)
        fails = _cannot_start(said, has_failed=name in failed)
        doing = _explain_failure(agreement, name) if fails else _explain(said, has_more=has_more)
        found[name] = Standing(member.timeline, rounded, doing)
    return found


def is_news(old: Resource, new: Resource) -> bool:
    """Whether the Pod of a member has changed in more than positions, which are others every other second.

    They count when they have passed a multiple of `LEAST_LAG`.
    """
    return _without_positions(old) != _without_positions(new)


def settle_lag(exact: int, told: int) -> int:
    """What is to be told of a lag, in bytes, where `told` is what was told last."""
    if told and told // 2 <= exact < 4 * told:
        return told
    return 1 << (exact.bit_length() - 1) if exact >= LEAST_LAG else 0


def _without_positions(pod: Resource) -> Mapping[str, Any]:
    body = pod.body()
    metadata = {
        name: value for name, value in body["metadata"].items() if name not in ("resourceVersion", "annotations")
    }
    said = {
        name: value // LEAST_LAG if name in _POSITIONS and isinstance(value, int) else value
        for name, value in read_map(pod, STATUS).items()
    }
    others = {name: value for name, value in pod.metadata.annotations.items() if name != STATUS}
    return {**body, "metadata": metadata, "said": said, "others": others}


def _read_lags(note: Resource | None) -> Mapping[str, int]:
    """By replication slot: what the primary had written, and what of it each replica had at the same moment."""
    written = note.metadata.annotations.get("optime", "") if note is not None else ""
    if not written.isdecimal():
        return {}
    slots = read_map(note, "slots")
    return {name: max(0, int(written) - position) for name, position in slots.items() if isinstance(position, int)}


def _read_forks(note: Resource | None) -> Mapping[int, int]:
    """By timeline, where in the log of changes the next one left it (patroni.dcs.TimelineHistory)."""
    said = read_said(note, "history")
    forks = (each[:2] for each in said if isinstance(each, list)) if isinstance(said, list) else ()
    return {each[0]: each[1] for each in forks if len(each) == 2 and all(isinstance(number, int) for number in each)}


def _read_told(cluster: Resource) -> Mapping[str, int]:
    instances = cluster.status.get("instances") or ()
    return {each["name"]: int(parse_quantity(each["lag"])) for each in instances if each.get("lag")}


def _read_failed(cluster: Resource) -> frozenset[str]:
    """Whose server was told not to start."""
    instances = cluster.status.get("instances") or ()
    return frozenset(each["name"] for each in instances if each.get("reason") == _START_FAILED.reason)


def _slot_name(member: str) -> str:
    """As Patroni makes it from the name of a member (patroni.dcs.slot_name_from_member_name)."""
    return member.replace("-", "_").replace(".", "_")[:63]


def _cannot_start(said: Mapping[str, Any], *, has_failed: bool) -> bool:
    state = str(said.get("state", ""))
    return (state.endswith(_FAILED) and state not in _DOING) or (has_failed and state in _STARTS_AGAIN)


def _explain_failure(agreement: Agreement, name: str) -> Doing:
    """With a way out that always leads there, where another instance has all the data."""
    if agreement.primary in ("", name):
        return _START_FAILED
    return replace(_START_FAILED, message=f"{_START_FAILED.message}; a rebuild copies the data of {agreement.primary}")


def _explain(said: Mapping[str, Any], *, has_more: bool) -> Doing | None:
    state, following = str(said.get("state", "")), said.get("replication_state")
    if state in _DOING:
        return _DOING[state]
    if said.get("role") != "replica" or following == _STREAMING:
        return None
    if has_more:
        return _DIVERGED
    doing = f"it is {following}" if following else "nothing comes from there"
    return Doing("NotFollowing", f"its server runs and does not follow the primary: {doing}")
