"""How instances are, told by their StatefulSets, and by their pods where those were read. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dbaas.api.core import PERSISTENT_VOLUME_CLAIM, POD, SERVICE, STATEFUL_SET
from dbaas.api.resource import LABEL_INSTANCE, Resource
from dbaas.contracts.provider import DATA_MISSING, DATA_OF_OTHER_VERSION, ClusterFacts, InstanceFacts
from dbaas.contracts.upgrade import UPGRADE_FAILED
from dbaas.core.quantity import parse_quantity
from dbaas.manifests.agreement import explain_exposure, find_unsettled, read_roles
from dbaas.manifests.metadata import LABEL_ROLE
from dbaas.manifests.standing import add_standings
from dbaas.providers.statefulset.names import host_of
from dbaas.providers.statefulset.scripts import PROGRAM_MISSING

SHOWN_CHARACTERS = 500
_REASON = re.compile(r"^([A-Z][A-Za-z]+): (.+)", re.DOTALL)
_FULL = "No space left on device"
_GROWTH_FAILURES = ("ControllerResizeError", "NodeResizeError")  # KEP-1790
_USUAL_WAITS = frozenset({"PodInitializing", "ContainerCreating"})
_REFUSALS = frozenset({DATA_MISSING, DATA_OF_OTHER_VERSION, PROGRAM_MISSING, UPGRADE_FAILED})
"""Reasons of our own in the last words of a pod that will never start as things stand."""


def observe(cluster: Resource, children: Sequence[Resource]) -> ClusterFacts:
    """The endpoint is a Service, so it is there before any server is.

    What several instances are only their pods say, so without these nobody knows.
    """
    sets = sorted((each for each in children if each.kind == STATEFUL_SET), key=lambda each: each.key)
    pods = {pod.metadata.labels.get(LABEL_INSTANCE, ""): pod for pod in children if pod.kind == POD}
    services = {each.metadata.name: each for each in children if each.kind == SERVICE}
    agreed = read_roles(cluster, children) or {}
    found = [_look(each, pods.get(each.metadata.name), agreed) for each in sets]
    named = {one.name for one in found}
    found += [_linger(name, agreed) for name in sorted(pods) if name and name not in named]
    are_several = any(not _fixed_role(each) for each in sets)
    claims = (each for each in children if each.kind == PERSISTENT_VOLUME_CLAIM)
    facts = ClusterFacts(
        add_standings(found, cluster, children) if are_several else tuple(found),
        growing=tuple(told for claim in claims if (told := _explain_growth(claim))),
        unsettled=find_unsettled(children) if are_several else (),
        exposed=explain_exposure(cluster, children, len(sets)),
    )
    first, others = (services.get(f"{cluster.metadata.name}-{which}") for which in ("rw", "ro"))
    if first is None:
        return facts
    replica = f"{_host(others)}:{_port(others)}" if others is not None and len(sets) > 1 else ""
    return replace(facts, host=_host(first), port=_port(first), external=_external(first), replica=replica)


def _host(service: Resource) -> str:
    return host_of(service.metadata.name, service.metadata.namespace)


def _fixed_role(stateful_set: Resource) -> str:
    """What its template says; empty where several agree on it."""
    metadata = (stateful_set.spec.get("template") or {}).get("metadata") or {}
    return str((metadata.get("labels") or {}).get(LABEL_ROLE, ""))


def _look(stateful_set: Resource, pod: Resource | None, agreed: Mapping[str, str]) -> InstanceFacts:
    found = _look_at_pod(stateful_set, pod)
    return replace(found, role=_fixed_role(stateful_set) or agreed.get(found.name, ""))


def _linger(name: str, agreed: Mapping[str, str]) -> InstanceFacts:
    """Its StatefulSet has gone, and its pod has not yet: it may still be one of those that agree."""
    return InstanceFacts(
        name, is_ready=False, role=agreed.get(name, ""), reason="Terminating", message="its pod is being stopped",
        lingers=True,
    )  # fmt: skip


def _look_at_pod(stateful_set: Resource, pod: Resource | None) -> InstanceFacts:
    name, status = stateful_set.metadata.name, stateful_set.status
    is_current = int(status.get("observedGeneration", 0)) >= stateful_set.metadata.generation
    is_updated = status.get("currentRevision") == status.get("updateRevision")
    is_ready = is_current and is_updated and int(status.get("readyReplicas") or 0) >= 1
    if is_ready:
        return InstanceFacts(name, is_ready=True, restarts=_restarts(pod))
    reason, message = explain_pod(pod) if pod is not None else ("Pending", "its pod is not there yet")
    if pod is not None and is_current and not is_updated and reason == "NotReady":
        reason, message = "Updating", "its pod is being replaced"
    return InstanceFacts(
        name, is_ready=False, restarts=_restarts(pod), reason=reason, message=message,
        is_refused=reason in _REFUSALS, wants_back=reason == UPGRADE_FAILED, lingers=pod is not None,
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


def explain_pod(pod: Resource) -> tuple[str, str]:
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
    if match is not None and match[1] in _REFUSALS:
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
