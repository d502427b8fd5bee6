"""How a cluster is, from the status of its children and its pods."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import PERSISTENT_VOLUME_CLAIM, POD, SERVICE, STATEFUL_SET
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, InstanceFacts
from dbaas.providers.statefulset.observing import observe

SETTLED = {"observedGeneration": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}
FAILED = {"exitCode": 1, "reason": "Error"}


def stateful_set(**status: Any) -> Resource:
    metadata = {"name": "main", "namespace": "shop", "generation": 1}
    return build_resource(STATEFUL_SET, {"metadata": metadata, "status": {**SETTLED, **status}})


def pod(*, node: str = "n", deleting: bool = False, **status: Any) -> Resource:
    metadata: dict[str, Any] = {"name": "main-0", "namespace": "shop", "labels": {"dbaas.io/instance": "main"}}
    if deleting:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return build_resource(POD, {"metadata": metadata, "spec": {"nodeName": node}, "status": status})


def server(state: dict[str, Any], last: dict[str, Any] | None = None, name: str = "server") -> dict[str, Any]:
    return {"name": name, "state": state, "lastState": last or {}, "restartCount": 2}


def service(**spec: Any) -> Resource:
    status = spec.pop("status", {})
    body = {"metadata": {"name": "main-rw", "namespace": "shop"}, "spec": {"ports": [{"port": 5432}], **spec}}
    return build_resource(SERVICE, {**body, "status": status})


def look(*children: Resource) -> InstanceFacts:
    (instance,) = observe(declare(), children).instances
    return instance


def why(*children: Resource) -> str:
    found = look(*children)
    assert not found.is_ready and found.message
    return found.reason


def test_an_instance_is_ready_when_its_newest_pod_is() -> None:
    assert look(stateful_set()).is_ready


@pytest.mark.parametrize(
    "status",
    [{"observedGeneration": 0}, {"readyReplicas": 0}, {"updateRevision": "b"}, {"readyReplicas": None}],
    ids=str,
)
def test_what_is_not_settled_is_not_ready(status: dict[str, Any]) -> None:
    assert not look(stateful_set(**status)).is_ready


def test_a_pod_that_no_node_takes_says_what_the_scheduler_says() -> None:
    condition = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": "0/3 nodes"}
    found = look(stateful_set(readyReplicas=0), pod(node="", conditions=[condition]))
    assert (found.reason, found.message) == ("Unschedulable", "0/3 nodes")
    assert why(stateful_set(readyReplicas=0), pod(node="")) == "Unschedulable"


@pytest.mark.parametrize("reason", ["ImagePullBackOff", "ErrImagePull", "CreateContainerConfigError"])
def test_a_container_that_cannot_start_says_why(reason: str) -> None:
    waiting = server({"waiting": {"reason": reason, "message": "no such image"}})
    found = look(stateful_set(readyReplicas=0), pod(containerStatuses=[waiting]))
    assert (found.reason, found.message, found.restarts) == (reason, "no such image", 2)


def test_a_server_that_crashes_is_quoted() -> None:
    crashed = server(
        {"waiting": {"reason": "CrashLoopBackOff"}}, {"terminated": {**FAILED, "message": "FATAL: bad setting\n"}}
    )
    found = look(stateful_set(readyReplicas=0), pod(containerStatuses=[crashed]))
    assert (found.reason, found.message) == (
        "CrashLoopBackOff",
        "container server ended with code 1: FATAL: bad setting",
    )


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ({"message": "could not write: No space left on device"}, "DiskFull"),
        ({"reason": "OOMKilled", "exitCode": 137}, "OOMKilled"),
        ({"message": "x"}, "Failed"),
    ],
    ids=str,
)
def test_a_failure_that_has_a_name_gets_it(ended: dict[str, Any], reason: str) -> None:
    failed = server({"terminated": {**FAILED, **ended}})
    assert why(stateful_set(readyReplicas=0), pod(containerStatuses=[failed])) == reason


def test_data_of_another_version_is_refused_for_good() -> None:
    said = {**FAILED, "message": f"{DATA_OF_OTHER_VERSION}: made by version 16\n"}
    failed = server({"terminated": said}, name="init")
    found = look(stateful_set(readyReplicas=0), pod(initContainerStatuses=[failed]))
    assert (found.reason, found.message, found.is_refused) == (DATA_OF_OTHER_VERSION, "made by version 16", True)


def test_a_server_that_starts_or_ends_says_so() -> None:
    runs = server({"running": {}}, {"terminated": FAILED})
    assert why(stateful_set(readyReplicas=0), pod(containerStatuses=[runs])) == "NotReady"
    assert why(stateful_set(updateRevision="b"), pod(containerStatuses=[runs])) == "Updating"
    assert why(stateful_set(readyReplicas=0), pod(deleting=True)) == "Terminating"
    assert why(stateful_set(readyReplicas=0), pod(reason="Evicted", message="disk pressure")) == "Evicted"
    creating = server({"waiting": {"reason": "ContainerCreating"}})
    assert why(stateful_set(readyReplicas=0), pod(containerStatuses=[creating])) == "NotReady"


def test_the_endpoint_is_the_service_that_takes_writes() -> None:
    facts = observe(declare(), [stateful_set(), service()])
    assert (facts.host, facts.port, facts.external) == ("main-rw.shop.svc.cluster.local", 5432, "")


@pytest.mark.parametrize(
    ("given", "external"),
    [
        ({"type": "LoadBalancer", "status": {"loadBalancer": {"ingress": [{"ip": "10.1.2.3"}]}}}, "10.1.2.3:5432"),
        ({"type": "LoadBalancer", "status": {"loadBalancer": {"ingress": [{"hostname": "lb.test"}]}}}, "lb.test:5432"),
        ({"type": "LoadBalancer"}, ""),
        ({"type": "NodePort", "ports": [{"port": 5432, "nodePort": 30123}]}, ":30123"),
    ],
    ids=str,
)
def test_where_it_is_reached_from_outside(given: dict[str, Any], external: str) -> None:
    assert observe(declare(), [service(**given)]).external == external


def claim(asked: str, has: str = "", *conditions: dict[str, str]) -> Resource:
    metadata = {"name": "data-main-0", "namespace": "shop", "labels": {"dbaas.io/instance": "main"}}
    status: dict[str, Any] = {"conditions": list(conditions), **({"capacity": {"storage": has}} if has else {})}
    spec = {"resources": {"requests": {"storage": asked}}}
    return build_resource(PERSISTENT_VOLUME_CLAIM, {"metadata": metadata, "spec": spec, "status": status})


@pytest.mark.parametrize(("asked", "has"), [("1Gi", "1Gi"), ("1Gi", "1024Mi"), ("1Gi", "2Gi"), ("1Gi", "")])
def test_a_volume_that_is_large_enough_or_not_there_yet_does_not_grow(asked: str, has: str) -> None:
    assert observe(declare(), [stateful_set(), claim(asked, has)]).growing == ()


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"type": "Resizing", "status": "True"}, ""),
        ({"type": "FileSystemResizePending", "status": "True"}, "; its file system is still to follow"),
        ({"type": "FileSystemResizePending", "status": "False"}, ""),
        ({"type": "NodeResizeError", "status": "True", "message": "no space"}, ", which has failed so far: no space"),
    ],
)
def test_a_volume_that_grows_says_how_far_it_is(condition: dict[str, str], told: str) -> None:
    facts = observe(declare(), [stateful_set(), claim("2Gi", "1Gi", condition), service()])
    assert facts.growing == (f"main: its volume grows from 1Gi to 2Gi{told}",)
    assert facts.instances[0].is_ready and facts.host
