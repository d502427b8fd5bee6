"""What instances that agree through the API have written there: who takes writes, and who follows. Pure.

They are members of Patroni: each says in an annotation of its Pod how it is, all together agree in notes called after
the cluster (patroni.dcs.kubernetes). A node runs that Pod, or it only stands for something else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dbaas.api.core import CONFIG_MAP, POD
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.manifests.metadata import LABEL_ROLE

PRIMARY, REPLICA = "primary", "replica"
LEADER, CONFIG, SYNC, FAILOVER = "leader", "config", "sync", "failover"
"""Notes. The first says by that key who has the lock, which it renews as long as it lives."""
STATUS = "status"


@dataclass(frozen=True)
class Member:
    """How an instance is, by what it said last. `position` is where in the log of changes it is, in bytes.

    `name` is that of its Pod, which the others know it by. `role` is empty while its server does not run, or nobody has
    agreed on it. `unsettled` are settings that only a start makes count.
    """

    instance: str
    name: str
    role: str = ""
    is_streaming: bool = False
    timeline: int = 0
    position: int = 0
    unsettled: Sequence[str] = ()


@dataclass(frozen=True)
class Agreement:
    """What all of them have said, by instance. `leader` is the instance that has the lock; empty where none has."""

    members: Mapping[str, Member] = field(default_factory=dict)
    leader: str = ""

    @property
    def primary(self) -> str:
        """Who takes writes: the one with the lock, once its server runs as such."""
        found = self.members.get(self.leader)
        return self.leader if found is not None and found.role == PRIMARY else ""

    def explain_rift(self) -> str:
        """Why they are not yet a primary and replicas that follow it, all on one timeline; empty where they are."""
        primary = self.members.get(self.primary)
        if primary is None:
            return f"{self.leader} takes over" if self.leader else "the instances agree on a primary"
        for member in self.members.values():
            if member is not primary and not (member.is_streaming and member.timeline == primary.timeline):
                return f"{member.instance} does not follow {primary.instance} yet"
        return ""


def find_note(cluster: Resource, name: str, children: Sequence[Resource]) -> Resource | None:
    """The object in which they agree on that."""
    wanted = f"{cluster.metadata.name}-{name}"
    return next((each for each in children if each.kind == CONFIG_MAP and each.metadata.name == wanted), None)


def read_agreement(cluster: Resource, children: Sequence[Resource]) -> Agreement:
    leader = _read(find_note(cluster, LEADER, children), LEADER)
    members = [_read_member(child, leader) for child in children if child.kind == POD]
    names = {member.name: member.instance for member in members}
    return Agreement({member.instance: member for member in members}, names.get(leader, leader))


def explain_exposure(cluster: Resource, children: Sequence[Resource], instances: int) -> str:
    """Why nobody could take over if the primary was lost now, though commits are to wait for replicas.

    Empty where they wait for as many of these `instances` as they are to, and where they wait for none.
    """
    notes = {name: find_note(cluster, name, children) for name in (LEADER, CONFIG, SYNC)}
    shared, leader = read_map(notes[CONFIG], CONFIG), _read(notes[LEADER], LEADER)
    if instances < 2 or not shared.get("synchronous_mode"):
        return ""
    least = min(_number(shared.get("synchronous_node_count")) or 1, instances - 1)
    waited_for = read_waited_for(notes[SYNC]) - {leader} if _read(notes[SYNC], LEADER) == leader else frozenset()
    if len(waited_for) >= least:
        return ""
    wait = f"commits wait for {len(waited_for)} of {least} replicas" if waited_for else "commits wait for no replica"
    return f"{wait} yet, so none may take over"


def read_waited_for(note: Resource | None) -> frozenset[str]:
    """Names of the members that commits wait for, by the note in which they agree on that."""
    return frozenset(name.strip() for name in _read(note, "sync_standby").split(",")) - {""}


def read_roles(cluster: Resource, children: Sequence[Resource]) -> Mapping[str, str] | None:
    """By instance, None where the only one is the primary. A primary that has died may still be labelled as such."""
    members = read_agreement(cluster, children).members
    return {instance: member.role for instance, member in members.items()} or None


def find_unsettled(children: Sequence[Resource]) -> tuple[str, ...]:
    """What the instances say of settings that only a start makes count."""
    members = (_read_member(child, "") for child in children if child.kind == POD)
    return tuple(
        f"{each.instance} must be started anew before these settings count: {', '.join(each.unsettled)}"
        for each in members
        if each.unsettled
    )


def read_map(there: Resource | None, annotation: str) -> Mapping[str, Any]:
    """The JSON in that annotation; empty where there is none that can be read."""
    said = read_said(there, annotation)
    return said if isinstance(said, dict) else {}


def read_said(there: Resource | None, annotation: str) -> object:
    """The JSON in that annotation; None where there is none that can be read."""
    try:
        return json.loads(_read(there, annotation))
    except ValueError:
        return None


def _read_member(pod: Resource, leader: str) -> Member:
    name, labels, said = pod.metadata.name, pod.metadata.labels, read_map(pod, STATUS)
    role, reasons = labels.get(LABEL_ROLE, ""), said.get("pending_restart_reason")
    return Member(
        labels.get(LABEL_INSTANCE) or name,
        name,
        role="" if role == PRIMARY and name != leader else role,
        is_streaming=said.get("replication_state") == "streaming",
        timeline=_number(said.get("timeline")),
        position=_number(said.get("xlog_location")),
        unsettled=sorted(reasons) if isinstance(reasons, dict) else (),
    )


def _read(note: Resource | None, annotation: str) -> str:
    return note.metadata.annotations.get(annotation, "") if note is not None else ""


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
