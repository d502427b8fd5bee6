"""How instances are, told by their StatefulSets, and by their pods where those were read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dbaas.api.core import PERSISTENT_VOLUME_CLAIM, POD, SERVICE, STATEFUL_SET
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, ClusterFacts, InstanceFacts
from dbaas.core.quantity import parse_quantity
from dbaas.providers.statefulset.names import host_of

SHOWN_CHARACTERS = 500
_REASON = re.compile(r"^([A-Z][A-Za-z]+): (.+)", re.DOTALL)
_FULL = "No space left on device"
_GROWTH_FAILURES = ("ControllerResizeError", "NodeResizeError")  # KEP-1790
_USUAL_WAITS = frozenset({"PodInitializing", "ContainerCreating"})


def observe(cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
    """The endpoint is a Service, so it is there before any server is."""
    sets = sorted((each for each in children if each.kind == STATEFUL_SET), key=lambda each: each.key)
    pods = {pod.metadata.labels.get(LABEL_INSTANCE, ""): pod for pod in children if pod.kind == POD}
    services = {each.metadata.name: each for each in children if each.kind == SERVICE}
    instances = tuple(_look(each, pods.get(each.metadata.name)) for each in sets)
    claims = (each for each in children if each.kind == PERSISTENT_VOLUME_CLAIM)
    growing = tuple(told for claim in claims if (told := _explain_growth(claim)))
    first = services.get(f"{cluster.metadata.name}-rw")
    if first is None:
        return ClusterFacts(instances, growing=growing)
    host, port = host_of(first.metadata.name, first.metadata.namespace), _port(first)
    return ClusterFacts(instances, host, port, external=_external(first), growing=growing)


def _look(stateful_set: Resource, pod: Resource | None) -> InstanceFacts:
    name, status = stateful_set.metadata.name, stateful_set.status
    is_current = int(status.get("observedGeneration", 0)) >= stateful_set.metadata.generation
    is_updated = status.get("currentRevision") == status.get("updateRevision")
    is_ready = is_current and is_updated and int(status.get("readyReplicas") or 0) >= 1
    if is_ready:
        return InstanceFacts(name, is_ready=True, restarts=_restarts(pod))
    reason, message = _explain(pod) if pod is not None else ("Pending", "its pod is not there yet")
    if pod is not None and is_current and not is_updated and reason == "NotReady":
        reason, message = "Updating", "its pod is being replaced"
    return InstanceFacts(
        name, is_ready=False, restarts=_restarts(pod), reason=reason, message=message,
        is_refused=reason == DATA_OF_OTHER_VERSION,
    )  # fmt: skip


def _explain_growth(claim: Resource) -> str:
    """Empty where it has the size that is asked for, or has no volume yet."""
    asked = str(((claim.spec.get("resources") or {}).get("requests") or {}).get("storage", "0"))
    has = (claim.status.get("capacity") or {}).get("storage")
    if not has or parse_quantity(str(has)) >= parse_quantity(asked):
        return ""
    told = f"{claim.metadata.labels.get(LABEL_INSTANCE)}: its volume grows from {has} to {asked}"
    conditions = {c.get("type"): c for c in claim.status.get("conditions") or () if c.get("status") == "True"}
    for failure in _GROWTH_FAILURES:
        if failure in conditions:
            return f"{told}, which has failed so far: {conditions[failure].get('message') or failure}"
    return f"{told}; its file system is still to follow" if "FileSystemResizePending" in conditions else told


def _explain(pod: Resource) -> tuple[str, str]:
    """Reason and message of the first thing that keeps it from being ready."""
    if pod.metadata.is_deleting:
        return "Terminating", "its pod is being stopped"
    for condition in pod.status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            return str(condition.get("reason") or "Unschedulable"), str(condition.get("message") or "no node takes it")
    if not pod.spec.get("nodeName"):
        return "Unschedulable", "no node has been chosen for its pod"
    for each in _containers(pod):
        found = _explain_container(each)
        if found is not None:
            return found
    if pod.status.get("reason"):
        return str(pod.status["reason"]), str(pod.status.get("message", ""))
    return "NotReady", "its server does not accept logins yet"


def _explain_container(status: Mapping[str, Any]) -> tuple[str, str] | None:
    """Why it does not run, by its own last words where it has run before."""
    waiting = (status.get("state") or {}).get("waiting") or {}
    ended = (status.get("state") or {}).get("terminated") or (status.get("lastState") or {}).get("terminated") or {}
    is_running = "running" in (status.get("state") or {})
    if ended and ended.get("exitCode") and not is_running:
        return _last_words(str(status.get("name")), ended, str(waiting.get("reason") or "Failed"))
    reason = str(waiting.get("reason") or "")
    if reason and reason not in _USUAL_WAITS:
        return reason, str(waiting.get("message") or f"container {status.get('name')} cannot start")
    return None


def _last_words(container: str, ended: Mapping[str, Any], usual: str) -> tuple[str, str]:
    said = str(ended.get("message") or "").strip()
    match = _REASON.match(said)
    if match is not None and match[1] == DATA_OF_OTHER_VERSION:
        return match[1], match[2]
    if _FULL in said:
        return "DiskFull", f"its volume is full: make spec.storage.size larger; {said[-SHOWN_CHARACTERS:]}"
    if ended.get("reason") == "OOMKilled":
        return "OOMKilled", "it was killed because it used more memory than spec.resources allows"
    what = f"container {container} ended with code {ended.get('exitCode')}"
    return usual, f"{what}: {said[-SHOWN_CHARACTERS:]}" if said else what


def _containers(pod: Resource) -> list[Mapping[str, Any]]:
    status = pod.status
    return [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]


def _restarts(pod: Resource | None) -> int:
    return sum(int(each.get("restartCount", 0)) for each in _containers(pod)) if pod is not None else 0


def _port(service: Resource) -> int:
    ports = service.spec.get("ports") or ()
    return int(ports[0]["port"]) if ports else 0


def _external(service: Resource) -> str:
    """Where a load balancer leads; of a NodePort only the port is known, since any node will do."""
    kind = service.spec.get("type")
    for each in ((service.status.get("loadBalancer") or {}).get("ingress") or ()) if kind == "LoadBalancer" else ():
        return f"{each.get('hostname') or each.get('ip')}:{_port(service)}"
    ports = service.spec.get("ports") or ()
    if kind == "NodePort" and ports and ports[0].get("nodePort"):
        return f":{ports[0]['nodePort']}"
    return ""
