"""Columns of a Pod: how ready it is, in one word, and how often it was restarted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dbaas.apiserver.builtins.columns import AGE, NAME, NONE, Column, Object, age_of, aged, field, items, text


def restartable(pod: Object) -> set[str]:
    """Names of the init containers that keep running (sidecars)."""
    return {each["name"] for each in items(pod, "spec", "initContainers") if each.get("restartPolicy") == "Always"}


def condition_is_true(pod: Object, kind: str) -> bool:
    return any(each["type"] == kind and each["status"] == "True" for each in items(pod, "status", "conditions"))


def _ended(state: Mapping[str, Any], prefix: str = "") -> str:
    if state.get("reason"):
        return prefix + str(state["reason"])
    if state.get("signal"):
        return f"{prefix}Signal:{state['signal']}"
    return f"{prefix}ExitCode:{state.get('exitCode', 0)}"


def _has_initialised(container: Mapping[str, Any], sidecars: set[str]) -> bool:
    ended = field(container, "state", "terminated")
    if ended is not None and ended.get("exitCode", 0) == 0:
        return True
    return container["name"] in sidecars and bool(container.get("started"))


def _initialising(pod: Object) -> str | None:
    """The word for the first init container that is not through, None where all are."""
    sidecars = restartable(pod)
    for index, container in enumerate(items(pod, "status", "initContainerStatuses")):
        if _has_initialised(container, sidecars):
            continue
        if field(container, "state", "terminated") is not None:
            return _ended(container["state"]["terminated"], "Init:")
        waiting = field(container, "state", "waiting", "reason")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{index}/{len(items(pod, 'spec', 'initContainers'))}"
    return None


def _is_running(container: Mapping[str, Any]) -> bool:
    return bool(container.get("ready")) and field(container, "state", "running") is not None


def _running(pod: Object, word: str) -> str:
    """The word that the main containers give; the first container has the last say."""
    containers = items(pod, "status", "containerStatuses")
    failed = ""
    for container in reversed(containers):
        ended = field(container, "state", "terminated")
        if waiting := field(container, "state", "waiting", "reason"):
            word = waiting
        elif ended is not None:
            word = _ended(ended)
            failed = word if ended.get("exitCode", 0) else failed
    if word != "Completed":
        return word
    some_run = any(map(_is_running, containers))
    if some_run and condition_is_true(pod, "Ready"):
        return "Running"
    return failed or ("NotReady" if some_run else word)


def status(pod: Object) -> str:
    """The STATUS column of `kubectl get pods`."""
    phase = field(pod, "status", "phase") or ""
    reason = field(pod, "status", "reason")
    word = reason or phase
    if any(each.get("reason") == "SchedulingGated" for each in items(pod, "status", "conditions")):
        word = "SchedulingGated"
    starting = _initialising(pod)
    if starting is None or condition_is_true(pod, "Initialized"):
        word = _running(pod, word if starting is None else starting)
    else:
        word = starting
    if field(pod, "metadata", "deletionTimestamp"):
        if reason == "NodeLost":
            return "Unknown"
        if phase not in ("Succeeded", "Failed"):
            return "Terminating"
    return str(word)


def ready(pod: Object) -> str:
    """The READY column: containers that are ready, of all that should run."""
    sidecars = restartable(pod)
    started = [c for c in items(pod, "status", "initContainerStatuses") if c["name"] in sidecars and c.get("started")]
    count = sum(1 for container in started if container.get("ready"))
    count += sum(1 for container in items(pod, "status", "containerStatuses") if _is_running(container))
    return f"{count}/{len(items(pod, 'spec', 'containers')) + len(sidecars)}"


def restarts(pod: Object, now: datetime) -> str:
    """The RESTARTS column, with the time of the last one."""
    sidecars = restartable(pod)
    initial: Sequence[Any] = items(pod, "status", "initContainerStatuses")
    if _initialising(pod) is None or condition_is_true(pod, "Initialized"):
        initial = [each for each in initial if each["name"] in sidecars]
        counted = [*initial, *items(pod, "status", "containerStatuses")]
    else:
        counted = list(initial)
    total = sum(each.get("restartCount", 0) for each in counted)
    ends = [end for each in counted if (end := field(each, "lastState", "terminated", "finishedAt"))]
    return f"{total} ({age_of(max(ends), now)} ago)" if total and ends else str(total)


def _address(pod: Object) -> str:
    addresses = items(pod, "status", "podIPs")
    return str(addresses[0].get("ip", NONE)) if addresses else NONE


def _gates(pod: Object) -> str:
    gates = items(pod, "spec", "readinessGates")
    open_gates = sum(1 for gate in gates if condition_is_true(pod, gate["conditionType"]))
    return f"{open_gates}/{len(gates)}" if gates else NONE


COLUMNS: tuple[Column, ...] = (
    NAME,
    text("Ready", ready),
    text("Status", status),
    aged("Restarts", restarts),
    AGE,
    text("IP", _address, priority=1),
    text("Node", lambda pod: field(pod, "spec", "nodeName") or NONE, priority=1),
    text("Nominated Node", lambda pod: field(pod, "status", "nominatedNodeName") or NONE, priority=1),
    text("Readiness Gates", _gates, priority=1),
)
