"""How a cluster is, from the status of its children and its pods."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conformance.provider import declare
from dbaas.api.core import CONFIG_MAP, PERSISTENT_VOLUME_CLAIM, POD, SERVICE, STATEFUL_SET
from dbaas.api.resource import Resource, build_resource
from dbaas.contracts.provider import DATA_OF_OTHER_VERSION, InstanceFacts
from dbaas.contracts.upgrade import UPGRADE_FAILED
from dbaas.providers.statefulset.observing import observe
from dbaas.providers.statefulset.scripts import PROGRAM_MISSING

SETTLED = {"observedGeneration": 1, "readyReplicas": 1, "currentRevision": "a", "updateRevision": "a"}
FAILED = {"exitCode": 1, "reason": "Error"}


def stateful_set(**status: Any) -> Resource:
    return build_resource(STATEFUL_SET, body("main", role="primary", **status))


def body(name: str, *, role: str = "", **status: Any) -> dict[str, Any]:
    """The template says the role where there is but one instance."""
    template = {"metadata": {"labels": {"dbaas.io/role": role} if role else {}}}
    metadata = {"name": name, "namespace": "shop", "generation": 1}
    return {"metadata": metadata, "spec": {"template": template}, "status": {**SETTLED, **status}}


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


@pytest.mark.parametrize("reason", [DATA_OF_OTHER_VERSION, PROGRAM_MISSING, UPGRADE_FAILED])
def test_what_never_starts_as_things_stand_is_refused_for_good(reason: str) -> None:
    failed = server({"terminated": {**FAILED, "message": f"{reason}: so it is\n"}}, name="init")
    found = look(stateful_set(readyReplicas=0), pod(initContainerStatuses=[failed]))
    assert (found.reason, found.message, found.is_refused) == (reason, "so it is", True)
    assert found.wants_back is (reason == UPGRADE_FAILED)


def test_an_instance_that_serves_no_more_lingers_as_long_as_there_is_its_pod() -> None:
    assert look(stateful_set(readyReplicas=0), pod(deleting=True)).lingers
    assert not look(stateful_set(readyReplicas=0)).lingers
    assert not look(stateful_set()).lingers
    assert [each.lingers for each in observe(declare(), [pod(deleting=True)]).instances] == [True]


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


def members(**status: Any) -> list[Resource]:
    services = ({"metadata": {"name": f"main-{which}", "namespace": "shop"}, "spec": {"ports": [{"port": 5432}]}}
                for which in ("rw", "ro"))  # fmt: skip
    sets = (build_resource(STATEFUL_SET, body(name, **status)) for name in ("main", "main-2"))
    return [*sets, *(build_resource(SERVICE, each) for each in services)]


def member_pod(instance: str, role: str, **said: Any) -> Resource:
    labels = {"dbaas.io/instance": instance, **({"dbaas.io/role": role} if role else {})}
    metadata = {"name": f"{instance}-0", "namespace": "shop", "labels": labels}
    annotations = {"status": json.dumps(said)}
    spec, status = {"nodeName": "n"}, {"containerStatuses": [server({"running": {}})]}
    body = {"metadata": {**metadata, "annotations": annotations}, "spec": spec, "status": status}
    return build_resource(POD, body)


def leader(pod: str) -> Resource:
    metadata = {"name": "main-leader", "namespace": "shop", "annotations": {"leader": pod}}
    return build_resource(CONFIG_MAP, {"metadata": metadata})


def test_what_several_are_is_not_known_before_their_pods_were_asked() -> None:
    facts = observe(declare(clusterSize=2), members())
    assert [(one.is_ready, one.role) for one in facts.instances] == [(True, ""), (True, "")]


def test_of_several_the_one_that_they_agreed_on_takes_writes() -> None:
    pods = [member_pod("main", "primary"), member_pod("main-2", "primary")]
    facts = observe(declare(clusterSize=2), [*members(), *pods, leader("main-2-0")])
    assert {one.name: one.role for one in facts.instances} == {"main": "", "main-2": "primary"}
    assert (facts.host, facts.replica) == ("main-rw.shop.svc.cluster.local", "main-ro.shop.svc.cluster.local:5432")


def test_of_several_settings_that_wait_and_what_a_member_is_at_are_told() -> None:
    waits = member_pod("main", "primary", pending_restart_reason={"max_connections": {}})
    copies = member_pod("main-2", "", state="creating replica")
    facts = observe(declare(clusterSize=2), [*members(readyReplicas=0), waits, copies, leader("main-0")])
    assert facts.unsettled == ("main must be started anew before these settings count: max_connections",)
    assert facts.instances[1].message == "it copies the data of the primary"


def test_one_alone_is_the_primary_and_has_no_endpoint_for_reads() -> None:
    facts = observe(declare(), [stateful_set(), service()])
    assert (facts.instances[0].role, facts.replica) == ("primary", "")


def test_an_instance_whose_pod_is_still_there_has_not_gone() -> None:
    lingers = member_pod("main-3", "replica")
    pods = [member_pod("main", "primary"), member_pod("main-2", "replica"), lingers, leader("main-0")]
    facts = observe(declare(clusterSize=2), [*members(), *pods])
    assert [(one.name, one.is_ready, one.reason) for one in facts.instances] == [
        ("main", True, ""), ("main-2", True, ""), ("main-3", False, "Terminating"),
    ]  # fmt: skip
