"""Tells in the Pod that stands for a process how that is, as the kubelet would (API reference, PodStatus).

So whoever reads Pods, kubectl among them, sees what would be seen on Kubernetes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from dbaas.api.conditions import read_condition
from dbaas.api.core import POD
from dbaas.api.resource import Resource
from dbaas.contracts.client import Client, NotFound, WriteConflict
from dbaas.contracts.reconcile import Outcome
from dbaas.core.clock import format_time

CONTAINER = "server"


async def tell_pod(client: Client, process: Resource, outcome: Outcome, now: datetime) -> None:
    """Writes only what differs. Nothing where there is no such Pod, or it is somebody else's."""
    pod = await client.get(POD, process.key)
    if pod is None or pod.metadata.is_deleting or outcome.gone or not _belong_together(pod, process):
        return
    wanted = build_pod_status(pod, outcome, now)
    if any(pod.status.get(name) != value for name, value in wanted.items()):
        with suppress(NotFound, WriteConflict):  # it has just gone, or changed: its process is looked at again anyway
            await client.patch(POD, pod.key, {"status": wanted}, subresource="status")


def build_pod_status(pod: Resource, outcome: Outcome, now: datetime) -> Mapping[str, Any]:
    """`outcome` is that of the process. A condition keeps the time since when it is so."""
    ready = next(condition for condition in outcome.conditions if condition.type == "Ready")
    started, host = outcome.status.get("startedAt"), outcome.status.get("host")
    former = read_condition(pod, "Ready")
    since = former["lastTransitionTime"] if former.get("status") == ready.status else format_time(now)
    condition = {"type": "Ready", "status": ready.status, "lastTransitionTime": since}
    if ready.status != "True":
        condition |= {"reason": ready.reason, "message": ready.message}
    state = {"running": {"startedAt": started}} if started else {"waiting": {"reason": ready.reason}}
    container = {
        "name": CONTAINER, "image": "none", "imageID": "", "ready": ready.status == "True", "started": bool(started),
        "restartCount": outcome.status.get("restarts", 0), "state": state,
    }  # fmt: skip
    return {
        "phase": "Running" if started else "Pending",
        "conditions": [condition],
        "containerStatuses": [container],
        **({"hostIP": host, "podIP": host, "podIPs": [{"ip": host}]} if host else {}),
        **({"startTime": started} if started else {}),
    }


def _belong_together(pod: Resource, process: Resource) -> bool:
    owner = process.metadata.owner
    return owner is not None and pod.metadata.owner is not None and pod.metadata.owner.uid == owner.uid
