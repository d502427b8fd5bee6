"""How members are started anew, in place, so that settings count that no other start makes count. Pure.

A few settings (`max_connections`, for one) must never be lower on a replica than on its primary. So a replica that is
started with a lower value takes that which its primary had, and becomes a primary with it. Only one that is the primary
can begin, as it is (Patroni's manual, "Patroni configuration").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from dbaas.api.core import POD
from dbaas.api.resource import GROUP, Resource
from dbaas.contracts.action import Call, Move, Task, Write
from dbaas.manifests.agreement import STATUS, Agreement, Member, read_agreement, read_map

ATTEMPT = f"{GROUP}/settled"
"""On a Pod: for which task its server was started anew last, and how often in a row."""
MOST_ATTEMPTS = 3
RESTART = "/restart"


def settle(cluster: Resource, task: Task, children: Sequence[Resource]) -> Move:
    """The primary first, then one replica after the other; each a few times at most, and once for each task.

    The mark of a task is what it is about and the number of the attempt, with a dot between them.
    """
    agreement = read_agreement(cluster, children)
    unsettled = [member for member in _in_order(agreement) if member.unsettled]
    pods = {pod.metadata.name: pod for pod in children if pod.kind == POD}
    due = [member for member in unsettled if _count(pods[member.name], task) < MOST_ATTEMPTS]
    if not due:
        return Move()
    first, pod = due[0], pods[due[0].name]
    waits = agreement.explain_rift() or f"{first.instance} is started anew for {', '.join(first.unsettled)}"
    if agreement.explain_rift() or _mark(pod) == task.mark:
        return Move(waits=waits)
    url = find_control(pod)
    if not url:
        return Move(waits=f"{first.instance} must be started anew, and says no address of its own to ask it at")
    said = f"{task.mark}.{_count(pod, task) + 1}"
    return Move(
        [Write(pod, {"metadata": {"annotations": {ATTEMPT: said}}})], waits,
        calls=[Call(f"{url}{RESTART}", {"restart_pending": True})],
    )  # fmt: skip


def find_control(pod: Resource) -> str:
    """Where its Patroni is asked, as the beginning of a URL; empty where it names a place that is not its own.

    It writes that itself, and a password goes there: so only the address that its node gave it counts, or, where no
    node runs it, this machine.
    """
    try:
        said = urlsplit(str(read_map(pod, STATUS).get("api_url", "")))
        host, port = ip_address(said.hostname or ""), said.port
        own = pod.status.get("podIP")
        is_own = host == ip_address(str(own)) if own else host.is_loopback
    except ValueError:
        return ""
    return f"{said.scheme}://{said.netloc}" if is_own and port and said.username is None else ""


def _in_order(agreement: Agreement) -> Iterator[Member]:
    yield from sorted(agreement.members.values(), key=lambda member: member.instance != agreement.primary)


def _mark(pod: Resource) -> str:
    return pod.metadata.annotations.get(ATTEMPT, "").rpartition(".")[0]


def _count(pod: Resource, task: Task) -> int:
    """How often it was started anew for what the task is about."""
    about, _, number = pod.metadata.annotations.get(ATTEMPT, "").rpartition(".")
    is_same = about.rpartition(".")[0] == task.mark.rpartition(".")[0]
    return int(number) if is_same and number.isdecimal() else 0
