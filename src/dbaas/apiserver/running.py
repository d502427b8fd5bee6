"""What Kubernetes fills into Pods, and into the Pods of Jobs, although nothing here runs them.

Source: `pkg/apis/core/v1/defaults.go`, `pkg/apis/core/v1/helper/qos`, `pkg/registry/batch/job/strategy.go`, and the
admission plugins Priority and DefaultTolerationSeconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

TOLERATED_SECONDS = 300
NODE_TROUBLES = ("node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable")
MEASURES = ("cpu", "memory")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_USUALLY = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_USUAL_WORDS = {"restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler"}
_USUAL_WORDS_OF_CONTAINERS = {"terminationMessagePolicy": "File", "terminationMessagePath": "/dev/termination-log"}
_IMAGE = re.compile(r"[-\w.:/@]+", re.ASCII)  # anything else is no name of an image, and has no tag


def containers_of(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Those that run at first and those that stay."""
    for part in ("initContainers", "containers"):
        yield from (each for each in spec.get(part) or () if isinstance(each, dict))


def complete_words(spec: dict[str, Any]) -> None:
    """An empty one of several words is the usual one."""
    replace_empty(spec, _USUAL_WORDS)
    for container in containers_of(spec):
        replace_empty(container, _USUAL_WORDS_OF_CONTAINERS)


def replace_empty(part: dict[str, Any], usual: Mapping[str, str]) -> None:
    """An empty text is as good as none where Go cannot tell the two from each other."""
    part.update({field: word for field, word in usual.items() if part.get(field) == ""})


def complete_containers(spec: Mapping[str, Any]) -> None:
    """An image that may mean another one tomorrow is pulled each time; a probe that never would is made as usual."""
    for container in containers_of(spec):
        for probe in map(container.get, _PROBES):
            if isinstance(probe, dict):
                probe.update({field: usual for field, usual in _USUALLY.items() if probe.get(field) == 0})
        image = container.get("image")
        _complete_amounts(container.get("resources"))
        if isinstance(image, str):
            tag = image.rpartition("/")[2].partition(":")[2] or "latest"
            moves = tag == "latest" and "@" not in image and _IMAGE.fullmatch(image) is not None
            container.setdefault("imagePullPolicy", "Always" if moves else "IfNotPresent")


def _complete_amounts(resources: Any) -> None:
    """Amounts are written as texts."""
    for part in ("limits", "requests") if isinstance(resources, dict) else ():
        amounts = resources.get(part)
        if isinstance(amounts, dict):
            resources[part] = {name: str(n) if isinstance(n, int) else n for name, n in amounts.items()}


def open_host_ports(spec: Mapping[str, Any]) -> None:
    """In the network of its node, a container's ports are the node's."""
    for container in containers_of(spec):
        for port in container.get("ports") or ():
            if not port.get("hostPort"):
                port["hostPort"] = port.get("containerPort") or 0


def request_limits(spec: Mapping[str, Any]) -> None:
    """Who limits an amount and does not request one requests as much."""
    for container in containers_of(spec):
        resources = container.get("resources")
        if isinstance(resources, dict) and isinstance(resources.get("limits"), dict):
            resources["requests"] = {**resources["limits"], **(resources.get("requests") or {})}


def schedule(spec: dict[str, Any]) -> None:
    """Nobody's priority is another than the default, and a node in trouble is left after five minutes."""
    spec.setdefault("priority", 0)
    spec.setdefault("preemptionPolicy", "PreemptLowerPriority")
    tolerations = list(spec.get("tolerations") or ())
    for trouble in NODE_TROUBLES:
        if not any(_tolerates(each, trouble) for each in tolerations):
            left = {"key": trouble, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": TOLERATED_SECONDS}
            tolerations.append(left)
    spec["tolerations"] = tolerations


def quality_of_service(spec: Mapping[str, Any]) -> str:
    """`status.qosClass` of a Pod."""
    wanted = [container.get("resources") or {} for container in containers_of(spec)]
    if not any(_amounts(each, part) for each in wanted for part in ("requests", "limits")):
        return "BestEffort"
    exact = all(
        len(limits := _amounts(each, "limits")) == len(MEASURES) and {**limits, **_amounts(each, "requests")} == limits
        for each in wanted
    )
    return "Guaranteed" if exact else "Burstable"


def mark_pods_of_job(job: dict[str, Any]) -> None:
    """Its Pods are told from others by the Job's uid, unless the Job names the labels itself."""
    spec, metadata = job["spec"], job["metadata"]
    if spec.get("manualSelector") or not isinstance(spec.get("template"), dict):
        return
    uid, name = metadata["uid"], metadata.get("name", "")
    marks = {"controller-uid": uid, "job-name": name}
    marks |= {f"batch.kubernetes.io/{key}": value for key, value in marks.items()}
    template = spec["template"].setdefault("metadata", {})
    template["labels"] = {**(template.get("labels") or {}), **marks}
    selector = spec.get("selector") or {}
    matched = {**(selector.get("matchLabels") or {}), "batch.kubernetes.io/controller-uid": uid}
    spec["selector"] = {**selector, "matchLabels": matched}


def _tolerates(toleration: Mapping[str, Any], trouble: str) -> bool:
    return toleration.get("key") in (None, trouble) and toleration.get("effect") in (None, "NoExecute")


def _amounts(resources: Mapping[str, Any], part: str) -> dict[str, Any]:
    given = resources.get(part) or {}
    return {measure: given[measure] for measure in MEASURES if str(given.get(measure, "0")) != "0"}
